/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include <fw/service/log.h>

#include "internal.h"

static bool is_said(const struct fw_picked *picked, const char *reason)
{
    for (size_t i = 0; i < picked->n_reasons; i++) {
        if (strcmp(picked->reasons[i], reason) == 0) {
            return true;
        }
    }
    return false;
}

static bool keep_reason(struct fw_picked *picked, const char *reason)
{
    char **reasons = reallocarray(picked->reasons, picked->n_reasons + 1, sizeof *reasons);

    if (reasons == NULL) {
        return false;
    }
    picked->reasons = reasons;
    reasons[picked->n_reasons] = strdup(reason);
    return reasons[picked->n_reasons] != NULL && ++picked->n_reasons > 0;
}

fw_status picked_say(struct fw_picked *picked, const char *path, const char *reason)
{
    const struct fw_host *host = picked->sql->host;
    const struct fw_log *log = host->service(host, FW_LOG_ID);
    struct fw_text line = {0};

    if (log == NULL || is_said(picked, reason)) {
        return FW_OK;
    }
    fw_text_appendf(&line, "%s is read by %s, which takes longer: %s", path,
                    picked->sql->api->engine, reason);
    if (line.failed || !keep_reason(picked, reason)) {
        fw_text_finish(&line);
        return fw_fault_nomem(host);
    }
    log->write(host, FW_LOG_INFO, fw_text_get(&line));
    fw_text_finish(&line);
    return FW_OK;
}

static bool fits(const struct fw_picked *picked, const struct fw_parquet_reader *reader,
                 struct fw_text *why)
{
    if (picked->batch != NULL) {
        return fw_parquet_batch_fits(picked->batch, reader, why);
    }
    const char *refusal = fw_parquet_reader_refusal_of_file(reader);
    fw_text_append(why, refusal != NULL ? refusal : "");
    return refusal == NULL;
}

static fw_status judge(struct fw_picked *picked, size_t file,
                       const struct fw_parquet_reader *reader)
{
    struct fw_text why = {0};
    const bool can = fits(picked, reader, &why);
    fw_status status = why.failed ? fw_fault_nomem(picked->sql->host) : FW_OK;

    picked->files[file] = can ? PICKED_READ : PICKED_LEFT;
    if (status == FW_OK && !can) {
        status = picked_say(picked, picked->source->files[file].path, fw_text_get(&why));
    }
    fw_text_finish(&why);
    return status;
}

fw_status picked_file_read(struct fw_picked *picked, size_t file,
                           struct fw_parquet_reader **ret_reader)
{
    fw_status status =
        fw_parquet_reader_open(picked->sql->host, picked->source->files[file].path, ret_reader);

    if (status != FW_OK) {
        picked_fail(picked);
    }
    return status;
}

fw_status picked_file_open(struct fw_picked *picked, size_t file,
                           struct fw_parquet_reader **ret_reader)
{
    struct fw_parquet_reader *reader = NULL;
    fw_status status = FW_OK;

    *ret_reader = NULL;
    if (picked->files[file] == PICKED_LEFT) {
        return FW_OK;
    }
    status = picked_file_read(picked, file, &reader);
    if (status == FW_OK && picked->files[file] == PICKED_UNKNOWN) {
        status = judge(picked, file, reader);
    }
    if (status != FW_OK || picked->files[file] == PICKED_LEFT) {
        fw_parquet_reader_close(reader);
        return status;
    }
    *ret_reader = reader;
    return FW_OK;
}

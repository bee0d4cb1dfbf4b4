/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "edgar.h"
#include "wide/wide.h"

fw_status edgar_state_add(struct edgar *edgar, const char *path)
{
    fw_status status = fw_wide_append_digest(edgar->host, path, &edgar->files);

    return status == FW_OK && edgar->files.failed ? fw_fault_nomem(edgar->host) : status;
}

/* How far the stage is, and what that number of chunks and parts depends on. */
static void append_head(const struct edgar *edgar, struct fw_text *text)
{
    fw_text_appendf(text, "%zu %zu %zu %" PRId64 " %" PRId64 " %zu %zu %" PRId64 "\n",
                    edgar->index.n_done, edgar->filings.n_done, edgar->n_parts_done,
                    edgar->index.rows_kept, edgar->filings.rows_kept, edgar->index.n_chunks,
                    edgar->filings.n_chunks, edgar->settings.chunk_rows);
}

fw_status edgar_state_save(const struct edgar *edgar, struct fw_text *text)
{
    append_head(edgar, text);
    fw_text_append(text, fw_text_get(&edgar->files));
    return text->failed ? fw_fault_nomem(edgar->host) : FW_OK;
}

static fw_status refuse(const struct edgar *edgar, const char *why)
{
    return fw_faultf(edgar->host, FW_E_STATE, NULL, NULL, "the checkpoint %s", why);
}

static bool read_head(struct edgar *edgar, const char *text)
{
    struct fw_text again = {0};
    int n = sscanf(text, "%zu %zu %zu %" SCNd64 " %" SCNd64, &edgar->index.n_done,
                   &edgar->filings.n_done, &edgar->n_parts_done, &edgar->index.rows_kept,
                   &edgar->filings.rows_kept);

    append_head(edgar, &again);
    bool same = n == 5 && !again.failed && strncmp(text, fw_text_get(&again), again.size) == 0 &&
                edgar->index.n_done <= edgar->index.n_chunks &&
                edgar->filings.n_done <= edgar->filings.n_chunks;
    fw_text_finish(&again);
    return same;
}

static fw_status measure_chunks(struct edgar *edgar, const struct edgar_intake *intake)
{
    struct fw_text path = {0};
    fw_status status = FW_OK;

    for (size_t i = 0; i < intake->n_done && status == FW_OK; i++) {
        fw_text_clear(&path);
        edgar_intake_append_path(edgar, intake, i, &path);
        status =
            path.failed ? fw_fault_nomem(edgar->host) : edgar_state_add(edgar, fw_text_get(&path));
    }
    fw_text_finish(&path);
    return status;
}

static fw_status measure_parts(struct edgar *edgar)
{
    struct fw_text path = {0};
    fw_status status = FW_OK;

    for (size_t i = 0; i < edgar->n_parts_done && status == FW_OK; i++) {
        fw_text_clear(&path);
        edgar_part_path(edgar, &edgar->parts[i], &path);
        if (edgar->parts[i].n_rows > 0) {
            status = path.failed ? fw_fault_nomem(edgar->host)
                                 : edgar_state_add(edgar, fw_text_get(&path));
        }
    }
    fw_text_finish(&path);
    return status;
}

static bool taken_in(const struct edgar_intake *intake)
{
    return intake->n_done == intake->n_chunks;
}

/* The files are those that were noted, in the same order, or the text of their digests differs. */
static fw_status compare_files(struct edgar *edgar, const char *noted)
{
    fw_status status = measure_chunks(edgar, &edgar->index);

    if (status == FW_OK) {
        status = measure_chunks(edgar, &edgar->filings);
    }
    if (status == FW_OK && edgar->n_parts_done > 0) {
        if (!taken_in(&edgar->index) || !taken_in(&edgar->filings)) {
            return refuse(edgar, "is not one of this stage");
        }
        status = edgar_timeline_number(edgar);
        if (status == FW_OK) {
            status = edgar_timeline_open(edgar);
        }
        if (status == FW_OK && edgar->n_parts_done > edgar->n_parts) {
            return refuse(edgar, "is not one of this stage");
        }
    }
    if (status == FW_OK) {
        status = measure_parts(edgar);
    }
    if (status == FW_OK && strcmp(fw_text_get(&edgar->files), noted) != 0) {
        return refuse(edgar, "names files that are not as they were");
    }
    return status;
}

fw_status edgar_state_restore(struct edgar *edgar, const char *bytes, size_t size)
{
    char *text = strndup(bytes, size);

    if (text == NULL) {
        return fw_fault_nomem(edgar->host);
    }
    const char *line = strchr(text, '\n');
    fw_status status = line != NULL && read_head(edgar, text)
                           ? compare_files(edgar, line + 1)
                           : refuse(edgar, "is not one of this stage");
    free(text);
    edgar->started = status == FW_OK;
    return status;
}

/* SPDX-License-Identifier: MIT */
#include "delta/log.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include <fw/service/log.h>

#include "delta/listing.h"

#define HINT_LIMIT (1 << 20) /* bytes of _last_checkpoint that are looked at */

/* The version that the text of _last_checkpoint names, or -1. */
static int64_t hint_version(const char *text, size_t size)
{
    cJSON *json = cJSON_ParseWithLength(text, size);
    const cJSON *version = cJSON_GetObjectItemCaseSensitive(json, "version");
    bool good = cJSON_IsNumber(version) && version->valuedouble >= 0 &&
                version->valuedouble < 9007199254740992.0;
    int64_t value = good ? (int64_t)version->valuedouble : -1;
    cJSON_Delete(json);
    return value;
}

/* The version in _last_checkpoint; -1 without such a file or when it cannot be understood. */
static int64_t read_hint(const struct fw_sql_handle *sql, const char *folder)
{
    char *path = NULL;
    if (asprintf(&path, "%s/_last_checkpoint", folder) < 0) {
        return -1;
    }
    int64_t version = -1;
    FILE *file = fopen(path, "re");
    char *text = file != NULL ? malloc(HINT_LIMIT) : NULL;
    if (text != NULL) {
        version = hint_version(text, fread(text, 1, HINT_LIMIT, file));
        const struct fw_log *log = sql->host->service(sql->host, FW_LOG_ID);
        if (version < 0 && log != NULL) {
            log->write(
                sql->host, FW_LOG_WARNING,
                "_last_checkpoint is corrupt: taking the newest checkpoint in the Delta log");
        }
    }
    free(text);
    if (file != NULL) {
        fclose(file);
    }
    free(path);
    return version;
}

/* The last part of the complete checkpoint of the wanted version, or of the newest when that is -1.
 */
static const struct fw_delta_part *find_checkpoint(const struct fw_delta_listing *listing,
                                                   int64_t wanted)
{
    const struct fw_delta_part *found = NULL;
    uint32_t seen = 0;
    for (size_t i = 0; i < listing->n_parts; i++) {
        const struct fw_delta_part *part = &listing->parts[i];
        bool same = i > 0 && part[-1].version == part->version && part[-1].n_parts == part->n_parts;
        seen = part->part == (same ? seen : 0) + 1 ? part->part : 0;
        if (seen == part->n_parts && (wanted < 0 || part->version == wanted)) {
            found = part;
        }
    }
    return found;
}

/* Moves the parts that end at `last` into the log. */
static fw_status take_parts(const struct fw_sql_handle *sql, const struct fw_delta_part *last,
                            struct fw_delta_log *log)
{
    log->parts = calloc(last->n_parts, sizeof *log->parts);
    if (log->parts == NULL) {
        return fw_fault_nomem(sql->host);
    }
    while (log->n_parts < last->n_parts) {
        const struct fw_delta_part *part = last - last->n_parts + 1 + log->n_parts;
        if (asprintf(&log->parts[log->n_parts], "%s/%s", log->folder, part->name) < 0) {
            return fw_fault_nomem(sql->host);
        }
        log->n_parts++;
    }
    return FW_OK;
}

/* Index of the first commit above `version`. */
static size_t commits_above(const struct fw_delta_listing *listing, int64_t version)
{
    size_t i = 0;
    while (i < listing->n_commits && listing->commits[i] <= version) {
        i++;
    }
    return i;
}

/* First version that is missing between the checkpoint and the newest commit, or -1. */
static int64_t first_gap(const struct fw_delta_listing *listing, int64_t checkpoint)
{
    int64_t expected = checkpoint + 1;
    for (size_t i = commits_above(listing, checkpoint); i < listing->n_commits; i++, expected++) {
        if (listing->commits[i] != expected) {
            return expected;
        }
    }
    return -1;
}

static fw_status gap(const struct fw_sql_handle *sql, const char *folder, int64_t missing)
{
    return fw_faultf(sql->host, FW_E_MISSING, folder,
                     "restore the commit, or write a checkpoint with the table's own engine",
                     "the Delta log is not contiguous: commit %" PRId64
                     " is missing and no complete checkpoint covers it",
                     missing);
}

static fw_status choose(const struct fw_sql_handle *sql, const struct fw_delta_listing *listing,
                        struct fw_delta_log *log)
{
    if (listing->n_commits == 0 && listing->n_parts == 0) {
        return fw_faultf(sql->host, FW_E_MISSING, log->folder, NULL,
                         "the Delta log holds neither commits nor checkpoints");
    }
    int64_t hint = read_hint(sql, log->folder);
    const struct fw_delta_part *checkpoint = hint >= 0 ? find_checkpoint(listing, hint) : NULL;
    if (checkpoint == NULL || first_gap(listing, checkpoint->version) >= 0) {
        checkpoint = find_checkpoint(listing, -1);
    }
    log->checkpoint = checkpoint != NULL ? checkpoint->version : -1;
    log->first_commit = log->checkpoint + 1;
    log->version = log->checkpoint;
    if (commits_above(listing, log->checkpoint) < listing->n_commits) {
        log->version = listing->commits[listing->n_commits - 1];
    }
    int64_t missing = first_gap(listing, log->checkpoint);
    if (missing < 0 && log->version < 0) {
        missing = 0; /* parts of a checkpoint that is not complete, and nothing else */
    }
    if (missing >= 0) {
        return gap(sql, log->folder, missing);
    }
    return checkpoint != NULL ? take_parts(sql, checkpoint, log) : FW_OK;
}

fw_status fw_delta_log_open(const struct fw_sql_handle *sql, const char *root,
                            struct fw_delta_log *ret_log)
{
    struct fw_delta_log log = {0};
    if (asprintf(&log.folder, "%s/_delta_log", root) < 0) {
        return fw_fault_nomem(sql->host);
    }
    struct fw_delta_listing listing = {0};
    fw_status status = fw_delta_listing_read(sql, log.folder, &listing);
    if (status == FW_OK) {
        status = choose(sql, &listing, &log);
    }
    fw_delta_listing_finish(&listing);
    if (status != FW_OK) {
        fw_delta_log_finish(&log);
        return status;
    }
    *ret_log = log;
    return FW_OK;
}

void fw_delta_log_finish(struct fw_delta_log *log)
{
    for (size_t i = 0; i < log->n_parts; i++) {
        free(log->parts[i]);
    }
    free(log->parts);
    free(log->folder);
    *log = (struct fw_delta_log){0};
}

char *fw_delta_log_commit(const struct fw_delta_log *log, int64_t version)
{
    char *path = NULL;
    return asprintf(&path, "%s/%020" PRId64 ".json", log->folder, version) < 0 ? NULL : path;
}

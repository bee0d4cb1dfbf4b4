/* SPDX-License-Identifier: MIT */
#include "delta/log.h"

#include <cjson/cJSON.h>
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <fw/service/log.h>

#define VERSION_DIGITS 20
#define PART_DIGITS    10
#define HINT_LIMIT     (1 << 20) /* bytes of _last_checkpoint that are looked at */

/* A file of a checkpoint, as its name says. */
struct part {
    int64_t version;
    uint32_t part; /* from 1 */
    uint32_t n_parts;
};

/* What a folder holds: the versions of the commits, and the checkpoints' files. */
struct listing {
    int64_t *commits;
    size_t n_commits, commits_room;
    struct part *parts;
    size_t n_parts, parts_room;
    int64_t newest_v2; /* version of the newest v2 checkpoint, -1 without one */
};

static void listing_finish(struct listing *listing)
{
    free(listing->commits);
    free(listing->parts);
}

/* Reads exactly `n_digits` digits that end at `end`; -1 when there is anything else. */
static int64_t digits(const char *text, int n_digits, char end)
{
    int64_t value = 0;
    for (int i = 0; i < n_digits; i++) {
        if (text[i] < '0' || text[i] > '9' || value > (INT64_MAX - 9) / 10) {
            return -1;
        }
        value = value * 10 + (text[i] - '0');
    }
    return text[n_digits] == end ? value : -1;
}

static void *grown(void *items, size_t n, size_t *room, size_t size)
{
    if (n < *room) {
        return items;
    }
    size_t wanted = *room > 0 ? *room * 2 : 64;
    void *more = reallocarray(items, wanted, size);
    if (more != NULL) {
        *room = wanted;
    }
    return more;
}

static bool add_commit(struct listing *listing, int64_t version)
{
    int64_t *items =
        grown(listing->commits, listing->n_commits, &listing->commits_room, sizeof *items);
    if (items == NULL) {
        return false;
    }
    listing->commits = items;
    items[listing->n_commits++] = version;
    return true;
}

static bool add_part(struct listing *listing, int64_t version, int64_t part, int64_t n_parts)
{
    struct part *items =
        grown(listing->parts, listing->n_parts, &listing->parts_room, sizeof *items);
    if (items == NULL) {
        return false;
    }
    listing->parts = items;
    items[listing->n_parts++] = (struct part){version, (uint32_t)part, (uint32_t)n_parts};
    return true;
}

/* Sorts `name` in; names that are no part of the log (.crc, temporary files) are passed over. */
static bool add_name(struct listing *listing, const char *name)
{
    int64_t version = strlen(name) > VERSION_DIGITS ? digits(name, VERSION_DIGITS, '.') : -1;
    const char *rest = name + VERSION_DIGITS + 1;
    if (version < 0) {
        return true;
    }
    if (strcmp(rest, "json") == 0) {
        return add_commit(listing, version);
    }
    if (strncmp(rest, "checkpoint.", 11) != 0) {
        return true;
    }
    rest += 11;
    if (strcmp(rest, "parquet") == 0) {
        return add_part(listing, version, 1, 1);
    }
    bool numbered = strlen(rest) == 2 * PART_DIGITS + 9 && strcmp(rest + 22, "parquet") == 0;
    int64_t part = numbered ? digits(rest, PART_DIGITS, '.') : -1;
    int64_t n_parts = numbered ? digits(rest + PART_DIGITS + 1, PART_DIGITS, '.') : -1;
    if (part >= 1 && part <= n_parts && n_parts <= UINT32_MAX) {
        return add_part(listing, version, part, n_parts);
    }
    if (version > listing->newest_v2) {
        listing->newest_v2 = version;
    }
    return true;
}

static int compare_versions(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

static int compare_parts(const void *a, const void *b)
{
    const struct part *left = a, *right = b;
    if (left->version != right->version) {
        return left->version < right->version ? -1 : 1;
    }
    if (left->n_parts != right->n_parts) {
        return left->n_parts < right->n_parts ? -1 : 1;
    }
    return (left->part > right->part) - (left->part < right->part);
}

static fw_status list(const struct fw_sql_handle *sql, const char *folder, struct listing *listing)
{
    DIR *dir = opendir(folder);
    if (dir == NULL) {
        return fw_faultf(sql->host, FW_E_IO, folder, NULL, "the Delta log cannot be opened: %s",
                         strerror(errno));
    }
    fw_status status = FW_OK;
    const struct dirent *entry;
    while (status == FW_OK && (errno = 0, entry = readdir(dir)) != NULL) {
        if (!add_name(listing, entry->d_name)) {
            status = fw_fault_nomem(sql->host);
        }
    }
    if (status == FW_OK && errno != 0) {
        status = fw_faultf(sql->host, FW_E_IO, folder, NULL, "the Delta log cannot be listed: %s",
                           strerror(errno));
    }
    closedir(dir);
    if (listing->n_commits > 0) {
        qsort(listing->commits, listing->n_commits, sizeof *listing->commits, compare_versions);
    }
    if (listing->n_parts > 0) {
        qsort(listing->parts, listing->n_parts, sizeof *listing->parts, compare_parts);
    }
    return status;
}

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

/* The complete checkpoint of the wanted version, or the newest when that is -1. */
static const struct part *find_checkpoint(const struct listing *listing, int64_t wanted)
{
    const struct part *found = NULL;
    uint32_t seen = 0;
    for (size_t i = 0; i < listing->n_parts; i++) {
        const struct part *part = &listing->parts[i];
        bool same = i > 0 && part[-1].version == part->version && part[-1].n_parts == part->n_parts;
        seen = part->part == (same ? seen : 0) + 1 ? part->part : 0;
        if (seen == part->n_parts && (wanted < 0 || part->version == wanted)) {
            found = part;
        }
    }
    return found;
}

/* Index of the first commit above `version`. */
static size_t commits_above(const struct listing *listing, int64_t version)
{
    size_t i = 0;
    while (i < listing->n_commits && listing->commits[i] <= version) {
        i++;
    }
    return i;
}

/* First version that is missing between the checkpoint and the newest commit, or -1. */
static int64_t first_gap(const struct listing *listing, int64_t checkpoint)
{
    int64_t expected = checkpoint + 1;
    for (size_t i = commits_above(listing, checkpoint); i < listing->n_commits; i++, expected++) {
        if (listing->commits[i] != expected) {
            return expected;
        }
    }
    return -1;
}

static fw_status gap(const struct fw_sql_handle *sql, const char *folder,
                     const struct listing *listing, int64_t missing)
{
    if (listing->newest_v2 >= missing) {
        return fw_faultf(sql->host, FW_E_UNSUPPORTED, folder,
                         "write a classic checkpoint (delta.checkpointPolicy = classic)",
                         "this reader does not handle v2 checkpoints, and commit %" PRId64
                         " is covered by the one of version %" PRId64 " alone",
                         missing, listing->newest_v2);
    }
    return fw_faultf(sql->host, FW_E_MISSING, folder,
                     "restore the commit, or write a checkpoint with the table's own engine",
                     "the Delta log is not contiguous: commit %" PRId64
                     " is missing and no complete checkpoint covers it",
                     missing);
}

static fw_status choose(const struct fw_sql_handle *sql, const struct listing *listing,
                        struct fw_delta_log *log)
{
    if (listing->n_commits == 0 && listing->n_parts == 0) {
        return fw_faultf(sql->host, FW_E_MISSING, log->folder, NULL,
                         "the Delta log holds neither commits nor checkpoints");
    }
    int64_t hint = read_hint(sql, log->folder);
    const struct part *checkpoint = hint >= 0 ? find_checkpoint(listing, hint) : NULL;
    if (checkpoint == NULL || first_gap(listing, checkpoint->version) >= 0) {
        checkpoint = find_checkpoint(listing, -1);
    }
    log->checkpoint = checkpoint != NULL ? checkpoint->version : -1;
    log->n_parts = checkpoint != NULL ? checkpoint->n_parts : 0;
    log->first_commit = log->checkpoint + 1;
    log->version = log->checkpoint;
    if (commits_above(listing, log->checkpoint) < listing->n_commits) {
        log->version = listing->commits[listing->n_commits - 1];
    }
    int64_t missing = first_gap(listing, log->checkpoint);
    if (missing < 0 && log->version < 0) {
        missing = 0; /* parts of a checkpoint that is not complete, and nothing else */
    }
    return missing >= 0 ? gap(sql, log->folder, listing, missing) : FW_OK;
}

fw_status fw_delta_log_open(const struct fw_sql_handle *sql, const char *root,
                            struct fw_delta_log *ret_log)
{
    struct fw_delta_log log = {0};
    if (asprintf(&log.folder, "%s/_delta_log", root) < 0) {
        return fw_fault_nomem(sql->host);
    }
    struct listing listing = {.newest_v2 = -1};
    fw_status status = list(sql, log.folder, &listing);
    if (status == FW_OK) {
        status = choose(sql, &listing, &log);
    }
    listing_finish(&listing);
    if (status != FW_OK) {
        fw_delta_log_finish(&log);
        return status;
    }
    *ret_log = log;
    return FW_OK;
}

void fw_delta_log_finish(struct fw_delta_log *log)
{
    free(log->folder);
    *log = (struct fw_delta_log){0};
}

char *fw_delta_log_part(const struct fw_delta_log *log, uint32_t part)
{
    char *path = NULL;
    int n =
        log->n_parts == 1
            ? asprintf(&path, "%s/%020" PRId64 ".checkpoint.parquet", log->folder, log->checkpoint)
            : asprintf(&path, "%s/%020" PRId64 ".checkpoint.%010" PRIu32 ".%010" PRIu32 ".parquet",
                       log->folder, log->checkpoint, part + 1, log->n_parts);
    return n < 0 ? NULL : path;
}

char *fw_delta_log_commit(const struct fw_delta_log *log, int64_t version)
{
    char *path = NULL;
    return asprintf(&path, "%s/%020" PRId64 ".json", log->folder, version) < 0 ? NULL : path;
}

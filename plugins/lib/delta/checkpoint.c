/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "delta/path.h"
#include "delta/replay.h"

/*
 * The parts of a checkpoint's actions that matter here. Given as the schema of the scan, they are
 * found by name at every level, and what a writer left out is null. Of the statistics only the
 * row count is taken unless they are asked for: a wide table has kilobytes of them per file.
 */
#define ADD                                                                                        \
    "STRUCT(path VARCHAR, partitionValues MAP(VARCHAR, VARCHAR), size BIGINT, stats VARCHAR, "     \
    "stats_parsed STRUCT(numRecords BIGINT), deletionVector STRUCT(storageType VARCHAR, "          \
    "pathOrInlineDv VARCHAR, \"offset\" BIGINT, sizeInBytes BIGINT, cardinality BIGINT))"
#define METADATA                                                                                   \
    "STRUCT(schemaString VARCHAR, format STRUCT(provider VARCHAR), partitionColumns VARCHAR[], "   \
    "configuration MAP(VARCHAR, VARCHAR))"
#define PROTOCOL           "STRUCT(minReaderVersion BIGINT, readerFeatures VARCHAR[])"
#define SIDECAR            "STRUCT(path VARCHAR)"
#define COLUMN(name, type) "'" name "': {name: '" name "', type: '" type "', default_value: NULL}"

#define ROWS                                                                                       \
    "SELECT file_row_number + 1, to_json({add: CASE WHEN add IS NULL THEN NULL ELSE {"             \
    "path: add.path, partitionValues: add.partitionValues, size: add.size, "                       \
    "deletionVector: add.deletionVector, stats: %s, stats_parsed: {numRecords: coalesce(CASE "     \
    "WHEN "                                                                                        \
    "json_valid(add.stats) THEN try_cast(add.stats->>'$.numRecords' AS BIGINT) END, "              \
    "add.stats_parsed.numRecords)}} END, metaData: metaData, protocol: protocol, "                 \
    "sidecar: sidecar}) "                                                                          \
    "FROM read_parquet("

static void append_query(struct fw_text *query, const char *path, bool wants_stats)
{
    fw_text_appendf(query, ROWS, wants_stats ? "add.stats" : "NULL");
    fw_text_literal(query, path);
    fw_text_append(query, ", hive_partitioning = false, schema = MAP {" COLUMN("add", ADD));
    fw_text_append(query, ", " COLUMN("metaData", METADATA) ", " COLUMN("protocol", PROTOCOL));
    fw_text_append(
        query, ", " COLUMN("sidecar",
                           SIDECAR) "}) WHERE add IS NOT NULL OR metaData "
                                    "IS NOT NULL OR protocol IS NOT NULL OR sidecar IS NOT NULL");
}

bool fw_delta_sidecars_add(struct fw_delta_sidecars *sidecars, const char *path)
{
    char **paths = reallocarray(sidecars->paths, sidecars->n + 1, sizeof *paths);
    if (paths == NULL) {
        return false;
    }
    sidecars->paths = paths;
    paths[sidecars->n] = strdup(path);
    return paths[sidecars->n] != NULL && ++sidecars->n > 0;
}

static fw_status apply_row(struct fw_delta_replay *replay, const char *text)
{
    cJSON *row = cJSON_Parse(text);
    if (row == NULL) {
        return fw_delta_fault(replay, FW_E_DATA, NULL, "the row cannot be understood");
    }
    fw_status status = fw_delta_apply(replay, row);
    cJSON_Delete(row);
    return status;
}

static fw_status apply_part(struct fw_delta_replay *replay, const char *path)
{
    struct fw_text query = {0};
    struct fw_sql_grid rows = {0};
    append_query(&query, path, replay->wants_stats);
    fw_status status = query.failed ? fw_fault_nomem(replay->sql->host)
                                    : fw_sql_grid(replay->sql, &rows, fw_text_get(&query));
    fw_text_finish(&query);
    replay->file = path;
    for (size_t i = 0; i < rows.n_rows && status == FW_OK; i++) {
        replay->line = strtoull(fw_sql_cell(&rows, i, 0), NULL, 10);
        status = apply_row(replay, fw_sql_cell(&rows, i, 1));
    }
    fw_sql_grid_finish(&rows);
    return status;
}

static bool is_json(const char *path)
{
    size_t n = strlen(path);
    return n > 5 && strcmp(path + n - 5, ".json") == 0;
}

/* Sidecars lie in a folder of the log; mostly the log says their names alone. */
static fw_status apply_sidecar(struct fw_delta_replay *replay, const struct fw_delta_log *log,
                               const char *text)
{
    char *folder = NULL, *path = NULL;
    if (asprintf(&folder, "%s/_sidecars", log->folder) < 0) {
        return fw_fault_nomem(replay->sql->host);
    }
    enum fw_delta_path_result result = fw_delta_path(folder, text, &path);
    free(folder);
    if (result == FW_DELTA_PATH_NOMEM) {
        return fw_fault_nomem(replay->sql->host);
    }
    if (result != FW_DELTA_PATH_OK) {
        return fw_faultf(replay->sql->host, FW_E_DATA, log->parts[0], NULL,
                         "the path '%s' of a sidecar does not lie in the log", text);
    }
    fw_status status =
        access(path, R_OK) == 0
            ? apply_part(replay, path)
            : fw_faultf(replay->sql->host, errno == ENOENT ? FW_E_MISSING : FW_E_IO, path,
                        "restore it, or write a checkpoint with the table's own engine",
                        "a sidecar of the checkpoint %s cannot be read: %s", log->parts[0],
                        strerror(errno));
    free(path);
    return status;
}

fw_status fw_delta_apply_checkpoint(struct fw_delta_replay *replay, const struct fw_delta_log *log)
{
    struct fw_delta_sidecars sidecars = {0};
    fw_status status = FW_OK;
    replay->sidecars = &sidecars;
    for (size_t i = 0; i < log->n_parts && status == FW_OK; i++) {
        status = is_json(log->parts[i]) ? fw_delta_apply_commit(replay, log->parts[i])
                                        : apply_part(replay, log->parts[i]);
    }
    replay->sidecars = NULL;
    for (size_t i = 0; i < sidecars.n && status == FW_OK; i++) {
        status = apply_sidecar(replay, log, sidecars.paths[i]);
    }
    for (size_t i = 0; i < sidecars.n; i++) {
        free(sidecars.paths[i]);
    }
    free(sidecars.paths);
    return status;
}

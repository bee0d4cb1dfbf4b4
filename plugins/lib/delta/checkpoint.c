/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "delta/replay.h"

/*
 * The parts of a checkpoint's actions that matter here. Given as the schema of the scan, they are
 * found by name at every level, and what a writer left out is null. Of the statistics only the
 * row count is taken: a wide table has kilobytes of them per file.
 */
#define ADD                                                                                        \
    "STRUCT(path VARCHAR, partitionValues MAP(VARCHAR, VARCHAR), size BIGINT, stats VARCHAR, "     \
    "stats_parsed STRUCT(numRecords BIGINT), deletionVector STRUCT(storageType VARCHAR, "          \
    "pathOrInlineDv VARCHAR, \"offset\" BIGINT))"
#define METADATA                                                                                   \
    "STRUCT(schemaString VARCHAR, format STRUCT(provider VARCHAR), partitionColumns VARCHAR[], "   \
    "configuration MAP(VARCHAR, VARCHAR))"
#define PROTOCOL           "STRUCT(minReaderVersion BIGINT, readerFeatures VARCHAR[])"
#define COLUMN(name, type) "'" name "': {name: '" name "', type: '" type "', default_value: NULL}"

#define ROWS                                                                                       \
    "SELECT file_row_number + 1, to_json({add: CASE WHEN add IS NULL THEN NULL ELSE {"             \
    "path: add.path, partitionValues: add.partitionValues, size: add.size, "                       \
    "deletionVector: add.deletionVector, stats_parsed: {numRecords: coalesce(CASE WHEN "           \
    "json_valid(add.stats) THEN try_cast(add.stats->>'$.numRecords' AS BIGINT) END, "              \
    "add.stats_parsed.numRecords)}} END, metaData: metaData, protocol: protocol}) "                \
    "FROM read_parquet("

static void append_query(struct fw_text *query, const char *path)
{
    fw_text_append(query, ROWS);
    fw_text_literal(query, path);
    fw_text_append(
        query, ", hive_partitioning = false, schema = MAP {" COLUMN("add", ADD) ", " //
        COLUMN("metaData", METADATA) ", " COLUMN(
            "protocol",
            PROTOCOL) "}) "
                      "WHERE add IS NOT NULL OR metaData IS NOT NULL OR protocol IS NOT NULL");
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
    append_query(&query, path);
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

fw_status fw_delta_apply_checkpoint(struct fw_delta_replay *replay, const struct fw_delta_log *log)
{
    fw_status status = FW_OK;
    for (uint32_t part = 0; part < log->n_parts && status == FW_OK; part++) {
        char *path = fw_delta_log_part(log, part);
        status = path != NULL ? apply_part(replay, path) : fw_fault_nomem(replay->sql->host);
        free(path);
    }
    return status;
}

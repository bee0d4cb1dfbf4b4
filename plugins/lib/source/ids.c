/* SPDX-License-Identifier: MIT */
#include <inttypes.h>

#include "source/internal.h"

static bool finds_by_id(const struct fw_delta *delta)
{
    return delta->n_fields > 0 && delta->fields[0].id >= 0;
}

/* A file and a field in it that goes by another name, or that has no id at all. */
static void append_query(const struct fw_source *source, struct fw_text *text)
{
    const struct fw_delta *delta = source->more->delta;
    fw_source_append_origin(source, 0, source->n_files, text);
    fw_text_append(text, "WITH fields AS (SELECT file_name, name, field_id FROM parquet_schema(");
    fw_source_append_paths(source, 0, source->n_files, text);
    fw_text_append(text, ")) SELECT file_name, NULL, NULL, NULL FROM fields GROUP BY file_name "
                         "HAVING count(field_id) = 0");
    for (size_t i = 0; i < delta->n_nested; i++) {
        fw_text_append(text, i == 0 ? " UNION ALL SELECT file_name, name, physical, field_id FROM "
                                      "fields JOIN (VALUES "
                                    : ", ");
        fw_text_appendf(text, "(%" PRId32 ", ", delta->nested[i].id);
        fw_text_literal(text, delta->nested[i].physical);
        fw_text_append(text, ")");
    }
    if (delta->n_nested > 0) {
        fw_text_append(text, ") log(id, physical) ON field_id = id WHERE name <> physical");
    }
    fw_text_append(text, " ORDER BY 1, 2 LIMIT 1");
}

static fw_status judge(const struct fw_source *source, const struct fw_sql_grid *found)
{
    const struct fw_host *host = source->more->sql->host;
    if (found->n_rows == 0) {
        return FW_OK;
    }
    const char *file = fw_sql_cell(found, 0, 0), *name = fw_sql_cell(found, 0, 1);
    if (name == NULL) {
        return fw_faultf(host, FW_E_DATA, file, NULL,
                         "the table maps columns by id (delta.columnMapping.mode = id), and the "
                         "file has no field ids");
    }
    return fw_faultf(host, FW_E_UNSUPPORTED, file, "write a copy of the table",
                     "the nested field with id %s is called '%s' in the file and '%s' in the log: "
                     "this reader handles column mapping by id at the top level alone",
                     fw_sql_cell(found, 0, 3), name, fw_sql_cell(found, 0, 2));
}

fw_status fw_source_check_ids(const struct fw_source *source)
{
    const struct fw_sql_handle *sql = source->more->sql;
    struct fw_text query = {0};
    struct fw_sql_grid found = {0};
    if (source->n_files == 0 || !finds_by_id(source->more->delta)) {
        return FW_OK;
    }
    append_query(source, &query);
    fw_status status =
        query.failed ? fw_fault_nomem(sql->host) : fw_sql_grid(sql, &found, fw_text_get(&query));
    if (status == FW_OK) {
        status = judge(source, &found);
    }
    fw_text_finish(&query);
    fw_sql_grid_finish(&found);
    return status;
}

/* SPDX-License-Identifier: MIT */
#include "picked.h"

#include <stdlib.h>
#include <string.h>

#include "internal.h"
#include "sql/stream.h"

/* The engine's word for the types that the table has the columns in, under their names in files. */
static void append_types(const struct fw_picked *picked, struct fw_text *query)
{
    bool any = false;

    fw_text_append(query, "SELECT ");
    for (size_t i = 0; i < picked->n_columns; i++) {
        const struct fw_source_column *column =
            fw_source_column(picked->source, picked->columns[i]);
        const char *name = fw_source_name_in_files(picked->source, column);
        if (name != NULL) {
            fw_text_appendf(query, "%sCAST(NULL AS %s) AS ", any ? ", " : "",
                            fw_source_type_in_files(picked->source, column));
            fw_text_identifier(query, name);
            any = true;
        }
    }
    if (!any) {
        fw_text_clear(query);
    }
}

static fw_status ask_types(struct fw_picked *picked, const struct fw_text *query)
{
    const struct fw_sql_handle *sql = picked->sql;
    struct ArrowArrayStream stream;
    fw_status status = sql->api->query(sql->session, fw_text_get(query), &stream);

    if (status == FW_OK) {
        int code = stream.get_schema(&stream, &picked->types);
        status = code != 0 ? fw_stream_fault(sql->host, &stream, code) : FW_OK;
        stream.release(&stream);
    }
    return status;
}

/* In plain types: without loss, a BOOLEAN is a byte of another kind. */
static fw_status find_types(struct fw_picked *picked)
{
    const struct fw_sql_handle *sql = picked->sql;
    struct fw_text query = {0};
    char *lossless = NULL;
    fw_status status = FW_OK;

    append_types(picked, &query);
    if (query.failed) {
        status = fw_fault_nomem(sql->host);
    } else if (query.size > 0) {
        status = fw_sql_text(sql, &lossless, "SELECT current_setting('arrow_lossless_conversion')");
        if (status == FW_OK) {
            status = fw_sql_exec(sql, "SET arrow_lossless_conversion = false");
        }
        if (status == FW_OK) {
            status = ask_types(picked, &query);
        }
        if (status == FW_OK) {
            status = fw_sql_execf(sql, "SET arrow_lossless_conversion = %s", lossless);
        }
    }
    free(lossless);
    fw_text_finish(&query);
    return status;
}

static fw_status be_quiet(const struct fw_host *host, fw_status status,
                          const struct fw_fault *fault)
{
    (void)host;
    (void)fault;
    return status;
}

/* The table may have a column of a type that the engine alone reads out of files. */
static fw_status create_batch(struct fw_picked *picked, const char **ret_refusal)
{
    const struct fw_host *host = picked->sql->host;

    if (picked->types.n_children == 0) {
        return FW_OK;
    }
    picked->quiet = *host;
    picked->quiet.fail = be_quiet;
    fw_status status = fw_parquet_batch_create(&picked->quiet, &picked->types, &picked->batch);
    if (status == FW_E_UNSUPPORTED) {
        *ret_refusal = "a column is of a type that only this engine finds in files";
        return FW_OK;
    }
    return status == FW_OK ? FW_OK : fw_fault_nomem(host);
}

static fw_status init(struct fw_picked *picked)
{
    const struct fw_source *source = picked->source;
    bool is_csv = source->kind == FW_SOURCE_CSV;
    const char *refusal = NULL;
    fw_status status = FW_OK;

    picked->files = calloc(source->n_files + 1, sizeof *picked->files);
    picked->tables = calloc(picked->n_tables, sizeof *picked->tables);
    if (picked->files == NULL || picked->tables == NULL) {
        return fw_fault_nomem(picked->sql->host);
    }
    for (size_t i = 0; i < picked->n_tables; i++) {
        picked->tables[i].picked = picked;
    }
    if (!is_csv && !fw_source_has_names(source)) {
        refusal = "the table finds its columns by field id";
    } else if (!is_csv) {
        status = find_types(picked);
        if (status == FW_OK) {
            status = create_batch(picked, &refusal);
        }
    }
    if (is_csv || refusal != NULL) {
        memset(picked->files, PICKED_LEFT, source->n_files);
    }
    return status == FW_OK && refusal != NULL && source->n_files > 0
               ? picked_say(picked, source->files[0].path, refusal)
               : status;
}

fw_status fw_picked_open(const struct fw_sql_handle *sql, const struct fw_source *source,
                         const char *const *columns, size_t n_columns, size_t n_tables,
                         struct fw_picked **ret_picked)
{
    struct fw_picked *picked = calloc(1, sizeof *picked);

    if (picked == NULL) {
        return fw_fault_nomem(sql->host);
    }
    *picked = (struct fw_picked){.sql = sql,
                                 .source = source,
                                 .columns = columns,
                                 .n_columns = n_columns,
                                 .n_tables = n_tables};
    fw_status status = init(picked);
    if (status != FW_OK) {
        fw_picked_close(picked);
        return status;
    }
    *ret_picked = picked;
    return FW_OK;
}

void fw_picked_close(struct fw_picked *picked)
{
    if (picked == NULL) {
        return;
    }
    for (size_t i = 0; picked->tables != NULL && i < picked->n_tables; i++) {
        picked_table_finish(&picked->tables[i], i);
    }
    for (size_t i = 0; i < picked->n_reasons; i++) {
        free(picked->reasons[i]);
    }
    fw_parquet_batch_destroy(picked->batch);
    if (picked->types.release != NULL) {
        picked->types.release(&picked->types);
    }
    fw_parquet_reader_close(picked->last);
    free(picked->reasons);
    free(picked->tables);
    free(picked->files);
    free(picked);
}

void picked_fail(struct fw_picked *picked)
{
    __atomic_store_n(&picked->has_failed, true, __ATOMIC_SEQ_CST);
}

bool fw_picked_has_failed(const struct fw_picked *picked)
{
    return picked != NULL && __atomic_load_n(&picked->has_failed, __ATOMIC_SEQ_CST);
}

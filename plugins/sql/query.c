/* SPDX-License-Identifier: MIT */
#include "query.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "sql/copy.h"

static const char *text_value(const struct fw_task *task, const char *name)
{
    const struct fw_value *value = fw_task_value(task, name);
    return value != NULL && value->type != FW_PARAM_UNSET ? value->text : NULL;
}

static fw_status read_file(const struct fw_host *host, const char *path, struct fw_text *text)
{
    char bytes[4096];
    size_t n;
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return fw_faultf(host, FW_E_IO, path, NULL, "the query cannot be read: %s",
                         strerror(errno));
    }
    while ((n = fread(bytes, 1, sizeof bytes, file)) > 0) {
        fw_text_append_len(text, bytes, n);
    }
    bool broken = ferror(file) != 0;
    fclose(file);
    return broken ? fw_faultf(host, FW_E_IO, path, NULL, "the query cannot be read") : FW_OK;
}

/* Faults then say which line is wrong; a path that would end the comment is not said. */
static void append_origin(struct fw_text *query, const char *path)
{
    if (strstr(path, "*/") == NULL) {
        fw_text_appendf(query, "/* file: %s */ ", path);
    }
}

fw_status sql_query_read(const struct fw_host *host, const struct fw_task *task,
                         struct fw_text *ret_query)
{
    const char *query = text_value(task, "query"), *path = text_value(task, "query_file");
    if ((query == NULL) == (path == NULL)) {
        return fw_faultf(host, FW_E_CONFIG, NULL, "give `query` or `query_file`",
                         query == NULL ? "there is no query" : "there are two queries");
    }
    if (query != NULL) {
        append_origin(ret_query, "query");
        fw_text_append(ret_query, query);
    } else {
        append_origin(ret_query, path);
        fw_status status = read_file(host, path, ret_query);
        if (status != FW_OK) {
            return status;
        }
    }
    while (ret_query->size > 0 && (isspace((unsigned char)ret_query->data[ret_query->size - 1]) ||
                                   ret_query->data[ret_query->size - 1] == ';')) {
        ret_query->data[--ret_query->size] = '\0';
    }
    return ret_query->failed ? fw_fault_nomem(host) : FW_OK;
}

static bool ends_with(const char *name, const char *ending)
{
    size_t n = strlen(name), m = strlen(ending);
    return n >= m && strcmp(name + n - m, ending) == 0;
}

static void append_to_csv(struct fw_text *statement, const char *path, const char *name)
{
    bool tabs = ends_with(name, ".tsv") || ends_with(name, ".tsv.gz");
    fw_text_append(statement, "TO ");
    fw_text_literal(statement, path);
    fw_text_appendf(statement,
                    " (FORMAT csv, HEADER true, DELIMITER '%s', COMPRESSION %s, "
                    "USE_TMP_FILE false)",
                    tabs ? "\t" : ",", ends_with(name, ".gz") ? "gzip" : "none");
}

static bool is_csv(const char *name)
{
    return ends_with(name, ".csv") || ends_with(name, ".csv.gz") || ends_with(name, ".tsv") ||
           ends_with(name, ".tsv.gz");
}

fw_status sql_query_columns(const struct fw_sql_handle *sql, const struct fw_text *query,
                            size_t *ret_n)
{
    struct fw_sql_grid columns;
    fw_status status = fw_sql_describe(sql, &columns, fw_text_get(query));
    if (status == FW_OK) {
        *ret_n = columns.n_rows;
        fw_sql_grid_finish(&columns);
    }
    return status;
}

bool sql_query_is_folder(const struct fw_output *output)
{
    return strchr(output->name, '.') == NULL;
}

static fw_status check_name(const struct fw_host *host, const struct fw_output *output)
{
    if (sql_query_is_folder(output) || ends_with(output->name, ".parquet") ||
        is_csv(output->name)) {
        return FW_OK;
    }
    return fw_faultf(host, FW_E_CONFIG, output->name,
                     "name it .parquet, .csv, .tsv, .csv.gz or .tsv.gz, or without an ending for a "
                     "folder of Parquet parts",
                     "the output's name says no format that can be written");
}

fw_status sql_query_copy(const struct fw_host *host, const struct fw_output *output,
                         const struct fw_text *query, size_t n_columns,
                         struct fw_text *ret_statement)
{
    struct fw_text path = {0};
    fw_status status = check_name(host, output);
    if (status != FW_OK) {
        return status;
    }
    fw_text_append(&path, output->path);
    fw_text_append(&path, sql_query_is_folder(output) ? "/part-00000.parquet" : "");
    fw_text_append(ret_statement, "COPY (");
    fw_sql_append_in_order(ret_statement, fw_text_get(query));
    fw_text_append(ret_statement, ") ");
    if (is_csv(output->name)) {
        append_to_csv(ret_statement, fw_text_get(&path), output->name);
    } else {
        fw_sql_append_to_parquet(ret_statement, fw_text_get(&path), n_columns);
    }
    bool failed = path.failed || ret_statement->failed;
    fw_text_finish(&path);
    return failed ? fw_fault_nomem(host) : FW_OK;
}

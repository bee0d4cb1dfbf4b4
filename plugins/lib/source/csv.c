/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "source/internal.h"

/* Types that a column's texts may all convert to, the narrow ones first. */
static const struct {
    const char *sql_type;
    const char *pattern; /* of the whole text; the engine's casts alone accept too much */
} forms[] = {
    {"BIGINT", "[+-]?(0|[1-9][0-9]*)"},
    {"DOUBLE", "[+-]?((0|[1-9][0-9]*)(\\.[0-9]*)?|\\.[0-9]+)([eE][+-]?[0-9]+)?"},
    {"BOOLEAN", "(?i)true|false"},
    {"DATE", "[0-9]{4}-[0-9]{2}-[0-9]{2}"},
    {"TIMESTAMP", "[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}(:[0-9]{2}(\\.[0-9]+)?)?"},
};
#define N_FORMS (sizeof forms / sizeof *forms)

static void append_dialect(const struct fw_source_private *more, struct fw_text *text)
{
    fw_text_append(text, ", delim = ");
    fw_text_literal(text, more->delim);
    fw_text_append(text, ", quote = ");
    fw_text_literal(text, more->quote);
    fw_text_append(text, ", escape = ");
    fw_text_literal(text, more->quote);
    fw_text_append(text, ", nullstr = ");
    fw_text_literal(text, more->nullstr);
    fw_text_appendf(text, ", header = %s, skip = 0, comment = ''", more->header ? "true" : "false");
}

void fw_source_append_csv(const struct fw_source *source, size_t file, struct fw_text *text)
{
    const struct fw_sql_grid *header = &source->more->headers[file];
    fw_text_append(text, "read_csv(");
    fw_text_literal(text, source->files[file].path);
    append_dialect(source->more, text);
    fw_text_append(text, ", auto_detect = false, columns = {");
    for (size_t i = 0; i < header->n_rows; i++) {
        fw_text_append(text, i > 0 ? ", " : "");
        fw_text_literal(text, fw_sql_cell(header, i, 0));
        fw_text_append(text, ": 'VARCHAR'");
    }
    fw_text_append(text, "})");
}

int fw_source_header_find(const struct fw_source *source, size_t file, const char *column)
{
    const struct fw_sql_grid *header = &source->more->headers[file];
    for (size_t i = 0; i < header->n_rows; i++) {
        if (strcasecmp(fw_sql_cell(header, i, 0), column) == 0) {
            return (int)i;
        }
    }
    return -1;
}

static fw_status read_header(const struct fw_source *source, size_t file)
{
    const struct fw_sql_handle *sql = source->more->sql;
    const char *path = source->files[file].path;
    if (source->files[file].size_bytes == 0) {
        return fw_faultf(sql->host, FW_E_DATA, path, NULL, "the file is empty");
    }
    struct fw_text query = {0};
    fw_text_append(&query, "SELECT * FROM read_csv(");
    fw_text_literal(&query, path);
    append_dialect(source->more, &query);
    fw_text_append(&query, ", all_varchar = true)");
    fw_status status =
        query.failed ? fw_fault_nomem(sql->host)
                     : fw_sql_describe(sql, &source->more->headers[file], fw_text_get(&query));
    fw_text_finish(&query);
    return status;
}

/* The union of the headers, each column in the place where it first occurs; all texts so far. */
static fw_status unite_headers(struct fw_source *source)
{
    for (size_t file = 0; file < source->n_files; file++) {
        const struct fw_sql_grid *header = &source->more->headers[file];
        for (size_t i = 0; i < header->n_rows; i++) {
            const char *name = fw_sql_cell(header, i, 0);
            bool known = false;
            for (size_t k = 0; k < source->n_columns && !known; k++) {
                known = strcasecmp(source->columns[k].name, name) == 0;
            }
            if (!known && !fw_source_add_column(source, name, "VARCHAR", NULL)) {
                return fw_fault_nomem(source->more->sql->host);
            }
        }
    }
    return FW_OK;
}

/* One row; for each column and form: whether all texts convert, NULL when there are none. */
static void append_type_query(const struct fw_source *source, struct fw_text *text)
{
    fw_text_append(text, "SELECT ");
    for (size_t i = 0; i < source->n_columns; i++) {
        for (size_t k = 0; k < N_FORMS; k++) {
            struct fw_text name = {0};
            fw_text_identifier(&name, source->columns[i].name);
            fw_text_appendf(text,
                            "%sbool_and(regexp_full_match(%s, '%s') AND "
                            "TRY_CAST(%s AS %s) IS NOT NULL) FILTER (%s IS NOT NULL)",
                            i + k > 0 ? ", " : "", fw_text_get(&name), forms[k].pattern,
                            fw_text_get(&name), forms[k].sql_type, fw_text_get(&name));
            text->failed = text->failed || name.failed;
            fw_text_finish(&name);
        }
    }
    fw_text_append(text, " FROM ");
    fw_source_scan(source, NULL, text);
}

static fw_status set_type(const struct fw_source *source, struct fw_source_column *column,
                          const char *sql_type)
{
    free(column->sql_type);
    free(column->type);
    column->sql_type = strdup(sql_type);
    column->type = fw_source_type(sql_type);
    return column->sql_type != NULL && column->type != NULL
               ? FW_OK
               : fw_fault_nomem(source->more->sql->host);
}

static fw_status find_types(struct fw_source *source)
{
    const struct fw_sql_handle *sql = source->more->sql;
    struct fw_text query = {0};
    struct fw_sql_grid grid = {0};
    append_type_query(source, &query);
    fw_status status =
        query.failed ? fw_fault_nomem(sql->host) : fw_sql_grid(sql, &grid, fw_text_get(&query));
    fw_text_finish(&query);
    for (size_t i = 0; i < source->n_columns && status == FW_OK; i++) {
        for (size_t k = 0; k < N_FORMS; k++) {
            const char *all = fw_sql_cell(&grid, 0, i * N_FORMS + k);
            if (all != NULL && strcmp(all, "true") == 0) {
                status = set_type(source, &source->columns[i], forms[k].sql_type);
                break;
            }
        }
    }
    fw_sql_grid_finish(&grid);
    return status;
}

static fw_status set_dialect(struct fw_source *source, const struct fw_source_options *options)
{
    struct fw_source_private *more = source->more;
    bool tabs = false;
    fw_source_is_csv(source->files[0].path, &tabs);
    more->delim = strdup(options->delim != NULL ? options->delim : tabs ? "\t" : ",");
    more->quote = strdup(options->quote != NULL ? options->quote : "\"");
    more->nullstr = strdup(options->nullstr != NULL ? options->nullstr : "");
    more->header = !options->no_header;
    more->headers = calloc(source->n_files, sizeof *more->headers);
    return more->delim != NULL && more->quote != NULL && more->nullstr != NULL &&
                   more->headers != NULL
               ? FW_OK
               : fw_fault_nomem(more->sql->host);
}

fw_status fw_source_open_csv(struct fw_source *source, const struct fw_source_options *options)
{
    source->kind = FW_SOURCE_CSV;
    fw_status status = set_dialect(source, options);
    for (size_t i = 0; i < source->n_files && status == FW_OK; i++) {
        status = read_header(source, i);
    }
    if (status == FW_OK) {
        status = unite_headers(source);
    }
    return status == FW_OK && !options->all_varchar ? find_types(source) : status;
}

/* SPDX-License-Identifier: MIT */
#include "source/source.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "source/internal.h"

static fw_status open_table(struct fw_source *source, const char *const *paths, size_t n_paths,
                            const struct fw_source_options *options)
{
    const struct fw_host *host = source->more->sql->host;
    if (n_paths == 0) {
        return fw_faultf(host, FW_E_ARG, NULL, NULL, "a table needs at least one path");
    }
    for (size_t i = 0; i < n_paths; i++) {
        if (fw_delta_is_table(paths[i])) {
            return n_paths == 1 ? fw_source_open_delta(source, paths[i])
                                : fw_faultf(host, FW_E_UNSUPPORTED, paths[i],
                                            "read each table in a stage of its own",
                                            "a Delta table cannot be read together with others");
        }
    }
    fw_status status = fw_source_list_files(source, paths, n_paths);
    if (status != FW_OK) {
        return status;
    }
    bool tabs = false;
    return fw_source_is_csv(source->files[0].path, &tabs) ? fw_source_open_csv(source, options)
                                                          : fw_source_open_parquet(source);
}

/* Names that the scan itself uses for where a row comes from. */
static fw_status check_columns(const struct fw_source *source)
{
    static const char *const taken[] = {FW_SOURCE_FILE, FW_SOURCE_ROW, "file_index",
                                        "file_row_number"};
    const struct fw_host *host = source->more->sql->host;
    for (size_t i = 0; i < source->n_columns; i++) {
        for (size_t k = 0; k < sizeof taken / sizeof *taken; k++) {
            if (strcasecmp(source->columns[i].name, taken[k]) == 0) {
                return fw_faultf(host, FW_E_UNSUPPORTED, source->files[0].path, "rename the column",
                                 "the table has a column '%s', a name that scanning needs itself",
                                 taken[k]);
            }
        }
    }
    return source->n_columns > 0
               ? FW_OK
               : fw_faultf(host, FW_E_DATA, source->n_files > 0 ? source->files[0].path : NULL,
                           NULL, "the table has no columns");
}

fw_status fw_source_open(const struct fw_sql_handle *sql, const char *const *paths, size_t n_paths,
                         const struct fw_source_options *options, struct fw_source **ret_source)
{
    static const struct fw_source_options defaults;
    struct fw_source *source = calloc(1, sizeof *source);
    struct fw_source_private *more = calloc(1, sizeof *more);
    if (source == NULL || more == NULL) {
        free(source);
        free(more);
        return fw_fault_nomem(sql->host);
    }
    source->more = more;
    source->version = -1;
    more->sql = sql;
    fw_status status = open_table(source, paths, n_paths, options != NULL ? options : &defaults);
    if (status == FW_OK) {
        status = check_columns(source);
    }
    if (status != FW_OK) {
        fw_source_close(source);
        return status;
    }
    *ret_source = source;
    return FW_OK;
}

void fw_source_close(struct fw_source *source)
{
    if (source == NULL) {
        return;
    }
    struct fw_source_private *more = source->more;
    for (size_t i = 0; i < source->n_files; i++) {
        if (more->headers != NULL) {
            fw_sql_grid_finish(&more->headers[i]);
        }
        free(source->files[i].path);
        free(source->files[i].name);
    }
    for (size_t i = 0; i < source->n_columns; i++) {
        free(source->columns[i].name);
        free(source->columns[i].sql_type);
        free(source->columns[i].type);
    }
    fw_delta_close(more->delta);
    free(more->headers);
    free(more->rows);
    free(more->delim);
    free(more->quote);
    free(more->nullstr);
    free(more);
    free(source->files);
    free(source->columns);
    free(source);
}

const struct fw_source_column *fw_source_column(const struct fw_source *source, const char *name)
{
    for (size_t i = 0; i < source->n_columns; i++) {
        if (strcmp(source->columns[i].name, name) == 0) {
            return &source->columns[i];
        }
    }
    return NULL;
}

bool fw_source_add_column(struct fw_source *source, const char *name, const char *sql_type,
                          const char *type)
{
    struct fw_source_column *columns =
        reallocarray(source->columns, source->n_columns + 1, sizeof *columns);
    if (columns == NULL) {
        return false;
    }
    source->columns = columns;
    struct fw_source_column *column = &columns[source->n_columns++];
    *column = (struct fw_source_column){
        .name = strdup(name),
        .sql_type = strdup(sql_type),
        .type = type != NULL ? strdup(type) : fw_source_type(sql_type),
    };
    if (column->name == NULL || column->sql_type == NULL || column->type == NULL) {
        return false;
    }
    column->nested = strncmp(column->type, "array<", 6) == 0 ||
                     strncmp(column->type, "map<", 4) == 0 ||
                     strncmp(column->type, "struct<", 7) == 0;
    return true;
}

/* SPDX-License-Identifier: MIT */
#include "named/choose.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "sql/fault.h"

static bool is_number(const struct fw_source_column *column)
{
    static const char *const types[] = {"TINYINT", "SMALLINT", "INTEGER",   "BIGINT",
                                        "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER",
                                        "UBIGINT", "FLOAT",    "DOUBLE",    "DECIMAL("};

    for (size_t i = 0; i < FW_COUNT(types); i++) {
        if (strncmp(column->sql_type, types[i], strlen(types[i])) == 0) {
            return !column->nested;
        }
    }
    return false;
}

/* Prices as such: levels that later years leave. */
static bool is_price(const char *name)
{
    static const char *const names[] = {"Open", "High", "Low", "Close", "Volume"};

    for (size_t i = 0; i < FW_COUNT(names); i++) {
        if (strcasecmp(name, names[i]) == 0) {
            return true;
        }
    }
    return false;
}

static fw_status choose_named(const struct fw_host *host, const struct fw_features *features,
                              const struct fw_source_column **columns)
{
    const char *path = features->source->files[0].path;

    for (size_t i = 0; i < features->n_names; i++) {
        columns[i] = fw_source_column(features->source, features->names[i]);
        if (columns[i] == NULL) {
            return fw_faultf(host, FW_E_MISSING, path, "mend the parameter columns",
                             "there is no column \"%s\"", features->names[i]);
        }
        if (!is_number(columns[i])) {
            return fw_faultf(host, FW_E_DATA, path, "leave it out of columns",
                             "the column \"%s\" is a %s, no number", columns[i]->name,
                             columns[i]->sql_type);
        }
    }
    return FW_OK;
}

static bool is_left_out(const struct fw_features *features, const struct fw_source_column *column)
{
    for (size_t i = 0; i < features->n_but; i++) {
        if (features->but[i] == column) {
            return true;
        }
    }
    return false;
}

static size_t choose_all(const struct fw_features *features,
                         const struct fw_source_column **columns)
{
    size_t n = 0;

    for (size_t i = 0; i < features->source->n_columns; i++) {
        const struct fw_source_column *column = &features->source->columns[i];
        if (!is_left_out(features, column) && is_number(column) &&
            (features->with_prices || !is_price(column->name))) {
            columns[n++] = column;
        }
    }
    return n;
}

fw_status fw_features_choose(const struct fw_host *host, const struct fw_features *features,
                             const struct fw_source_column ***ret_columns, size_t *ret_n)
{
    const struct fw_source_column **columns =
        calloc(features->source->n_columns + features->n_names, sizeof(void *));
    size_t n = features->n_names;
    fw_status status = FW_OK;

    if (columns == NULL) {
        return fw_fault_nomem(host);
    }
    if (n > 0) {
        status = choose_named(host, features, columns);
    } else {
        n = choose_all(features, columns);
    }
    if (status == FW_OK && n == 0) {
        status = fw_faultf(host, FW_E_DATA, features->source->files[0].path,
                           "give a table of features", "no column is a number");
    }
    if (status != FW_OK) {
        free(columns);
        return status;
    }
    *ret_columns = columns;
    *ret_n = n;
    return FW_OK;
}

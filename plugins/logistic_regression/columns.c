/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "logistic.h"
#include "named/named.h"

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

static fw_status choose_named(struct logistic *logistic, const struct fw_value *names)
{
    const char *path = logistic->features->files[0].path;

    for (uint64_t i = 0; i < names->n; i++) {
        const struct fw_source_column *column =
            fw_source_column(logistic->features, names->texts[i]);
        if (column == NULL) {
            return fw_faultf(logistic->host, FW_E_MISSING, path, "mend the parameter columns",
                             "there is no column \"%s\"", names->texts[i]);
        }
        if (!is_number(column)) {
            return fw_faultf(logistic->host, FW_E_DATA, path, "leave it out of columns",
                             "the column \"%s\" is a %s, no number", column->name,
                             column->sql_type);
        }
        logistic->columns[logistic->n_columns++] = column;
    }
    return FW_OK;
}

static void choose_all(struct logistic *logistic, const struct fw_source_column *day)
{
    bool with_prices = fw_task_integer(logistic->task, "include_ohlcv") != 0;

    for (size_t i = 0; i < logistic->features->n_columns; i++) {
        const struct fw_source_column *column = &logistic->features->columns[i];
        if (column != day && is_number(column) && (with_prices || !is_price(column->name))) {
            logistic->columns[logistic->n_columns++] = column;
        }
    }
}

fw_status logistic_columns_choose(struct logistic *logistic)
{
    const struct fw_value *names = fw_task_value(logistic->task, "columns");
    const struct fw_named named = {logistic->host, logistic->task, logistic->features};
    const struct fw_source_column *day;
    fw_status status = fw_named_column(&named, "date_column", &day);

    if (status != FW_OK) {
        return status;
    }
    logistic->columns = calloc(logistic->features->n_columns + names->n, sizeof(void *));
    if (logistic->columns == NULL) {
        return fw_fault_nomem(logistic->host);
    }
    if (names->n > 0) {
        return choose_named(logistic, names);
    }
    choose_all(logistic, day);
    return logistic->n_columns > 0
               ? FW_OK
               : fw_faultf(logistic->host, FW_E_DATA, logistic->features->files[0].path,
                           "give a table of features", "no column is a number");
}

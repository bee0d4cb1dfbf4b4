/* SPDX-License-Identifier: MIT */
#include "market_table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

static double number(const char *text)
{
    char *end;
    double value = strtod(text, &end);

    return end != text && *end == '\0' ? value : NAN;
}

static int32_t day_of(const char *text)
{
    struct tm tm = {0};

    return strptime(text, "%Y-%m-%d", &tm) != NULL ? (int32_t)(timegm(&tm) / 86400) : 0;
}

static void read_row(struct market_table *table, char *line)
{
    size_t row = table->n_rows++;

    table->cells = realloc(table->cells, table->n_rows * table->n_columns * sizeof(double));
    table->days = realloc(table->days, table->n_rows * sizeof *table->days);
    assert_true(table->cells != NULL && table->days != NULL);
    table->days[row] = day_of(line);
    for (size_t i = 0; i < table->n_columns; i++) {
        char *cell = strsep(&line, ",");
        table->cells[row * table->n_columns + i] = cell != NULL ? number(cell) : NAN;
    }
}

bool market_table_open(struct market_table *ret_table, const char *path)
{
    FILE *file = fopen(path, "r");
    char *line = NULL, *name;
    size_t capacity = 0;

    *ret_table = (struct market_table){0};
    if (file == NULL) {
        return false;
    }
    while (getline(&line, &capacity, file) > 0) {
        char *rest = line;
        line[strcspn(line, "\r\n")] = '\0';
        if (ret_table->n_columns > 0) {
            read_row(ret_table, rest);
            continue;
        }
        while ((name = strsep(&rest, ",")) != NULL) {
            assert_true(ret_table->n_columns < 128);
            ret_table->names[ret_table->n_columns++] = strdup(name);
        }
    }
    free(line);
    fclose(file);
    return true;
}

void market_table_close(struct market_table *table)
{
    for (size_t i = 0; i < table->n_columns; i++) {
        free(table->names[i]);
    }
    free(table->cells);
    free(table->days);
}

static int find(const struct market_table *table, const char *column)
{
    for (size_t i = 0; i < table->n_columns; i++) {
        if (strcasecmp(table->names[i], column) == 0) {
            return (int)i;
        }
    }
    return -1;
}

double market_cell(const struct market_table *table, size_t row, const char *column)
{
    int at = find(table, column);

    if (at < 0) {
        fail_msg("no column %s", column);
    }
    return table->cells[row * table->n_columns + (size_t)at];
}

static const char *path_below(const char *base, const char *folder, const char *name)
{
    static char path[4096];

    snprintf(path, sizeof path, "%s/%s/%s", base, folder, name);
    return path;
}

const char *market_shared(const char *name)
{
    const char *shared = getenv("FWRUN_SHARED");

    return shared != NULL ? path_below(shared, "data/market", name)
                          : path_below(getenv("FWRUN_SOURCE_ROOT"), "../shared/data/market", name);
}

const char *market_reference(const char *name)
{
    return path_below(getenv("FWRUN_SOURCE_ROOT"), "tests/reference", name);
}

struct fw_bar market_bar(const struct market_table *table, size_t row)
{
    double close = market_cell(table, row, "Close");

    return (struct fw_bar){
        .day = table->days[row] != 0 ? table->days[row] : (int32_t)row,
        .open = find(table, "Open") >= 0 ? market_cell(table, row, "Open") : close,
        .high = find(table, "High") >= 0 ? market_cell(table, row, "High") : close,
        .low = find(table, "Low") >= 0 ? market_cell(table, row, "Low") : close,
        .close = close,
        .volume = find(table, "Volume") >= 0 ? market_cell(table, row, "Volume") : 1,
        .vix = find(table, "VIX") >= 0 ? market_cell(table, row, "VIX") : NAN,
    };
}

void assert_near(double actual, double expected, double tolerance, const char *what, size_t row)
{
    double scale = fmax(1, fabs(expected));

    if (isnan(expected) ? !isnan(actual) : !(fabs(actual - expected) <= tolerance * scale)) {
        fail_msg("%s, row %zu: %.17g, expected %.17g", what, row, actual, expected);
    }
}

/* SPDX-License-Identifier: MIT */
#ifndef MARKET_TABLE_H
#define MARKET_TABLE_H

#include <stddef.h>

#include <stdbool.h>

#include "indicators/catalogue.h"

/* A small CSV file of numbers with a header; what is no number is NaN. */
struct market_table {
    char *names[128];
    size_t n_columns, n_rows;
    double *cells;
    int32_t *days; /* of the first column, when it is YYYY-MM-DD */
};

/* Opens a file below the source tree, or below FWRUN_SHARED; false when it is not there. */
bool market_table_open(struct market_table *ret_table, const char *path);
void market_table_close(struct market_table *table);
double market_cell(const struct market_table *table, size_t row, const char *column);

/* FWRUN_SHARED/data/market/NAME, or the same beside the source tree. */
const char *market_shared(const char *name);

/* tests/reference/NAME */
const char *market_reference(const char *name);

/* The row as a bar: Open or, without one, the close; VIX or NaN. */
struct fw_bar market_bar(const struct market_table *table, size_t row);

/* Fails unless both are NaN or equal within `tolerance`, relative above 1. */
void assert_near(double actual, double expected, double tolerance, const char *what, size_t row);

#endif

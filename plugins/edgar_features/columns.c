/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "group.h"

/* In the order of their groups. */
static const struct {
    const char *before, *after;
} forms[EDGAR_FORMS] = {{"last_", ""}, {"mean_", ""}, {"ema_", ""}, {"last_", "_is_missing"}};

static const char *const keys[EDGAR_KEYS] = {
    FW_FILING_PLATFORM, FW_FILING_OFFER, "cik",
    "crawled_date_day", "cutoff_ts",     "edgar_filed_date"};
static const char *const flags[EDGAR_FLAGS] = {"edgar_has_filing", "edgar_valid"};

static void append_name(const struct edgar *edgar, size_t column, struct fw_text *name)
{
    size_t n = edgar->n_features;

    if (column < EDGAR_KEYS) {
        fw_text_append(name, keys[column]);
    } else if (column < EDGAR_KEYS + EDGAR_FORMS * n) {
        size_t form = (column - EDGAR_KEYS) / n;
        fw_text_append(name, forms[form].before);
        fw_text_append(name, edgar->features[(column - EDGAR_KEYS) % n].name);
        fw_text_append(name, forms[form].after);
    } else {
        fw_text_append(name, flags[column - EDGAR_KEYS - EDGAR_FORMS * n]);
    }
}

static enum fw_parquet_type type_of(const struct edgar *edgar, size_t column)
{
    if (column <= EDGAR_CIK) {
        return FW_PARQUET_TEXT;
    }
    if (column == EDGAR_DAY && !edgar->rules.compat) {
        return FW_PARQUET_DATE;
    }
    if (column < EDGAR_KEYS) {
        return FW_PARQUET_TIMESTAMP;
    }
    return column < EDGAR_KEYS + EDGAR_MISSING * edgar->n_features ? FW_PARQUET_DOUBLE
                                                                   : FW_PARQUET_BOOLEAN;
}

fw_status edgar_columns_open(struct edgar *edgar)
{
    size_t n = EDGAR_KEYS + EDGAR_FORMS * edgar->n_features + EDGAR_FLAGS;

    edgar->first_column = edgar->by_offer ? EDGAR_PLATFORM : EDGAR_CIK;
    edgar->columns = calloc(n, sizeof *edgar->columns);
    edgar->names = calloc(n, sizeof *edgar->names);
    if (edgar->columns == NULL || edgar->names == NULL) {
        return fw_fault_nomem(edgar->host);
    }
    for (; edgar->n_columns < n; edgar->n_columns++) {
        struct fw_text *name = &edgar->names[edgar->n_columns];
        append_name(edgar, edgar->n_columns, name);
        if (name->failed) {
            return fw_fault_nomem(edgar->host);
        }
        edgar->columns[edgar->n_columns] =
            (struct fw_parquet_column){fw_text_get(name), type_of(edgar, edgar->n_columns)};
    }
    return FW_OK;
}

void edgar_columns_close(struct edgar *edgar)
{
    for (size_t i = 0; i < edgar->n_columns; i++) {
        fw_text_finish(&edgar->names[i]);
    }
    free(edgar->names);
    free(edgar->columns);
}

/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "profile.h"

fw_status profile_columns_find(struct profile *profile)
{
    size_t n = profile->source->n_columns;

    profile->columns = calloc(n + 1, sizeof *profile->columns);
    profile->numbers = calloc(n + 1, sizeof *profile->numbers);
    profile->values = calloc(n + 1, sizeof *profile->values);
    profile->thresholds = calloc(n + 1, sizeof *profile->thresholds);
    if (profile->columns == NULL || profile->numbers == NULL || profile->values == NULL ||
        profile->thresholds == NULL) {
        return fw_fault_nomem(profile->host);
    }
    for (size_t i = 0; i < n; i++) {
        const struct fw_source_column *column = &profile->source->columns[i];
        enum fw_offer_class class = fw_offer_class(column, false);
        profile->columns[i] = (struct profile_column){column, class, !column->nested};
        if (column->nested) {
            continue;
        }
        if (class == FW_OFFER_NUMBER || class == FW_OFFER_TIME) {
            profile->numbers[profile->n_numbers++] = column->name;
            profile->any_number |= class == FW_OFFER_NUMBER;
        } else {
            profile->values[profile->n_values++] = column->name;
        }
    }
    return FW_OK;
}

void profile_columns_finish(struct profile *profile)
{
    free(profile->columns);
    free(profile->numbers);
    free(profile->values);
    free(profile->thresholds);
}

/* Half as much again, so that the smallest draws are surely among them. */
static uint64_t threshold(const struct profile *profile, double values)
{
    double share = values > 0 ? 1.5 * (double)profile->reservoir / values : 1;

    return share < 1 ? (uint64_t)(share * 18446744073709551615.0) : UINT64_MAX;
}

static fw_status ask_footers(const struct profile *profile, struct fw_sql_grid *ret_filled)
{
    struct fw_text query = {0};

    fw_text_append(&query, "SELECT path_in_schema, sum(num_values - stats_null_count) / "
                           "sum(num_values) FROM parquet_metadata([");
    for (size_t i = 0; i < profile->source->n_files; i++) {
        fw_text_append(&query, i > 0 ? ", " : "");
        fw_text_literal(&query, profile->source->files[i].path);
    }
    fw_text_append(&query, "]) GROUP BY path_in_schema");
    fw_status status = query.failed ? fw_fault_nomem(profile->host)
                                    : fw_sql_grid(&profile->sql, ret_filled, fw_text_get(&query));
    fw_text_finish(&query);
    return status;
}

static double filled_share(const struct fw_sql_grid *filled, const char *name)
{
    for (size_t i = 0; i < filled->n_rows; i++) {
        const char *share = fw_sql_cell(filled, i, 1);
        if (strcmp(fw_sql_cell(filled, i, 0), name) == 0 && share != NULL) {
            return strtod(share, NULL);
        }
    }
    return 1;
}

fw_status profile_thresholds_find(struct profile *profile)
{
    int64_t rows =
        profile->total_rows < profile->sample_rows ? profile->total_rows : profile->sample_rows;
    struct fw_sql_grid filled = {0};
    fw_status status = FW_OK;

    if (profile->source->kind != FW_SOURCE_CSV && profile->source->n_files > 0) {
        status = ask_footers(profile, &filled);
    }
    for (size_t i = 0; i < profile->source->n_columns && status == FW_OK; i++) {
        double share = filled_share(&filled, profile->source->columns[i].name);
        profile->thresholds[i] = threshold(profile, share * (double)rows);
    }
    fw_sql_grid_finish(&filled);
    return status;
}

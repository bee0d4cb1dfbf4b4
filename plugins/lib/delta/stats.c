/* SPDX-License-Identifier: MIT */
#include <cjson/cJSON.h>
#include <math.h>
#include <stdlib.h>

#include "delta/delta.h"
#include "sql/fault.h"

static const cJSON *member(const cJSON *object, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(object, name);
}

static void widen(struct fw_delta_stats *sum, double low, double high)
{
    sum->low = low < sum->low ? low : sum->low;
    sum->high = high > sum->high ? high : sum->high;
}

/* Every row of a file has the same value. */
static void add_partition(struct fw_delta_stats *sum, const char *value, int64_t n_rows)
{
    char *end = NULL;

    if (value == NULL) {
        sum->n_nulls += n_rows;
        return;
    }
    double number = strtod(value, &end);
    sum->has_range = sum->has_range && end != value && *end == '\0' && isfinite(number);
    if (sum->has_range) {
        widen(sum, number, number);
    }
}

/* False: the file's statistics leave the column out. */
static bool add_column(struct fw_delta_stats *sum, const cJSON *stats, const char *name,
                       int64_t n_rows)
{
    const cJSON *nulls = member(member(stats, "nullCount"), name);
    const cJSON *low = member(member(stats, "minValues"), name);
    const cJSON *high = member(member(stats, "maxValues"), name);

    if (cJSON_IsFalse(member(stats, "tightBounds")) || !cJSON_IsNumber(nulls) ||
        nulls->valuedouble < 0 || nulls->valuedouble > (double)n_rows) {
        return false;
    }
    sum->n_nulls += (int64_t)nulls->valuedouble;
    if ((int64_t)nulls->valuedouble < n_rows) {
        sum->has_range = sum->has_range && cJSON_IsNumber(low) && cJSON_IsNumber(high);
        if (sum->has_range) {
            widen(sum, low->valuedouble, high->valuedouble);
        }
    }
    return true;
}

static void add_file(const struct fw_delta *delta, const struct fw_delta_file *file,
                     const cJSON *stats, struct fw_delta_stats *sums)
{
    for (size_t i = 0; i < delta->n_fields; i++) {
        const struct fw_delta_field *field = &delta->fields[i];
        struct fw_delta_stats *sum = &sums[i];
        bool known = sum->n_rows >= 0 && file->n_records >= 0;
        if (known && field->partition >= 0) {
            add_partition(sum, file->values[field->partition], file->n_records);
        } else {
            known = known && add_column(sum, stats, field->physical, file->n_records);
        }
        sum->n_rows = known ? sum->n_rows + file->n_records : -1;
    }
}

fw_status fw_delta_sum_stats(const struct fw_host *host, const struct fw_delta *delta,
                             struct fw_delta_stats **ret_sums)
{
    struct fw_delta_stats *sums = calloc(delta->n_fields + 1, sizeof *sums);

    if (sums == NULL) {
        return fw_fault_nomem(host);
    }
    for (size_t i = 0; i < delta->n_fields; i++) {
        sums[i] = (struct fw_delta_stats){.has_range = true, .low = INFINITY, .high = -INFINITY};
    }
    for (size_t i = 0; i < delta->n_files; i++) {
        const struct fw_delta_file *file = &delta->files[i];
        cJSON *stats = file->stats != NULL ? cJSON_Parse(file->stats) : NULL;
        add_file(delta, file, stats, sums);
        cJSON_Delete(stats);
    }
    for (size_t i = 0; i < delta->n_fields; i++) {
        sums[i].has_range = sums[i].has_range && sums[i].low <= sums[i].high;
    }
    *ret_sums = sums;
    return FW_OK;
}

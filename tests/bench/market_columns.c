/* SPDX-License-Identifier: MIT */
/* market_columns FILE REPS: all columns of market_features over the days in FILE, again and again.
   FILE holds seven doubles a day: day, open, high, low, close, volume, volatility index. Prints the
   seconds of each time, and a sum that keeps the work from being left out. For
   tests/bench/market.py. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "indicators/catalogue.h"

enum { FIELDS = 7, COLUMNS_MAX = 256 };

static double seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double *read_all(const char *path, size_t *ret_days)
{
    FILE *file = fopen(path, "rb");
    double *values = NULL;
    size_t n = 0, capacity = 0;

    while (file != NULL) {
        if (n == capacity) {
            capacity = capacity > 0 ? 2 * capacity : 65536;
            values = realloc(values, capacity * sizeof *values);
            if (values == NULL) {
                abort();
            }
        }
        size_t got = fread(values + n, sizeof *values, capacity - n, file);
        n += got;
        if (got == 0) {
            fclose(file);
            break;
        }
    }
    *ret_days = n / FIELDS;
    return values;
}

static double run(const double *values, size_t n_days, struct fw_market *market)
{
    size_t n_columns = fw_tier_columns(FW_TIER_A100);
    double row[COLUMNS_MAX], sum = 0;

    fw_market_init(market, false);
    for (size_t t = 0; t < n_days; t++) {
        const double *v = values + t * FIELDS;
        const struct fw_bar bar = {.day = (int32_t)v[0],
                                   .open = v[1],
                                   .high = v[2],
                                   .low = v[3],
                                   .close = v[4],
                                   .volume = v[5],
                                   .vix = v[6]};
        fw_market_push(market, &bar);
        for (size_t i = 0; i < n_columns; i++) {
            row[i] = fw_indicators[i].value(market);
        }
        sum += row[t % n_columns] == row[t % n_columns] ? row[t % n_columns] : 0;
    }
    return sum;
}

int main(int argc, char **argv)
{
    size_t n_days = 0;
    double *values = argc == 3 ? read_all(argv[1], &n_days) : NULL;
    struct fw_market *market = malloc(sizeof *market);

    if (n_days == 0 || market == NULL) {
        fprintf(stderr, "usage: market_columns FILE REPS; FILE holds 7 doubles a day\n");
        return 2;
    }
    for (int rep = atoi(argv[2]); rep > 0; rep--) {
        double begin = seconds();
        double sum = run(values, n_days, market);
        printf("%.9f %.17g\n", seconds() - begin, sum);
    }
    free(market);
    free(values);
    return 0;
}

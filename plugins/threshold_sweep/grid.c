/* SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "threshold_sweep.h"

enum { DECIMALS_MOST = 15, STEPS_MOST = 10000000 };

static fw_status refuse(const struct fw_host *host, const char *grid, const char *why)
{
    return fw_faultf(host, FW_E_CONFIG, "grid",
                     "write \"auto\", \"0.3:0.8:0.05\" or \"0.5, 0.55, 0.6\"",
                     "the grid \"%s\" cannot be used: %s", grid, why);
}

/* A decimal literal and how many decimals it has; *text moves behind it and what is blank. */
static bool read_number(const char **text, double *ret_value, int *ret_decimals)
{
    const char *start = *text + strspn(*text, " \t");
    size_t whole = strspn(start, "0123456789");
    size_t fraction = start[whole] == '.' ? strspn(start + whole + 1, "0123456789") : 0;
    const char *end = start + whole + (start[whole] == '.') + fraction;

    if (whole + fraction == 0 || fraction > DECIMALS_MOST) {
        return false;
    }
    *ret_value = strtod(start, NULL);
    *ret_decimals = (int)fraction;
    *text = end + strspn(end, " \t");
    return true;
}

static bool add(struct sweep_grid *grid, double threshold)
{
    double *more = reallocarray(grid->thresholds, grid->n + 1, sizeof *more);

    if (more == NULL) {
        return false;
    }
    grid->thresholds = more;
    grid->thresholds[grid->n++] = threshold;
    return true;
}

/*
 * Counted in the smallest decimal that occurs, and each threshold then read as the literal that it
 * would be: 0.5 + 5 * 0.02 is a little more than 0.6, and a prediction of 0.60 would be below it.
 */
static fw_status parse_range(struct sweep_grid *grid, const struct fw_host *host, const char *text)
{
    double values[3];
    int decimals[3], most = 0;
    const char *at = text;
    char literal[64];

    for (size_t i = 0; i < 3; i++) {
        if (!read_number(&at, &values[i], &decimals[i]) || *at != (i < 2 ? ':' : '\0')) {
            return refuse(host, text, "a range is three numbers, START:END:STEP");
        }
        at += i < 2;
        most = decimals[i] > most ? decimals[i] : most;
    }
    double unit = pow(10, most);
    double start = round(values[0] * unit), end = round(values[1] * unit);
    double step = round(values[2] * unit);
    if (step < 1 || end < start || (end - start) / step > STEPS_MOST) {
        return refuse(host, text, "START must not be above END, STEP above 0");
    }
    for (double i = start; i <= end; i += step) {
        snprintf(literal, sizeof literal, "%.0fe-%d", i, most);
        if (!add(grid, strtod(literal, NULL))) {
            return fw_fault_nomem(host);
        }
    }
    return FW_OK;
}

static fw_status parse_list(struct sweep_grid *grid, const struct fw_host *host, const char *text)
{
    const char *at = text;
    double value;
    int decimals;

    do {
        if (!read_number(&at, &value, &decimals) || (*at != ',' && *at != '\0')) {
            return refuse(host, text, "a list is of decimal numbers with commas between them");
        }
        if (grid->n > 0 && value <= grid->thresholds[grid->n - 1]) {
            return refuse(host, text, "each threshold must be above the one before it");
        }
        if (!add(grid, value)) {
            return fw_fault_nomem(host);
        }
    } while (*at++ == ',');
    return FW_OK;
}

fw_status sweep_grid_parse(struct sweep_grid *ret_grid, const struct fw_host *host,
                           const char *text)
{
    struct sweep_grid grid = {.is_auto = strcmp(text, "auto") == 0};
    fw_status status = grid.is_auto                ? FW_OK
                       : strchr(text, ':') != NULL ? parse_range(&grid, host, text)
                                                   : parse_list(&grid, host, text);

    if (status == FW_OK && grid.n > 0 && grid.thresholds[grid.n - 1] > 1) {
        status = refuse(host, text, "thresholds lie in [0, 1]");
    }
    if (status != FW_OK) {
        free(grid.thresholds);
        return status;
    }
    *ret_grid = grid;
    return FW_OK;
}

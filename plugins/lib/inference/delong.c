/* SPDX-License-Identifier: MIT */
#include "delong.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "normal.h"
#include "scores/scores.h"

/*
 * For each row the share of the other class that it is on the right side of, ties as half: for one
 * of class 1 those below, for one of class 0 those above. Their means over a class are the AUC,
 * their variances what it varies by.
 */
static void place(const double *scores, const uint8_t *y, const uint32_t *rows, uint32_t n,
                  const uint32_t totals[2], double *ret_placements)
{
    uint64_t below[2] = {0, 0};

    for (uint32_t first = 0, end; first < n; first = end) {
        uint64_t tied[2] = {0, 0};
        for (end = first; end < n && scores[rows[end]] == scores[rows[first]]; end++) {
            tied[y[rows[end]] != 0]++;
        }
        double zeros_below = (double)below[0] + (double)tied[0] / 2;
        double ones_above = (double)(totals[1] - below[1]) - (double)tied[1] / 2;
        for (uint32_t i = first; i < end; i++) {
            ret_placements[rows[i]] =
                y[rows[i]] != 0 ? zeros_below / totals[0] : ones_above / totals[1];
        }
        below[0] += tied[0];
        below[1] += tied[1];
    }
}

/* A standard error below that is one of rounding: differences of shares of up to 2^32 rows are
 * coarser. */
static const double least_error = 1e-15;

/* Of the rows of one class: the models' means, and the sums of products of what is off them. */
struct moments {
    double mean[2];
    double aa, ab, bb, dd; /* dd: of the differences, so that equal models give exactly 0 */
};

static void set_moments(struct moments *ret, const double *a, const double *b, const uint8_t *y,
                        uint32_t n, bool class)
{
    double sums[2] = {0, 0};
    uint32_t total = 0;

    for (uint32_t i = 0; i < n; i++) {
        if ((y[i] != 0) == class) {
            sums[0] += a[i];
            sums[1] += b[i];
            total++;
        }
    }
    *ret = (struct moments){.mean = {sums[0] / total, sums[1] / total}};
    for (uint32_t i = 0; i < n; i++) {
        if ((y[i] != 0) == class) {
            double off_a = a[i] - ret->mean[0], off_b = b[i] - ret->mean[1];
            ret->aa += off_a * off_a;
            ret->ab += off_a * off_b;
            ret->bb += off_b * off_b;
            ret->dd += (off_a - off_b) * (off_a - off_b);
        }
    }
}

static double share(double ones, double zeros, const uint32_t totals[2])
{
    return ones / (totals[1] - 1.0) / totals[1] + zeros / (totals[0] - 1.0) / totals[0];
}

static void judge(const struct moments *ones, const struct moments *zeros, const uint32_t totals[2],
                  struct fw_delong *ret)
{
    bool varies = totals[0] > 1 && totals[1] > 1;
    double variance = varies ? share(ones->dd, zeros->dd, totals) : NAN;

    ret->auc[0] = ones->mean[0];
    ret->auc[1] = ones->mean[1];
    ret->variance[0] = varies ? share(ones->aa, zeros->aa, totals) : NAN;
    ret->variance[1] = varies ? share(ones->bb, zeros->bb, totals) : NAN;
    ret->covariance = varies ? share(ones->ab, zeros->ab, totals) : NAN;
    ret->difference = ret->auc[0] - ret->auc[1];
    ret->standard_error = sqrt(variance) < least_error ? 0 : sqrt(variance);
    bool is_constant = ret->standard_error == 0;
    bool is_equal = is_constant && fabs(ret->difference) < least_error;
    ret->z = is_equal ? 0 : ret->difference / ret->standard_error;
    ret->p = is_equal ? 1 : is_constant ? NAN : fw_normal_two_sided(ret->z);
}

static fw_status compare(const double *const scores[2], const uint8_t *y, uint32_t n,
                         struct fw_delong *ret)
{
    const uint32_t totals[2] = {ret->n_zeros, ret->n_ones};
    double *placements = malloc(2 * (size_t)n * sizeof *placements);
    uint32_t *rows = malloc(n * sizeof *rows);
    bool done = placements != NULL && rows != NULL;
    struct moments ones, zeros;

    for (size_t i = 0; i < 2 && done; i++) {
        done = fw_scores_order(scores[i], n, rows);
        if (done) {
            place(scores[i], y, rows, n, totals, placements + i * n);
        }
    }
    if (done) {
        set_moments(&ones, placements, placements + n, y, n, true);
        set_moments(&zeros, placements, placements + n, y, n, false);
        judge(&ones, &zeros, totals, ret);
    }
    free(rows);
    free(placements);
    return done ? FW_OK : FW_E_NOMEM;
}

fw_status fw_delong(const double *a, const double *b, const uint8_t *y, uint32_t n,
                    struct fw_delong *ret)
{
    struct fw_delong result = {.auc = {NAN, NAN}, .variance = {NAN, NAN}, .covariance = NAN};

    result.difference = result.standard_error = result.z = result.p = NAN;
    for (uint32_t i = 0; i < n; i++) {
        result.n_ones += y[i] != 0;
    }
    result.n_zeros = n - result.n_ones;
    fw_status status = FW_OK;
    if (result.n_ones > 0 && result.n_zeros > 0) {
        status = compare((const double *const[2]){a, b}, y, n, &result);
    }
    if (status == FW_OK) {
        *ret = result;
    }
    return status;
}

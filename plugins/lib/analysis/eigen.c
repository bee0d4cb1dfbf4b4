/* SPDX-License-Identifier: MIT */
#include "eigen.h"

#include <math.h>
#include <string.h>

static const double nothing = 1e-12;

/* Sums side by side: each addition to one alone would wait for the one before. */
enum { LANES = 8 };

static double total(const double lanes[LANES])
{
    double sum = 0;

    for (int k = 0; k < LANES; k++) {
        sum += lanes[k];
    }
    return sum;
}

/* a'b, and b'b in the same pass. */
static double dot(const double *a, const double *b, size_t n, double *ret_square)
{
    double sums[LANES] = {0}, squares[LANES] = {0};
    size_t i = 0;

    for (; i + LANES <= n; i += LANES) {
        for (int k = 0; k < LANES; k++) {
            sums[k] += a[i + k] * b[i + k];
            squares[k] += b[i + k] * b[i + k];
        }
    }
    for (int k = 0; i + (size_t)k < n; k++) {
        sums[k] += a[i + (size_t)k] * b[i + (size_t)k];
        squares[k] += b[i + (size_t)k] * b[i + (size_t)k];
    }
    *ret_square = total(squares);
    return total(sums);
}

static void scale(const double *v, double factor, size_t n, double *ret)
{
    for (size_t i = 0; i < n; i++) {
        ret[i] = factor * v[i];
    }
}

/* |h - l v|, by itself: the difference of two squares would lose what is small. */
static double residual_of(const double *h, const double *v, double l, size_t n)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++) {
        sum += (h[i] - l * v[i]) * (h[i] - l * v[i]);
    }
    return sqrt(sum);
}

static void multiply(const struct fw_operator *h, double shift, const double *v, double *ret)
{
    h->apply(h->self, v, ret);
    for (size_t i = 0; i < h->n && shift != 0; i++) {
        ret[i] -= shift * v[i];
    }
}

enum fw_outcome fw_power_iterate(const struct fw_operator *h, double shift,
                                 const struct fw_power *power, double *v, double *room,
                                 struct fw_eigen *ret)
{
    double before = 0, length, square;

    if (ret == NULL || h == NULL || power == NULL || v == NULL || room == NULL) {
        return FW_OUTCOME_BAD_ARGUMENT;
    }
    *ret = (struct fw_eigen){.value = NAN, .residual = NAN};
    length = sqrt(dot(v, v, h->n, &square));
    if (!(length > 0) || power->max == 0) {
        return FW_OUTCOME_BAD_ARGUMENT;
    }
    scale(v, 1 / length, h->n, v);
    for (;;) {
        multiply(h, shift, v, room);
        ret->n_products++;
        double value = dot(v, room, h->n, &square);
        length = sqrt(square);
        if (!isfinite(length) || !isfinite(value)) {
            *ret = (struct fw_eigen){NAN, NAN, ret->n_products, false};
            return FW_OUTCOME_NUMERIC;
        }
        ret->value = length < nothing ? 0 : value;
        bool stands = fabs(value - before) / (fabs(before) + 1e-6) < power->tolerance;
        if (length < nothing || stands || ret->n_products == power->max) {
            ret->residual = residual_of(room, v, ret->value, h->n);
            ret->converged =
                length < nothing || (stands && ret->residual <= 10 * sqrt(power->tolerance) *
                                                                    fmax(fabs(value), nothing));
            return ret->converged ? FW_OUTCOME_OK : FW_OUTCOME_INSUFFICIENT;
        }
        before = value;
        scale(room, 1 / length, h->n, v);
    }
}

enum fw_outcome fw_eigen_by_power(const struct fw_operator *h, const struct fw_power *power,
                                  const double *start, double *room, struct fw_eigen_ends *ret)
{
    const struct fw_eigen none = {.value = NAN, .residual = NAN};

    if (ret == NULL || h == NULL || start == NULL || room == NULL) {
        return FW_OUTCOME_BAD_ARGUMENT;
    }
    *ret = (struct fw_eigen_ends){none, none};
    memcpy(room, start, h->n * sizeof *room);
    enum fw_outcome outcome = fw_power_iterate(h, 0, power, room, room + h->n, &ret->largest);
    if (!(ret->largest.value < 0)) {
        return outcome;
    }
    ret->other = ret->largest;
    memcpy(room, start, h->n * sizeof *room);
    outcome = fw_power_iterate(h, ret->other.value, power, room, room + h->n, &ret->largest);
    ret->largest.value += ret->other.value;
    ret->largest.n_products += ret->other.n_products;
    return outcome;
}

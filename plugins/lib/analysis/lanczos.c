/* SPDX-License-Identifier: MIT */
#include <float.h>
#include <math.h>
#include <string.h>

#include "eigen.h"

/* A symmetric tridiagonal matrix, and the last row of its eigenvectors. */
struct tridiagonal {
    uint32_t k;
    double diagonal[FW_LANCZOS_MAX];
    double beside[FW_LANCZOS_MAX]; /* beside[i] stands between i and i + 1 */
    double last[FW_LANCZOS_MAX];
};

static double dot(const double *a, const double *b, size_t n)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++) {
        sum += a[i] * b[i];
    }
    return sum;
}

/* Takes out what w has of the basis; twice, since once leaves what rounding put there. */
static void orthogonalise(const double *basis, uint32_t n_vectors, double *w, size_t n)
{
    for (int pass = 0; pass < 2; pass++) {
        for (uint32_t j = 0; j < n_vectors; j++) {
            double share = dot(basis + j * n, w, n);
            for (size_t i = 0; i < n; i++) {
                w[i] -= share * basis[j * n + i];
            }
        }
    }
}

/* How far it came: t->k. beside[k - 1] is what leads out of the space. */
static enum fw_outcome build(const struct fw_operator *h, uint32_t k, const double *start,
                             double *room, struct tridiagonal *t)
{
    const size_t n = h->n;
    double length = sqrt(dot(start, start, n)), size = 0;

    if (!(length > 0)) {
        return FW_OUTCOME_BAD_ARGUMENT;
    }
    for (size_t i = 0; i < n; i++) {
        room[i] = start[i] / length;
    }
    for (t->k = 0; t->k < k;) {
        double *v = room + t->k * n, *w = v + n;
        h->apply(h->self, v, w);
        t->diagonal[t->k] = dot(v, w, n);
        orthogonalise(room, t->k + 1, w, n);
        length = sqrt(dot(w, w, n));
        if (!isfinite(length) || !isfinite(t->diagonal[t->k])) {
            return FW_OUTCOME_NUMERIC;
        }
        size = fmax(size, fmax(fabs(t->diagonal[t->k]), length));
        t->beside[t->k++] = length;
        if (length <= 1e-12 * size) {
            t->beside[t->k - 1] = 0;
            break;
        }
        for (size_t i = 0; i < n; i++) {
            w[i] /= length;
        }
    }
    return FW_OUTCOME_OK;
}

/* The first row at or after l below which nothing stands beside the diagonal. */
static uint32_t end_of_block(const struct tridiagonal *t, uint32_t l)
{
    for (; l + 1 < t->k; l++) {
        double around = fabs(t->diagonal[l]) + fabs(t->diagonal[l + 1]);
        if (fabs(t->beside[l]) <= DBL_EPSILON * around) {
            break;
        }
    }
    return l;
}

/* One implicit QL step with the shift of Wilkinson on the block from l to m. */
static void sweep(struct tridiagonal *t, uint32_t l, uint32_t m)
{
    double *d = t->diagonal, *e = t->beside, *z = t->last;
    double g = (d[l + 1] - d[l]) / (2 * e[l]), r = hypot(g, 1), s = 1, c = 1, p = 0;

    g = d[m] - d[l] + e[l] / (g + copysign(r, g));
    for (uint32_t i = m; i-- > l;) {
        double f = s * e[i], b = c * e[i];
        r = hypot(f, g);
        e[i + 1] = r;
        if (r == 0) {
            d[i + 1] -= p;
            e[m] = 0;
            return;
        }
        s = f / r;
        c = g / r;
        g = d[i + 1] - p;
        r = (d[i] - g) * s + 2 * c * b;
        p = s * r;
        d[i + 1] = g + p;
        g = c * r - b;
        double upper = z[i + 1];
        z[i + 1] = s * z[i] + c * upper;
        z[i] = c * z[i] - s * upper;
    }
    d[l] -= p;
    e[l] = g;
    e[m] = 0;
}

static bool solve(struct tridiagonal *t)
{
    enum { SWEEPS_MAX = 60 };

    t->beside[t->k - 1] = 0;
    for (uint32_t l = 0; l < t->k; l++) {
        uint32_t m;
        for (int n_sweeps = 0; (m = end_of_block(t, l)) != l; n_sweeps++) {
            if (n_sweeps == SWEEPS_MAX) {
                return false;
            }
            sweep(t, l, m);
        }
    }
    return true;
}

/*
 * v becomes the solution of (T - value) x = v, normalised; value is T's largest. What leads up to a
 * row has smaller eigenvalues than that, so that no pivot but the last one is near 0, and no rows
 * need exchanging.
 */
static void solve_shifted(const struct tridiagonal *t, double value, double *v)
{
    double pivots[FW_LANCZOS_MAX], size = DBL_MIN, length;

    for (uint32_t i = 0; i < t->k; i++) {
        size = fmax(size, fmax(fabs(t->diagonal[i]), t->beside[i]));
    }
    double least = size > DBL_MIN ? DBL_EPSILON * size : 1;
    for (uint32_t i = 0; i < t->k; i++) {
        double factor = i > 0 ? t->beside[i - 1] / pivots[i - 1] : 0;
        pivots[i] = t->diagonal[i] - value - (i > 0 ? factor * t->beside[i - 1] : 0);
        pivots[i] = fmin(pivots[i], -least);
        v[i] -= i > 0 ? factor * v[i - 1] : 0;
    }
    for (uint32_t i = t->k; i-- > 0;) {
        v[i] = (v[i] - (i + 1 < t->k ? t->beside[i] * v[i + 1] : 0)) / pivots[i];
    }
    length = sqrt(dot(v, v, t->k));
    for (uint32_t i = 0; i < t->k; i++) {
        v[i] /= length;
    }
}

/* The eigenvector of T's largest value, carried back into the space: inverse
 * iteration from the start, of which each of them has a part. */
static void write_vector(const struct tridiagonal *t, double value, size_t n, double *room)
{
    double shares[FW_LANCZOS_MAX] = {1};

    for (int pass = 0; pass < 3; pass++) {
        solve_shifted(t, value, shares);
    }
    for (size_t i = 0; i < n; i++) {
        double sum = 0;
        for (uint32_t j = 0; j < t->k; j++) {
            sum += shares[j] * room[j * n + i];
        }
        room[i] = sum;
    }
}

static struct fw_eigen end_of(const struct tridiagonal *t, bool is_largest, double out,
                              double tolerance)
{
    uint32_t at = 0;

    for (uint32_t i = 1; i < t->k; i++) {
        if (is_largest ? t->diagonal[i] > t->diagonal[at] : t->diagonal[i] < t->diagonal[at]) {
            at = i;
        }
    }
    double value = t->diagonal[at], residual = fabs(out * t->last[at]);
    return (struct fw_eigen){
        .value = value,
        .residual = residual,
        .n_products = t->k,
        .converged = residual <= sqrt(tolerance) * fmax(fabs(value), 1e-12),
    };
}

enum fw_outcome fw_eigen_by_lanczos(const struct fw_operator *h, uint32_t k, double tolerance,
                                    const double *start, double *room, struct fw_eigen_ends *ret)
{
    const struct fw_eigen none = {.value = NAN, .residual = NAN};
    struct tridiagonal t = {.k = 0};

    if (ret == NULL || h == NULL || start == NULL || room == NULL || k == 0) {
        return FW_OUTCOME_BAD_ARGUMENT;
    }
    *ret = (struct fw_eigen_ends){none, none};
    k = k < FW_LANCZOS_MAX ? k : FW_LANCZOS_MAX;
    k = k < h->n ? k : (uint32_t)h->n;
    enum fw_outcome outcome = build(h, k, start, room, &t);
    if (outcome != FW_OUTCOME_OK) {
        return outcome;
    }
    struct tridiagonal solved = t;
    double out = t.beside[t.k - 1];
    solved.last[t.k - 1] = 1;
    if (!solve(&solved)) {
        return FW_OUTCOME_NUMERIC;
    }
    ret->largest = end_of(&solved, true, out, tolerance);
    ret->other = end_of(&solved, false, out, tolerance);
    write_vector(&t, ret->largest.value, h->n, room);
    return ret->largest.converged ? FW_OUTCOME_OK : FW_OUTCOME_INSUFFICIENT;
}

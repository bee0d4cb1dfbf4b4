/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_ANALYSIS_EIGEN_H
#define FW_LIB_ANALYSIS_EIGEN_H

#include <stdint.h>

#include <stdbool.h>

#include "operator.h"
#include "outcome.h"

/*
 * The ends of a symmetric operator's spectrum. Hessians of networks are indefinite: what power
 * iteration finds is the eigenvalue of the largest magnitude, and the largest one is another thing.
 */

/** One eigenvalue, and how well it is known. */
struct fw_eigen {
    double value;
    double residual;     /**< |Hv - value v| */
    uint32_t n_products; /**< that it took */
    bool converged;      /**< the residual is small too: a value that stands still is not enough */
};

struct fw_power {
    double tolerance; /**< of the value from one product to the next, relative; say 1e-3 */
    uint32_t max;     /**< products, say 20 */
};

/**
 * Power iteration on H - shift I with the Rayleigh quotient. `v` is where it begins, not 0, and
 * holds the normalised vector in the end; `room` has n doubles. A vector that H makes smaller than
 * 1e-12 has the eigenvalue 0. INSUFFICIENT: not converged, the value is written all the same;
 * NUMERIC: a product that is not finite.
 */
enum fw_outcome fw_power_iterate(const struct fw_operator *h, double shift,
                                 const struct fw_power *power, double *v, double *room,
                                 struct fw_eigen *ret);

/** The algebraically largest one, and the dominant one on the way to it. */
struct fw_eigen_ends {
    struct fw_eigen largest;
    struct fw_eigen other; /**< the dominant one where it is below 0, or Lanczos' smallest; NaN */
};

/**
 * By power iteration: the dominant eigenvalue if it is not below 0; otherwise once more, from the
 * same start, on H less it, whose spectrum is not below 0. `start` has n elements and is left
 * alone; `room` has 2 n, and begins with the eigenvector in the end.
 */
enum fw_outcome fw_eigen_by_power(const struct fw_operator *h, const struct fw_power *power,
                                  const double *start, double *room, struct fw_eigen_ends *ret);

/**
 * By k steps of Lanczos with full reorthogonalisation, done twice: both ends from k products. `k`
 * is cut to n and to FW_LANCZOS_MAX; fewer steps are taken where the start lies in a smaller
 * invariant space. `room` has (k + 1) n, and begins with the largest's eigenvector in the end.
 * Converged: the residual is at most sqrt(tolerance) times the value.
 */
enum { FW_LANCZOS_MAX = 256 };
enum fw_outcome fw_eigen_by_lanczos(const struct fw_operator *h, uint32_t k, double tolerance,
                                    const double *start, double *room, struct fw_eigen_ends *ret);

#endif

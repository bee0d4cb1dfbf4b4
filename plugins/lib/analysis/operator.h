/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_ANALYSIS_OPERATOR_H
#define FW_LIB_ANALYSIS_OPERATOR_H

#include <stddef.h>
#include <stdint.h>

/** A square matrix that is known by its products alone, a Hessian for instance. */
struct fw_operator {
    size_t n;
    void *self;
    /** ret = H v. It must not change anything that the next product depends on. */
    void (*apply)(void *self, const double *v, double *ret);
    /** z'Hz of the vector z that fw_probe_fill makes of `seed`, where that is cheaper than a
     *  product; NULL: it is not. */
    double (*bend)(void *self, uint64_t seed);
};

#endif

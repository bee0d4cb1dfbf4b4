/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_ANALYSIS_OPERATOR_H
#define FW_LIB_ANALYSIS_OPERATOR_H

#include <stddef.h>

/** A square matrix that is known by its products alone, a Hessian for instance. */
struct fw_operator {
    size_t n;
    void *self;
    /** ret = H v. It must not change anything that the next product depends on. */
    void (*apply)(void *self, const double *v, double *ret);
};

#endif

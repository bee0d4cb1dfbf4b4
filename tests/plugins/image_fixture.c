/* SPDX-License-Identifier: MIT */
#include "image_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>

double *lcg_sequence(size_t n, unsigned seed)
{
    double *values = malloc(n * sizeof *values);
    uint32_t x = seed;
    assert_non_null(values);
    for (size_t i = 0; i < n; i++) {
        x = 1664525u * x + 1013904223u;
        values[i] = (double)x / 4294967296.0;
    }
    return values;
}

void check_close(double actual, double expected, double tolerance, const char *what, int line)
{
    if (!(fabs(actual - expected) <= tolerance)) {
        fail_msg("line %d: %s is %.12g, expected %.12g within %g", line, what, actual, expected,
                 tolerance);
    }
}

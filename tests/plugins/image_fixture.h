/* SPDX-License-Identifier: MIT */
#ifndef IMAGE_FIXTURE_H
#define IMAGE_FIXTURE_H

#include <stddef.h>

/** n numbers in [0, 1) of x ← 1664525·x + 1013904223 mod 2³², after the seed; the caller frees. */
double *lcg_sequence(size_t n, unsigned seed);

/** Fails, with both values, when they are further apart than `tolerance`. */
#define assert_close(actual, expected, tolerance)                                                  \
    check_close((actual), (expected), (tolerance), #actual, __LINE__)
void check_close(double actual, double expected, double tolerance, const char *what, int line);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef FW_TESTS_KERNELS_CHECK_H
#define FW_TESTS_KERNELS_CHECK_H

#include "provider.h"

/* One run of the suite: a session, where random numbers come from, and what has been found. */
struct check {
    struct provider *provider;
    const struct fw_kernels *k;
    struct fw_kernels_session *session;
    uint64_t random;
    uint32_t dtype;  /* that the test is to use */
    double epsilon;  /* of it */
    uint64_t digest; /* of all bits that came back in this test */
    unsigned failures;
    char finding[512]; /* the first one */
    bool skipped;
};

/* An array on the device with its values, exactly, as doubles here. */
struct array {
    struct check *check;
    uint64_t n;
    uint32_t type;
    double *v;
    struct fw_operand on;
};

uint64_t check_random(struct check *check, uint64_t limit);    /* below limit */
double check_uniform(struct check *check, double a, double b); /* a float32 number */

/* Records a finding unless `good`. */
void check_that(struct check *check, bool good, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* A call must succeed; what a provider cannot do at all skips the test. */
bool check_ok(struct check *check, fw_status status, const char *what);

/* Uninitialised values are 0. `array_random` fills from [-1, 1]. */
struct array array_zero(struct check *check, uint32_t type, uint64_t n);
struct array array_random(struct check *check, uint64_t n);
struct array array_of(struct check *check, uint32_t type, const double *values, uint64_t n);
void array_free(struct array *array);

/* Sends `v` to the device, or fetches it; what is fetched is digested. */
void array_send(struct array *array);
void array_fetch(struct array *array);

/* Fetches, and compares: |got - want| <= epsilon * (absolute[i] + |want|) * steps. NaN equals NaN.
 * `scale` may be NULL for 1. */
void array_expect(struct array *array, const double *want, const double *scale, double steps,
                  const char *what);

/* The suites: each test is called for both types of elements. */
struct test {
    const char *name;
    void (*run)(struct check *check);
};
extern const struct test tests_array[], tests_dense[], tests_image[], tests_layer[], tests_slopes[],
    tests_errors[];

#endif

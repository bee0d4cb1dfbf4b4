/* SPDX-License-Identifier: MIT */
#ifndef FW_TESTS_KERNELS_BENCH_H
#define FW_TESTS_KERNELS_BENCH_H

#include "provider.h"

struct bench {
    struct provider provider;
    const struct fw_kernels *k;
    struct fw_kernels_session *session;
    int repetitions;
    bool table;     /* rows for a person, not lines for a program */
    bool processor; /* its time in place of the clock's */
    double copied;  /* bytes a second of a large copy, once measured */
    double matrix;  /* flops a second of a large matrix product */
};

typedef fw_status bench_call(const struct bench *b, const void *op);

/* What an operation must at least do, counted from its shape: 0 flops where bytes are what takes
 * the time, and the other way round. */
struct bench_work {
    double flops;
    double bytes;
};

/* Ends the program with the fault's sentence. */
void bench_must(const struct bench *b, fw_status status);

/* An array of n numbers in [-0.5, 0.5), and one of zeros. */
struct fw_operand bench_floats(const struct bench *b, uint64_t n);
struct fw_operand bench_zeros(const struct bench *b, uint64_t bytes);

/* The best of the repetitions, in seconds, printed. */
double bench_measure(const struct bench *b, const char *name, bench_call *call, const void *op,
                     struct bench_work work);

/* What the table has beyond the cases for programs: every family of operations. */
void bench_all_families(struct bench *b);

#endif

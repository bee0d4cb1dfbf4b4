/* SPDX-License-Identifier: MIT */
#ifndef FW_KERNELS_FFT_LINE_H
#define FW_KERNELS_FFT_LINE_H

#include <stdint.h>

#include <stdbool.h>

/*
 * Transforms of one line by FFTW, in either precision. Plans are estimated, never timed: the same
 * line gets the same plan, and the same bits, in every run. Lines are aligned to 64 bytes.
 */
struct fft_line {
    uint32_t dtype;
    uint32_t kind;
    uint64_t n;
    void *plan;
    struct fft_line *next;
};

/* NULL when memory is out. The planner is FFTW's only global; creating and destroying are locked.
 */
struct fft_line *fft_line_create(uint32_t dtype, uint32_t kind, uint64_t n);
void fft_line_destroy(struct fft_line *line);

/* `in` is destroyed; it is `out` for complex to complex. */
void fft_line_run(const struct fft_line *line, void *in, void *out);

const char *fft_line_library(void);

#endif

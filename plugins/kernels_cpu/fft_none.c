/* SPDX-License-Identifier: MIT */
#include <stddef.h>

#include "fft_line.h"

/* What stands in for fft_line.c where FFTW is absent: fft.c then refuses transforms. */

struct fft_line *fft_line_create(uint32_t dtype, uint32_t kind, uint64_t n)
{
    (void)dtype;
    (void)kind;
    (void)n;
    return NULL;
}

void fft_line_destroy(struct fft_line *line)
{
    (void)line;
}

void fft_line_run(const struct fft_line *line, void *in, void *out)
{
    (void)line;
    (void)in;
    (void)out;
}

const char *fft_line_library(void)
{
    return NULL;
}

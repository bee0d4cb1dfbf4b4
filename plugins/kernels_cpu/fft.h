/* SPDX-License-Identifier: MIT */
#ifndef FW_KERNELS_FFT_H
#define FW_KERNELS_FFT_H

#include "session.h"

/* What transforms are made by: "fftw-3.3.10", or "no FFTW". */
const char *fft_library(void);

/* Frees the session's plans. */
void fft_forget(struct fw_kernels_session *session);

#endif

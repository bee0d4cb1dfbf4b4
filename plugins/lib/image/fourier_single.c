/* SPDX-License-Identifier: MIT */
#define REAL          float
#define FFTW(name)    fftwf_##name
#define FOURIER(name) fw_fourier_##name##_single
#define LIBRARY       "libfftw3f_threads.so.3"
#include "fourier_body.h"

/* SPDX-License-Identifier: MIT */
#ifndef FW_KERNELS_CUDA_LIBRARIES_H
#define FW_KERNELS_CUDA_LIBRARIES_H

/*
 * What is opened at run time: the names of each library, the newest first. As a service declares
 * them: a question mark stands behind what may be missing. cuBLAS's second half does the work.
 */
#define LIBRARIES_DRIVER    "libcuda.so.1?"
#define LIBRARIES_BLAS      "libcublas.so.13?", "libcublas.so.12?"
#define LIBRARIES_WITH_BLAS "libcublasLt.so.13?", "libcublasLt.so.12?"
#define LIBRARIES_FFT       "libcufft.so.12?", "libcufft.so.11?"
#define LIBRARIES_DNN       "libcudnn.so.9?"

#endif

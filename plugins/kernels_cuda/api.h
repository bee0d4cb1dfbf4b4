/* SPDX-License-Identifier: MIT */
#ifndef FW_KERNELS_CUDA_API_H
#define FW_KERNELS_CUDA_API_H

#include <stddef.h>
#include <stdint.h>

#include <stdbool.h>

/*
 * The calls of the driver, cuBLAS, cuFFT and cuDNN that are used here, restated: nothing of CUDA is
 * linked, so that the plugin loads where none of it is installed, and builds without its headers.
 * Handles are pointers; results and enumerators are ints. tests/kernels/cuda_abi.cpp
 * holds all this against the headers where they are.
 *
 * F(name, parameters): each returns an int, 0 for success.
 */
#define CUDA_DRIVER(F)                                                                             \
    F(cuInit, (unsigned flags))                                                                    \
    F(cuDriverGetVersion, (int *version))                                                          \
    F(cuDeviceGetCount, (int *count))                                                              \
    F(cuDeviceGet, (int *device, int ordinal))                                                     \
    F(cuDeviceGetName, (char *name, int size, int device))                                         \
    F(cuDeviceGetAttribute, (int *value, int attribute, int device))                               \
    F(cuDevicePrimaryCtxRetain, (void **context, int device))                                      \
    F(cuDevicePrimaryCtxRelease_v2, (int device))                                                  \
    F(cuCtxSetCurrent, (void *context))                                                            \
    F(cuGetErrorName, (int result, const char **text))                                             \
    F(cuGetErrorString, (int result, const char **text))                                           \
    F(cuModuleLoadData, (void **module, const void *image))                                        \
    F(cuModuleUnload, (void *module))                                                              \
    F(cuModuleGetFunction, (void **function, void *module, const char *name))                      \
    F(cuLaunchKernel, (void *function, unsigned grid_x, unsigned grid_y, unsigned grid_z,          \
                       unsigned block_x, unsigned block_y, unsigned block_z, unsigned shared,      \
                       void *stream, void **arguments, void **extra))                              \
    F(cuStreamCreate, (void **stream, unsigned flags))                                             \
    F(cuStreamDestroy_v2, (void *stream))                                                          \
    F(cuStreamSynchronize, (void *stream))                                                         \
    F(cuEventCreate, (void **event, unsigned flags))                                               \
    F(cuEventDestroy_v2, (void *event))                                                            \
    F(cuEventRecord, (void *event, void *stream))                                                  \
    F(cuEventSynchronize, (void *event))                                                           \
    F(cuEventElapsedTime, (float *ms, void *first, void *last))                                    \
    F(cuMemAlloc_v2, (uint64_t * address, size_t bytes))                                           \
    F(cuMemFree_v2, (uint64_t address))                                                            \
    F(cuMemcpyHtoDAsync_v2, (uint64_t to, const void *from, size_t bytes, void *stream))           \
    F(cuMemcpyDtoHAsync_v2, (void *to, uint64_t from, size_t bytes, void *stream))                 \
    F(cuMemcpyDtoDAsync_v2, (uint64_t to, uint64_t from, size_t bytes, void *stream))              \
    F(cuMemsetD8Async, (uint64_t to, unsigned char value, size_t bytes, void *stream))             \
    F(cuMemHostRegister_v2, (void *memory, size_t bytes, unsigned flags))                          \
    F(cuMemHostUnregister, (void *memory))                                                         \
    F(cuMemHostGetDevicePointer_v2, (uint64_t * address, void *memory, unsigned flags))

#define CUDA_BLAS_GEMM(real)                                                                       \
    (void *handle, int transpose_a, int transpose_b, int m, int n, int k, const real *alpha,       \
     const real *a, int lda, long long stride_a, const real *b, int ldb, long long stride_b,       \
     const real *beta, real *c, int ldc, long long stride_c, int batch)

#define CUDA_BLAS(F)                                                                               \
    F(cublasCreate_v2, (void **handle))                                                            \
    F(cublasDestroy_v2, (void *handle))                                                            \
    F(cublasSetStream_v2, (void *handle, void *stream))                                            \
    F(cublasSetWorkspace_v2, (void *handle, void *memory, size_t bytes))                           \
    F(cublasSetMathMode, (void *handle, int mode))                                                 \
    F(cublasGetVersion_v2, (void *handle, int *version))                                           \
    F(cublasSgemmStridedBatched, CUDA_BLAS_GEMM(float))                                            \
    F(cublasDgemmStridedBatched, CUDA_BLAS_GEMM(double))

#define CUDA_FFT(F)                                                                                \
    F(cufftGetVersion, (int *version))                                                             \
    F(cufftCreate, (int *plan))                                                                    \
    F(cufftDestroy, (int plan))                                                                    \
    F(cufftSetAutoAllocation, (int plan, int automatic))                                           \
    F(cufftSetStream, (int plan, void *stream))                                                    \
    F(cufftSetWorkArea, (int plan, void *memory))                                                  \
    F(cufftMakePlanMany,                                                                           \
      (int plan, int rank, int *sizes, int *in_embed, int in_stride, int in_distance,              \
       int *out_embed, int out_stride, int out_distance, int type, int batch, size_t *bytes))      \
    F(cufftExecC2C, (int plan, void *in, void *out, int direction))                                \
    F(cufftExecZ2Z, (int plan, void *in, void *out, int direction))                                \
    F(cufftExecR2C, (int plan, void *in, void *out))                                               \
    F(cufftExecD2Z, (int plan, void *in, void *out))                                               \
    F(cufftExecC2R, (int plan, void *in, void *out))                                               \
    F(cufftExecZ2D, (int plan, void *in, void *out))

#define CUDA_DNN_FIND                                                                              \
    (void *handle, void *first, void *second, void *convolution, void *third, int wanted,          \
     int *found, struct cuda_dnn_choice *choices)
#define CUDA_DNN_RUN                                                                               \
    (void *handle, const void *alpha, void *first_shape, const void *first, void *second_shape,    \
     const void *second, void *convolution, int algorithm, void *work, size_t work_bytes,          \
     const void *beta, void *out_shape, void *out)

#define CUDA_DNN(F)                                                                                \
    F(cudnnCreate, (void **handle))                                                                \
    F(cudnnDestroy, (void *handle))                                                                \
    F(cudnnSetStream, (void *handle, void *stream))                                                \
    F(cudnnCreateTensorDescriptor, (void **tensor))                                                \
    F(cudnnDestroyTensorDescriptor, (void *tensor))                                                \
    F(cudnnSetTensor4dDescriptor,                                                                  \
      (void *tensor, int layout, int type, int batch, int channels, int rows, int cols))           \
    F(cudnnCreateFilterDescriptor, (void **filter))                                                \
    F(cudnnDestroyFilterDescriptor, (void *filter))                                                \
    F(cudnnSetFilter4dDescriptor,                                                                  \
      (void *filter, int type, int layout, int out, int in, int rows, int cols))                   \
    F(cudnnCreateConvolutionDescriptor, (void **convolution))                                      \
    F(cudnnDestroyConvolutionDescriptor, (void *convolution))                                      \
    F(cudnnSetConvolution2dDescriptor,                                                             \
      (void *convolution, int pad_rows, int pad_cols, int stride_rows, int stride_cols,            \
       int dilation_rows, int dilation_cols, int mode, int type))                                  \
    F(cudnnSetConvolutionMathType, (void *convolution, int math))                                  \
    F(cudnnGetConvolutionForwardAlgorithm_v7, CUDA_DNN_FIND)                                       \
    F(cudnnGetConvolutionBackwardDataAlgorithm_v7, CUDA_DNN_FIND)                                  \
    F(cudnnGetConvolutionBackwardFilterAlgorithm_v7, CUDA_DNN_FIND)                                \
    F(cudnnConvolutionForward, CUDA_DNN_RUN)                                                       \
    F(cudnnConvolutionBackwardData, CUDA_DNN_RUN)                                                  \
    F(cudnnConvolutionBackwardFilter, CUDA_DNN_RUN)

/* What cuDNN thinks of an algorithm. */
struct cuda_dnn_choice {
    int algorithm;
    int status;
    float time;
    size_t memory;
    int determinism;
    int math;
    int reserved[3];
};

enum {
    CUDA_ERROR_MEMORY = 2,
    CUDA_ERROR_NO_GPU = 100,
    CUDA_ATTRIBUTE_MAJOR = 75, /* of the compute capability */
    CUDA_ATTRIBUTE_MINOR = 76,
    CUDA_HOST_MAPPED = 2,
    CUDA_STREAM_APART = 1, /* does not wait for the default stream */

    CUBLAS_NO_MEMORY = 3,
    CUBLAS_NORMAL = 0,
    CUBLAS_TRANSPOSED = 1,
    CUBLAS_PEDANTIC = 2, /* no TF32, no reduced precision */

    CUFFT_NO_MEMORY = 2,
    CUFFT_FORWARD_SIGN = -1,
    CUFFT_INVERSE_SIGN = 1,
    CUFFT_TYPE_R2C = 0x2a,
    CUFFT_TYPE_C2R = 0x2c,
    CUFFT_TYPE_C2C = 0x29,
    CUFFT_TYPE_D2Z = 0x6a,
    CUFFT_TYPE_Z2D = 0x6c,
    CUFFT_TYPE_Z2Z = 0x69,

    CUDNN_NO_HOST_MEMORY = 4003,
    CUDNN_NO_DEVICE_MEMORY = 4004,
    CUDNN_NCHW = 0,
    CUDNN_FLOAT = 0,
    CUDNN_DOUBLE = 1,
    CUDNN_CORRELATION = 1,
    CUDNN_REPRODUCIBLE = 1,
    CUDNN_DEFAULT = 0, /* kinds of arithmetic: neither of these two rounds to TF32 under FMA */
    CUDNN_FMA = 3,
    CUDNN_IMPLICIT_GEMM = 0,
    CUDNN_IMPLICIT_PRECOMPUTED_GEMM = 1,
    CUDNN_EXPLICIT_GEMM = 2,
    CUDNN_DATA_1 = 1,
    CUDNN_FILTER_1 = 1,
};

#define CUDA_MEMBER(name, parameters) int(*name) parameters;

struct cuda_api {
    CUDA_DRIVER(CUDA_MEMBER)
    CUDA_BLAS(CUDA_MEMBER)
    CUDA_FFT(CUDA_MEMBER)
    CUDA_DNN(CUDA_MEMBER)
    size_t (*cudnnGetVersion)(void);
    bool has_dnn; /* cuDNN may be missing: convolutions are then computed by own kernels */
};

/*
 * Opens the libraries, once per process: they are never closed, since they cannot be unloaded.
 * NULL with the reason where the driver, cuBLAS or cuFFT is missing. [any thread]
 */
const struct cuda_api *cuda_api_open(char *ret_reason, size_t reason_size);

#endif

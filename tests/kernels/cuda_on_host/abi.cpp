/* SPDX-License-Identifier: MIT */
/*
 * The calls and enumerators that plugins/kernels_cuda/api.h restates, held against the headers of
 * an installed toolkit: compiling this is the test. Linked with its libraries it also shows that
 * they have all the functions.
 */
#include <cstddef>
#include <cublas_v2.h>
#include <cuda.h>
#include <cudnn.h>
#include <cufft.h>
#include <type_traits>

#include "kernels_cuda/api.h"

/* Passed in the same way: pointers are pointers, and numbers have the same size and kind. */
template <class A, class B>
constexpr bool alike = sizeof(A) == sizeof(B) &&
                       std::is_pointer_v<A> == std::is_pointer_v<B> &&std::is_floating_point_v<A> ==
                           std::is_floating_point_v<B>;

template <class R, class... A, class S, class... B> constexpr bool agree(R (*)(A...), S (*)(B...))
{
    if constexpr (sizeof...(A) == sizeof...(B)) {
        return alike<R, S> && (alike<A, B> && ...);
    }
    return false;
}

#define AGREES(name, parameters)                                                                   \
    static_assert(agree(decltype(cuda_api::name)(nullptr), decltype (&::name)(nullptr)), #name);
CUDA_DRIVER(AGREES)
CUDA_BLAS(AGREES)
CUDA_FFT(AGREES)
CUDA_DNN(AGREES)
AGREES(cudnnGetVersion, )

#define SAME(ours, theirs) static_assert((int)(ours) == (int)(theirs), #theirs)
SAME(CUDA_ERROR_MEMORY, CUDA_ERROR_OUT_OF_MEMORY);
SAME(CUDA_ATTRIBUTE_MAJOR, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR);
SAME(CUDA_ATTRIBUTE_MINOR, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR);
SAME(CUDA_HOST_MAPPED, CU_MEMHOSTREGISTER_DEVICEMAP);
SAME(CUDA_STREAM_APART, CU_STREAM_NON_BLOCKING);
SAME(CUBLAS_NO_MEMORY, CUBLAS_STATUS_ALLOC_FAILED);
SAME(CUBLAS_NORMAL, CUBLAS_OP_N);
SAME(CUBLAS_TRANSPOSED, CUBLAS_OP_T);
SAME(CUBLAS_PEDANTIC, CUBLAS_PEDANTIC_MATH);
SAME(CUFFT_NO_MEMORY, CUFFT_ALLOC_FAILED);
SAME(CUFFT_FORWARD_SIGN, CUFFT_FORWARD);
SAME(CUFFT_INVERSE_SIGN, CUFFT_INVERSE);
SAME(CUFFT_TYPE_R2C, CUFFT_R2C);
SAME(CUFFT_TYPE_C2R, CUFFT_C2R);
SAME(CUFFT_TYPE_C2C, CUFFT_C2C);
SAME(CUFFT_TYPE_D2Z, CUFFT_D2Z);
SAME(CUFFT_TYPE_Z2D, CUFFT_Z2D);
SAME(CUFFT_TYPE_Z2Z, CUFFT_Z2Z);
SAME(CUDNN_NO_HOST_MEMORY, CUDNN_STATUS_INTERNAL_ERROR_HOST_ALLOCATION_FAILED);
SAME(CUDNN_NO_DEVICE_MEMORY, CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED);
SAME(CUDNN_NCHW, CUDNN_TENSOR_NCHW);
SAME(CUDNN_FLOAT, CUDNN_DATA_FLOAT);
SAME(CUDNN_DOUBLE, CUDNN_DATA_DOUBLE);
SAME(CUDNN_CORRELATION, CUDNN_CROSS_CORRELATION);
SAME(CUDNN_REPRODUCIBLE, CUDNN_DETERMINISTIC);
SAME(CUDNN_DEFAULT, CUDNN_DEFAULT_MATH);
SAME(CUDNN_FMA, CUDNN_FMA_MATH);
SAME(CUDNN_IMPLICIT_GEMM, CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_GEMM);
SAME(CUDNN_IMPLICIT_PRECOMPUTED_GEMM, CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_PRECOMP_GEMM);
SAME(CUDNN_EXPLICIT_GEMM, CUDNN_CONVOLUTION_FWD_ALGO_GEMM);
SAME(CUDNN_DATA_1, CUDNN_CONVOLUTION_BWD_DATA_ALGO_1);
SAME(CUDNN_FILTER_1, CUDNN_CONVOLUTION_BWD_FILTER_ALGO_1);

#define SAME_PLACE(name, theirs)                                                                   \
    static_assert(offsetof(cuda_dnn_choice, name) ==                                               \
                      offsetof(cudnnConvolutionFwdAlgoPerf_t, theirs),                             \
                  #theirs)
SAME_PLACE(algorithm, algo);
SAME_PLACE(status, status);
SAME_PLACE(memory, memory);
SAME_PLACE(determinism, determinism);
SAME_PLACE(math, mathType);
static_assert(sizeof(cuda_dnn_choice) == sizeof(cudnnConvolutionFwdAlgoPerf_t));
static_assert(sizeof(cuda_dnn_choice) == sizeof(cudnnConvolutionBwdDataAlgoPerf_t));
static_assert(sizeof(cuda_dnn_choice) == sizeof(cudnnConvolutionBwdFilterAlgoPerf_t));

#define ADDRESS(name, parameters) reinterpret_cast<const void *>(&::name),
extern const void *const functions[];
const void *const functions[] = {CUDA_DRIVER(ADDRESS) CUDA_BLAS(ADDRESS) CUDA_FFT(ADDRESS)
                                     CUDA_DNN(ADDRESS) ADDRESS(cudnnGetVersion, )};

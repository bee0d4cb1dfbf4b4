/* SPDX-License-Identifier: MIT */
#include "device.h"

template <class T> static __device__ void finish(const finish_args &args)
{
    each(args.outer * args.inner * args.rows * args.cols, [=](uint64_t i) {
        division row = divide(i, args.cols), matrix = divide(row.quotient, args.rows);
        division batch = divide(matrix.quotient, args.inner);
        T *c = out<T>(args.c) + batch.quotient * args.stride_outer +
               batch.remainder * args.stride_inner + matrix.remainder * args.ld + row.remainder;
        T value = args.beta != 0 ? T(args.beta) * *c : T(0);
        if (args.bias) {
            value += in<T>(
                args.bias)[args.channels > 0 ? matrix.remainder % args.channels : row.remainder];
        }
        *c = args.relu && value < 0 ? T(0) : value;
    });
}
TYPED_KERNEL(KERNEL, finish, finish_args)

/*
 * Convolution without cuDNN: one thread per element that is written, its terms in ascending order.
 * For shapes that cuDNN has no reproducible algorithm for, and where it is not installed.
 */
template <class T>
static __device__ T forward_sum(const convolve_args &args, uint64_t b, uint64_t o, int64_t r,
                                int64_t q)
{
    const T *filter =
        in<T>(args.filter) + o * args.in_channels * args.kernel_rows * args.kernel_cols;
    T sum = 0;

    for (uint64_t c = 0; c < args.in_channels; c++) {
        const T *plane =
            in<T>(args.input) + (b * args.in_channels + c) * args.in_rows * args.in_cols;
        for (int64_t i = 0; i < args.kernel_rows; i++) {
            int64_t y = r * args.stride_rows + i - args.pad_rows;
            for (int64_t j = 0; j < args.kernel_cols; j++, filter++) {
                int64_t x = q * args.stride_cols + j - args.pad_cols;
                if (y >= 0 && x >= 0 && y < (int64_t)args.in_rows && x < (int64_t)args.in_cols) {
                    sum += plane[y * (int64_t)args.in_cols + x] * *filter;
                }
            }
        }
    }
    return sum;
}

/* The place of the output that tap i sees place y from, or -1. */
static __device__ inline int64_t seen_from(int64_t y, int64_t i, int64_t stride, uint64_t n)
{
    int64_t shifted = y - i;

    return shifted >= 0 && shifted % stride == 0 && shifted / stride < (int64_t)n ? shifted / stride
                                                                                  : -1;
}

template <class T>
static __device__ T data_sum(const convolve_args &args, uint64_t b, uint64_t c, int64_t y,
                             int64_t x)
{
    T sum = 0;

    for (uint64_t o = 0; o < args.out_channels; o++) {
        const T *plane = in<T>(args.output) + (b * args.out_channels + o) * args.rows * args.cols;
        const T *filter =
            in<T>(args.filter) + (o * args.in_channels + c) * args.kernel_rows * args.kernel_cols;
        for (int64_t i = 0; i < args.kernel_rows; i++) {
            int64_t r = seen_from(y + args.pad_rows, i, args.stride_rows, args.rows);
            for (int64_t j = 0; j < args.kernel_cols; j++, filter++) {
                int64_t q = seen_from(x + args.pad_cols, j, args.stride_cols, args.cols);
                if (r >= 0 && q >= 0) {
                    sum += plane[r * (int64_t)args.cols + q] * *filter;
                }
            }
        }
    }
    return sum;
}

template <class T>
static __device__ T filter_sum(const convolve_args &args, uint64_t o, uint64_t c, int64_t i,
                               int64_t j)
{
    double sum = 0;

    for (uint64_t b = 0; b < args.batch; b++) {
        const T *from =
            in<T>(args.input) + (b * args.in_channels + c) * args.in_rows * args.in_cols;
        const T *plane = in<T>(args.output) + (b * args.out_channels + o) * args.rows * args.cols;
        for (int64_t r = 0; r < (int64_t)args.rows; r++) {
            int64_t y = r * args.stride_rows + i - args.pad_rows;
            for (int64_t q = 0; q < (int64_t)args.cols && y >= 0 && y < (int64_t)args.in_rows;
                 q++) {
                int64_t x = q * args.stride_cols + j - args.pad_cols;
                if (x >= 0 && x < (int64_t)args.in_cols) {
                    sum += (double)from[y * (int64_t)args.in_cols + x] *
                           (double)plane[r * (int64_t)args.cols + q];
                }
            }
        }
    }
    return T(sum);
}

template <class T> static __device__ void convolve(const convolve_args &args)
{
    uint64_t rows = args.rows, cols = args.cols, channels = args.out_channels;
    void *target = args.output;

    if (args.direction == FW_CONV_BACKWARD_DATA) {
        rows = args.in_rows;
        cols = args.in_cols;
        channels = args.in_channels;
        target = args.input;
    } else if (args.direction == FW_CONV_BACKWARD_FILTER) {
        rows = (uint64_t)args.kernel_rows;
        cols = (uint64_t)args.kernel_cols;
        channels = args.in_channels;
        target = args.filter;
    }
    each(args.n, [=](uint64_t at) {
        division col = divide(at, cols), row = divide(col.quotient, rows);
        division channel = divide(row.quotient, channels);
        int64_t r = (int64_t)row.remainder, q = (int64_t)col.remainder;
        uint64_t first = channel.quotient, second = channel.remainder;
        T sum = args.direction == FW_CONV_FORWARD ? forward_sum<T>(args, first, second, r, q)
                : args.direction == FW_CONV_BACKWARD_DATA
                    ? data_sum<T>(args, first, second, r, q)
                    : filter_sum<T>(args, first, second, r, q);
        T *to = out<T>(target) + at;
        sum = T(args.alpha) * sum + (args.beta != 0 ? T(args.beta) * *to : T(0));
        sum += args.bias ? in<T>(args.bias)[second] : T(0);
        *to = args.relu && sum < 0 ? T(0) : sum;
    });
}
TYPED_KERNEL(KERNEL, convolve, convolve_args)

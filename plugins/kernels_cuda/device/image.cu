/* SPDX-License-Identifier: MIT */
#include "device.h"

template <class T> static __device__ void fft_point(const fft_point_args &args)
{
    each(args.n, [=](uint64_t i) {
        const T *from = in<T>(args.in) + i * args.in_parts;
        T *to = out<T>(args.out) + i * args.out_parts;
        T imaginary = args.in_parts > 1 ? from[1] : T(0);
        to[0] = from[0] * T(args.scale);
        if (args.out_parts > 1) {
            to[1] = imaginary * T(args.scale);
        }
    });
}
TYPED_KERNEL(KERNEL, fft_point, fft_point_args)

template <class T> static __device__ void box_sum(const box_sum_args &args)
{
    uint64_t rows = args.rows - args.window + 1, cols = args.cols - args.window + 1;

    each(args.n, [=](uint64_t i) {
        division row = divide(i, cols), image = divide(row.quotient, rows);
        uint64_t at = (image.quotient * args.rows + image.remainder) * args.cols + row.remainder;
        double sum = 0;
        for (uint64_t r = 0; r < args.window; r++, at += args.cols) {
            for (uint64_t q = 0; q < args.window; q++) {
                double a = (double)in<T>(args.a)[at + q];
                sum += args.b ? a * (double)in<T>(args.b)[at + q] : a;
            }
        }
        store(args.out, args.out_type, i, sum);
    });
}
TYPED_KERNEL(KERNEL, box_sum, box_sum_args)

/* A place as a whole pixel and how much of it is the next one's. What is not a number or far away
 * is outside. */
struct place {
    int64_t whole;
    double fraction;
};

static __device__ inline place split(double at)
{
    double whole = floor(at);

    if (!(fabs(at) < 1e15)) {
        return {INT64_MIN / 2, 0};
    }
    return {(int64_t)whole, at - whole};
}

template <class T>
static __device__ inline double sample(const patches_args &args, int64_t row, int64_t col,
                                       uint64_t part)
{
    if (row < 0 || col < 0 || row >= (int64_t)args.rows || col >= (int64_t)args.cols) {
        return 0;
    }
    return (double)in<T>(
        args.image)[((uint64_t)row * args.cols + (uint64_t)col) * args.parts + part];
}

template <class T> static __device__ void gather(const patches_args &args)
{
    each(args.n * args.side * args.side * args.parts, [=](uint64_t i) {
        division pixel = divide(i, args.parts), col = divide(pixel.quotient, args.side);
        division row = divide(col.quotient, args.side);
        uint64_t patch = row.quotient, part = pixel.remainder;
        place down = split(args.at[2 * patch]), right = split(args.at[2 * patch + 1]);
        int64_t r = down.whole + (int64_t)row.remainder, q = right.whole + (int64_t)col.remainder;
        double upper = (1 - right.fraction) * sample<T>(args, r, q, part) +
                       right.fraction * sample<T>(args, r, q + 1, part);
        double lower = (1 - right.fraction) * sample<T>(args, r + 1, q, part) +
                       right.fraction * sample<T>(args, r + 1, q + 1, part);
        out<T>(args.patches)[i] = T((1 - down.fraction) * upper + down.fraction * lower);
    });
}
TYPED_KERNEL(KERNEL, gather, patches_args)

/* What the four pixels of a patch around (r, q) spread onto it, one after the other. */
template <class T>
static __device__ void stitch_patch(const patches_args &args, uint64_t patch, int64_t r, int64_t q,
                                    double *sum)
{
    place down = split((double)args.front + args.at[2 * patch]);
    place right = split((double)args.front + args.at[2 * patch + 1]);
    int64_t row = r - down.whole, col = q - right.whole, crop = (int64_t)args.crop;

    if (row < 0 || col < 0 || row > crop || col > crop) {
        return;
    }
    for (int corner = 3; corner >= 0; corner--) {
        int64_t i = row - corner / 2, j = col - corner % 2;
        double share = (corner / 2 ? down.fraction : 1 - down.fraction) *
                       (corner % 2 ? right.fraction : 1 - right.fraction);
        if (i < 0 || j < 0 || i >= crop || j >= crop || share == 0) {
            continue;
        }
        uint64_t from =
            (patch * args.side + args.front + (uint64_t)i) * args.side + args.front + (uint64_t)j;
        for (uint32_t part = 0; part < args.parts; part++) {
            sum[part] += share * (double)in<T>(args.patches)[from * args.parts + part];
        }
        sum[2] += share;
    }
}

/* A pixel gathers from all patches in turn, so that no two threads write to one place and chunks
 * of patches give the bits of all at once. */
template <class T> static __device__ void stitch(const patches_args &args)
{
    each(args.rows * args.cols, [=](uint64_t i) {
        division at = divide(i, args.cols);
        double *image = out<double>(args.image) + i * args.parts;
        double sum[3] = {image[0], args.parts > 1 ? image[1] : 0, args.weight[i]};
        for (uint64_t patch = 0; patch < args.n; patch++) {
            stitch_patch<T>(args, patch, (int64_t)at.quotient, (int64_t)at.remainder, sum);
        }
        for (uint32_t part = 0; part < args.parts; part++) {
            image[part] = sum[part];
        }
        args.weight[i] = sum[2];
    });
}
TYPED_KERNEL(KERNEL, stitch, patches_args)

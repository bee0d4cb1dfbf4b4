/* SPDX-License-Identifier: MIT */
#ifndef FW_KERNELS_CUDA_ARGS_H
#define FW_KERNELS_CUDA_ARGS_H

#include <stdint.h>

/*
 * What each kernel takes: one struct, passed by value, the same in C on the host and in C++ on the
 * device. Kernels are named NAME_f32 and NAME_f64 after the elements that they work on; those of
 * KERNELS_BARE have no type. Addresses are the device's.
 */
#define KERNELS_TYPED(K)                                                                           \
    K(map)                                                                                         \
    K(affine)                                                                                      \
    K(turn)                                                                                        \
    K(random)                                                                                      \
    K(update)                                                                                      \
    K(sums)                                                                                        \
    K(extremes)                                                                                    \
    K(join_sums)                                                                                   \
    K(normalise)                                                                                   \
    K(denormalise)                                                                                 \
    K(layer_norm)                                                                                  \
    K(layer_norm_back)                                                                             \
    K(pool)                                                                                        \
    K(pool_back)                                                                                   \
    K(softmax)                                                                                     \
    K(finish)                                                                                      \
    K(convolve)                                                                                    \
    K(fft_point)                                                                                   \
    K(box_sum)                                                                                     \
    K(gather)                                                                                      \
    K(stitch)                                                                                      \
    K(sort_keys)

#define KERNELS_BARE(K)                                                                            \
    K(copy)                                                                                        \
    K(random_index)                                                                                \
    K(join_extremes)                                                                               \
    K(sort_merge)                                                                                  \
    K(sort_ranks)                                                                                  \
    K(resample)                                                                                    \
    K(resample_auc)

/* Threads of a block, in every kernel. */
#define BLOCK_THREADS 256

/* Element types are those of fw/element.h. */

struct map_args {
    uint64_t n;
    double alpha;
    double beta;
    const void *a;
    const void *b;
    const void *c;
    void *out;
    uint32_t kind; /* FW_MAP_ */
};

struct affine_args {
    uint64_t n;
    uint64_t channels;
    uint64_t inner;
    const void *terms[3];
    const void *factors[3];
    const void *constant;
    void *out;
};

struct copy_args {
    uint64_t n;
    uint64_t shape[4];
    uint64_t in_stride[4];
    uint64_t out_stride[4];
    const void *in;
    void *out;
    uint32_t in_type;
    uint32_t out_type;
};

/* Planes of rows x cols in which neighbours lie in columns on one side, and in rows on the other.
 */
struct turn_args {
    uint64_t rows;
    uint64_t cols;
    uint64_t in_row;  /* elements from one row of `in` to the next */
    uint64_t out_col; /* from one column of `out` to the next */
    uint64_t planes[2];
    uint64_t in_plane[2];
    uint64_t out_plane[2];
    const void *in;
    void *out;
};

/* A side of the tiles that planes are cut into. */
#define TURN_TILE 32

struct random_args {
    uint64_t seed;
    uint64_t first;
    uint64_t n;
    uint64_t limit;
    double p;
    double kept;
    void *out;
    uint32_t kind; /* FW_RANDOM_ */
};

struct update_args {
    uint64_t n;
    double rate; /* ADAM: over its correction */
    double beta1;
    double beta2;
    double root; /* 1 / sqrt(correction of v) */
    double epsilon;
    double decay;  /* added to the gradient */
    double shrink; /* multiplies w */
    double scale;
    void *w;
    const void *g;
    void *m;
    void *v;
    uint32_t first; /* the step: m = g */
};

enum {                      /* What is summed, two sums at a time. */
       SUMS_PLAIN = 10,     /* a */
       SUMS_DOT = 11,       /* a * b */
       SUMS_NONFINITE = 12, /* 1 where a is NaN or infinite */
       SUMS_MOMENTS = 13,   /* a - shift, its square; shift is the channel's first element */
       SUMS_SLOPES = 14,    /* b, b * (a - mean of the channel) */
       SUMS_ROWS = 15       /* b, b * (a - mean of the row) * root of the row; inner is 1 */
};

struct sums2 {
    double first;
    double second;
};

struct extreme {
    double value;
    int64_t index; /* -1: there was nothing */
};

/* Over outer and inner of [outer][channels][inner], in pieces of `length` of a channel's
 * outer * inner elements, each a block's, which are then joined in a fixed order. */
struct reduce_args {
    uint64_t outer;
    uint64_t channels;
    uint64_t inner;
    uint64_t length; /* of a piece: elements where inner is long, else rows of them */
    uint64_t pieces;
    uint32_t kind; /* SUMS_, or FW_REDUCE_ for extremes */
    uint32_t out_type;
    double alpha;
    double epsilon;
    const void *a;
    const void *b;
    const void *mean;
    const void *variance;
    void *partial; /* struct sums2 or struct extreme, [channels][pieces] */
    void *out;     /* reduce: of out_type; MOMENTS: the mean; SLOPES, ROWS: the gradient of beta */
    void *second;  /* MOMENTS: the variance; SLOPES, ROWS: the gradient of gamma; optional */
    struct sums2 *slopes; /* SLOPES: what `denormalise` needs, [channels] */
};

/* Channels with rows shorter than this are reduced side by side. */
#define REDUCE_SHORT 32
#define REDUCE_LANES 32

struct norm_args {
    uint64_t n;
    uint64_t channels;
    uint64_t inner;
    double epsilon;
    const void *x;
    const void *gamma;
    const void *beta;
    void *mean;
    void *variance;
    const void *dy;
    const struct sums2 *slopes; /* NULL: constant statistics */
    void *out;                  /* y or dx */
    uint32_t lanes;             /* layer norm: threads of a row, a power of two */
};

struct pool_args {
    uint64_t n; /* elements that are written */
    uint64_t in_rows;
    uint64_t in_cols;
    uint64_t rows;
    uint64_t cols;
    uint32_t kernel_rows;
    uint32_t kernel_cols;
    uint32_t stride_rows;
    uint32_t stride_cols;
    uint32_t pad_rows;
    uint32_t pad_cols;
    uint32_t kind;      /* FW_POOL_ */
    uint32_t direction; /* FW_POOL_FORWARD ... */
    void *x;
    void *y;
    int32_t *index;
};

struct softmax_args {
    uint64_t rows;
    uint64_t cols;
    double scale;
    void *x;
    void *y;
    const void *dy;
    const int32_t *label;
    void *loss;
    uint32_t kind;  /* FW_SOFTMAX_, FW_CROSS_ENTROPY_ */
    uint32_t lanes; /* threads of a row, a power of two */
};

/* c = post(beta * c + bias) over outer * inner matrices of rows x cols. */
struct finish_args {
    uint64_t outer;
    uint64_t inner;
    uint64_t stride_outer;
    uint64_t stride_inner;
    uint64_t rows;
    uint64_t cols;
    uint64_t ld;
    uint64_t channels; /* 0: bias by column; else by row modulo this */
    double beta;       /* 0: what was in c is not read */
    const void *bias;
    void *c;
    uint32_t relu;
};

struct convolve_args {
    uint64_t n; /* elements that are written */
    uint64_t batch;
    uint64_t in_channels;
    uint64_t in_rows;
    uint64_t in_cols;
    uint64_t out_channels;
    uint64_t rows;
    uint64_t cols;
    int64_t kernel_rows;
    int64_t kernel_cols;
    int64_t stride_rows;
    int64_t stride_cols;
    int64_t pad_rows;
    int64_t pad_cols;
    double alpha;
    double beta;
    const void *bias;
    void *input;
    void *filter;
    void *output;
    uint32_t direction; /* FW_CONV_ */
    uint32_t relu;
};

/* Transforms of one number each. */
struct fft_point_args {
    uint64_t n;
    double scale;
    const void *in;
    void *out;
    uint32_t in_parts; /* 1: real, 2: complex */
    uint32_t out_parts;
};

struct box_sum_args {
    uint64_t n;
    uint64_t rows; /* of the image */
    uint64_t cols;
    uint64_t window;
    const void *a;
    const void *b;
    void *out;
    uint32_t out_type;
};

struct patches_args {
    uint64_t n;
    uint64_t side;
    uint64_t crop;
    uint64_t front;
    uint64_t rows;
    uint64_t cols;
    uint32_t parts;
    const double *at;
    void *patches;
    void *image;
    double *weight;
};

struct sort_item {
    uint64_t key; /* ascending like the number; NaN last, -0 as 0 */
    uint32_t index;
    uint32_t reserved;
};

struct sort_args {
    uint64_t rows;
    uint64_t n;
    uint64_t width; /* of the runs that are sorted already */
    const void *x;
    struct sort_item *from;
    struct sort_item *to;
    double *out;
};

struct bootstrap_args {
    uint64_t models;
    uint64_t n;
    uint64_t block;
    uint64_t blocks; /* of a resample */
    uint64_t first;
    uint64_t resamples;
    uint64_t seed;
    const struct sort_item *order; /* [models][n] */
    const int32_t *label;
    uint32_t *counts; /* [resamples][n], zeroed: how often each sample was drawn */
    uint32_t *below;  /* [resamples][models][n + 1]: negatives drawn before each place */
    double *out;
};

#endif

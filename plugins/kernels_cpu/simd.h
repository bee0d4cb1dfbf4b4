/* SPDX-License-Identifier: MIT */
#ifndef FW_KERNELS_SIMD_H
#define FW_KERNELS_SIMD_H

#include <stdint.h>

#include <stdbool.h>

/*
 * The inner loops, once per instruction set and element type. Their arrays are of that type;
 * counts, strides and offsets are in elements.
 */

/* The inner dimension of a product: n_runs runs of `length` steps. A goes on from run to run, B
 * begins each at b + offset[run]. */
struct simd_walk {
    uint64_t n_runs;
    uint64_t length;
    const uint64_t *offset;
    uint64_t a_step;
    uint64_t b_step;
    uint64_t
        vectors; /* of B that are wanted, at most nr / lanes: the rest of the tile is not written */
};

/* to[k * width + i] = from[i * stride + k * k_stride] for i < count, 0 for i up to width. */
struct simd_pack {
    const void *from;
    void *to;
    uint64_t stride;
    uint64_t k_stride;
    uint64_t count;
    uint64_t k;
    uint64_t width;
};

/* Where tiles go: c[i * row_stride + j * col_stride] = post(alpha * tile + beta * c + biases). */
struct simd_store {
    void *c;
    const void *row_bias; /* may be NULL */
    const void *col_bias; /* may be NULL */
    uint64_t rows;
    uint64_t cols;
    uint64_t row_stride;
    uint64_t col_stride;
    double alpha;
    double beta; /* 0: c is not read */
    bool relu;
};

/* The columns of a panel are runs of neighbouring pixels, copied a vector at a time. */
struct simd_move {
    uint64_t from;
    uint64_t to;
};

struct simd_gather {
    const void *from;
    void *to; /* [k][nr] and a vector of slack */
    const uint64_t *k_offset;
    uint64_t k;
    const struct simd_move *moves;
    uint64_t n_moves;
};

/* Rows of [rows][cols], with zeros around: column x of the result is at (x % step) * phase_cols +
 * x / step, so that every step-th is a neighbour. */
struct simd_pad {
    const void *from;
    void *to;
    int64_t first_row; /* of the source; may be negative */
    int64_t first_col;
    uint64_t rows; /* of the source */
    uint64_t cols;
    uint64_t out_rows;
    uint64_t step;
    uint64_t phase_cols;
};

/* One row of all channels with the channel last and zeros around: to[x * channels + c]. */
struct simd_lift {
    const void *from; /* the row in the first channel; NULL: a row of zeros */
    void *to;
    uint64_t channels;
    uint64_t plane; /* from channel to channel */
    uint64_t cols;  /* of the source */
    uint64_t out_cols;
    int64_t first_col; /* of the source; may be negative */
};

/* Sums of a filter's gradient, as tiles, to their places: the row of output channel `out`. */
struct simd_settle {
    const void *sums; /* [kernel_rows][panels][tiles][mr][nr], a panel's columns j * channels + c */
    void *to;         /* [channels][kernel_rows][kernel_cols] */
    uint64_t out;
    uint64_t tiles;
    uint64_t panels;
    uint64_t channels;
    uint64_t kernel_rows;
    uint64_t kernel_cols;
    double alpha;
    double beta;
};

/*
 * Winograd's F(2 x 2, 3 x 3), winograd.h: 16 points of a tile. `point` is the distance of a point's
 * values from the last one's.
 */

/* Tiles of one channel of an image from its padded copy (simd_pad, step 2): tile t of the chunk
 * goes to to[t / nr * panel + t % nr]. */
struct simd_wino_input {
    const void *from;
    void *to;
    uint64_t tile_rows;
    uint64_t tile_cols;
    uint64_t first; /* tile of the chunk */
    uint64_t point;
    uint64_t panel;
};

/* `count` filters of all channels: to[channel * mr + row], 0 for rows up to mr. */
struct simd_wino_filter {
    const void *from;
    void *to;
    const uint64_t *taps; /* the 9, from [row][channel] */
    uint64_t row_stride;
    uint64_t channel_stride;
    uint64_t count;
    uint64_t channels;
    uint64_t point;
};

/* Neighbouring tiles of one row of tiles: their pixels are at c + to, the second row `row` later.
 */
struct simd_wino_run {
    uint64_t tile; /* of the panel */
    uint64_t to;
    uint64_t rows; /* 1 or 2 */
    uint64_t cols;
};

/* A panel's sums of one channel, as pixels; store says what is done to them. */
struct simd_wino_output {
    const void *from;
    uint64_t point;
    const struct simd_wino_run *runs;
    uint64_t n_runs;
    uint64_t row;
    struct simd_store store;
};

/* One row of tiles of an image whose channel is last, `vectors` of its channels: to[tile * step].
 */
struct simd_wino_lifted {
    const void *from;
    void *to;
    uint64_t row;   /* from pixel row to pixel row */
    uint64_t pixel; /* from pixel to pixel */
    uint64_t tiles;
    uint64_t vectors;
    uint64_t step;
    uint64_t point;
};

/* The gradient of one output channel's filters: to[channel][9] = alpha * sums + beta * to. */
struct simd_wino_settle {
    const void *sums;
    void *to;
    uint64_t channels;
    uint64_t point;
    double alpha;
    double beta;
};

/* n elements of one FW_MAP_ kind. */
struct simd_map {
    uint32_t kind;
    uint64_t n;
    double alpha;
    double beta;
    const void *a;
    const void *b;
    const void *c;
    void *out;
};

/* out = sum of factors[t] * terms[t], + constant; an absent term is left out, an absent factor 1.
 * Coefficients are one per element, or one for all. */
struct simd_affine {
    uint64_t n;
    bool per_element;
    const void *terms[3];
    const void *factors[3];
    const void *constant;
    void *out;
};

struct simd_update {
    uint64_t n;
    bool first;
    bool decoupled;
    double rate;
    double beta1;
    double beta2;
    double epsilon;
    double decay;
    double scale;
    double correction1; /* 1 - beta1^step */
    double correction2;
    void *w;
    const void *g;
    void *m;
    void *v; /* NULL: SGD */
};

/* Numbers first ... first + n - 1 of SplitMix64 as reals in [0, 1); with `keep`, dropout's factors:
 * 0 where that is below p, else 1 / (1 - p). */
struct simd_uniform {
    uint64_t seed;
    uint64_t first;
    uint64_t n;
    bool keep;
    double p;
    void *out;
};

struct simd_extreme {
    double value;
    int64_t index; /* negative: of nothing */
};

/* gamma and beta are arrays where per_element holds; otherwise they are in scale and offset. */
struct simd_normalise {
    uint64_t n;
    bool per_element;
    double mean;
    double scale;
    double offset;
    double slope;
    const void *x;
    const void *dy;
    const void *gamma;
    const void *beta;
    void *y;
};

/* One plane. */
struct simd_pool {
    uint32_t kind;
    uint32_t direction;
    uint64_t in_rows;
    uint64_t in_cols;
    uint64_t rows;
    uint64_t cols;
    uint64_t kernel_rows;
    uint64_t kernel_cols;
    uint64_t stride_rows;
    uint64_t stride_cols;
    uint64_t pad_rows;
    uint64_t pad_cols;
    void *x;
    void *y;
    int32_t *index;
};

/* One row of windows. */
struct simd_box {
    uint64_t cols;
    uint64_t window;
    const void *a;
    const void *b;   /* NULL: 1 */
    double *columns; /* [cols] */
    double *sums;    /* [cols - window + 1] */
};

struct simd {
    const char *name;
    uint64_t element; /* bytes */
    uint64_t lanes;   /* elements of a vector */
    uint64_t mr;      /* a tile is [mr][nr] */
    uint64_t nr;

    /* The product of mr steps of A with nr steps of B: one chain of multiply-adds per element. */
    void (*tile)(const struct simd_walk *walk, const void *a, const void *b, void *ret_tile);
    void (*pack)(const struct simd_pack *pack);
    void (*store)(const struct simd_store *store, const void *tile);
    void (*gather)(const struct simd_gather *gather);
    void (*pad)(const struct simd_pad *pad);
    void (*lift)(const struct simd_lift *lift);
    void (*settle)(const struct simd_settle *settle);

    void (*wino_input)(const struct simd_wino_input *p);
    void (*wino_filter)(const struct simd_wino_filter *p);
    void (*wino_output)(const struct simd_wino_output *p);
    void (*wino_lifted_input)(const struct simd_wino_lifted *p);
    void (*wino_lifted_output)(const struct simd_wino_lifted *p); /* mr channels */
    void (*wino_settle)(const struct simd_wino_settle *p);

    void (*map)(const struct simd_map *map);
    void (*affine)(const struct simd_affine *affine);
    void (*update)(const struct simd_update *update);
    void (*uniform)(const struct simd_uniform *uniform);

    double (*sum)(const void *a, uint64_t n);
    double (*dot)(const void *a, const void *b, double shift, uint64_t n);
    void (*moments)(const void *x, double shift, uint64_t n, double ret_moments[2]);
    void (*extreme)(uint32_t kind, const void *a, uint64_t n, struct simd_extreme *best);
    double (*nonfinite)(const void *a, uint64_t n);
    void (*add_products)(const void *a, const void *b, double shift, uint64_t n, double *sums);
    void (*normalise)(const struct simd_normalise *p);
    void (*denormalise)(const struct simd_normalise *p);
    double (*exponentials)(const void *x, double scale, double top, uint64_t n, void *y);

    void (*pool)(const struct simd_pool *pool);
    void (*box_row)(const struct simd_box *box);
};

/* The best set that this processor has; FWRUN_KERNELS_ISA=v1 or v3 takes a lower one. */
void simd_choose(const struct simd **ret_f32, const struct simd **ret_f64);

#endif

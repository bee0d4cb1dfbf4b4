/* SPDX-License-Identifier: MIT */
#include "conv_filter.h"

#include <string.h>

/*
 * filter[o][c][i][j] is the sum over all pixels of output[o][pixel] * input[c][pixel moved by i,
 * j]. With the channel last, the columns (j, c) that one row i of the filter sees from a pixel lie
 * side by side in memory: they are the right side of a product whose steps are pixels, read in
 * place. Images are lifted into that order a chunk at a time; sums go on from chunk to chunk.
 */
#define FILTER_CHUNK_BYTES (UINT64_C(4) << 20)
/* Steps that are summed in registers before they are added to the sums so far: it keeps the
 * error of long sums down, and a strip of the input in the second cache. */
#define FILTER_STEPS 512
#define FILTER_TILES 8 /* of output channels in one task */

struct work {
    const struct fw_conv2d *op;
    const struct simd *simd;
    struct crew *crew;
    const char *input;
    const char *output;
    char *filter;
    uint64_t rows; /* of the output */
    uint64_t cols;
    uint64_t lifted_rows; /* of an input with its padding, as far as it is seen */
    uint64_t lifted_cols;
    uint64_t tiles;  /* of output channels */
    uint64_t panels; /* of columns (j, c) */
    uint64_t images; /* in a chunk, at most */
    uint64_t first;  /* image of this chunk */
    uint64_t count;  /* images of this chunk */
    char *lifted;    /* [image][lifted_rows][lifted_cols][in_channels] */
    char *packed;    /* [tile][image][pixel][mr] */
    char *sums;
    uint64_t *offsets; /* of the rows of the chunk in `lifted` */
};

static uint64_t smaller(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t ceiling(uint64_t n, uint64_t d)
{
    return n / d + (n % d != 0);
}

static void lift_row(void *arg, uint64_t task, uint32_t worker)
{
    const struct work *w = arg;
    const struct fw_conv2d *op = w->op;
    uint64_t plane = (uint64_t)op->in_rows * op->in_cols, image = w->first + task / w->lifted_rows;
    int64_t row = (int64_t)(task % w->lifted_rows) - (int64_t)op->pad_rows;
    struct simd_lift lift = {
        .to = w->lifted + task * w->lifted_cols * op->in_channels * w->simd->element,
        .channels = op->in_channels,
        .plane = plane,
        .cols = op->in_cols,
        .out_cols = w->lifted_cols,
        .first_col = -(int64_t)op->pad_cols,
    };

    (void)worker;
    if (row >= 0 && row < (int64_t)op->in_rows) {
        lift.from = w->input + (image * op->in_channels * plane + (uint64_t)row * op->in_cols) *
                                   w->simd->element;
    }
    w->simd->lift(&lift);
}

static void pack_tile(void *arg, uint64_t task, uint32_t worker)
{
    const struct work *w = arg;
    uint64_t mr = w->simd->mr, element = w->simd->element, pixels = w->rows * w->cols;
    uint64_t tile = task / w->count, image = task % w->count;
    struct simd_pack pack = {
        .from =
            w->output + ((w->first + image) * w->op->out_channels + tile * mr) * pixels * element,
        .to = w->packed + (tile * w->count + image) * pixels * mr * element,
        .stride = pixels,
        .k_stride = 1,
        .count = smaller(mr, w->op->out_channels - tile * mr),
        .k = pixels,
        .width = mr,
    };

    (void)worker;
    w->simd->pack(&pack);
}

static void add_tile(const struct work *w, uint64_t at, uint64_t cols, const void *tile)
{
    uint64_t mr = w->simd->mr, nr = w->simd->nr;
    struct simd_store store = {
        .c = w->sums + at * mr * nr * w->simd->element,
        .rows = mr,
        .cols = cols,
        .row_stride = nr,
        .col_stride = 1,
        .alpha = 1,
        .beta = 1,
    };

    w->simd->store(&store, tile);
}

/* One row i of the filter, one panel of its columns, some tiles of output channels. */
static void sum_panel(void *arg, uint64_t task, uint32_t worker)
{
    const struct work *w = arg;
    const struct fw_conv2d *op = w->op;
    uint64_t mr = w->simd->mr, element = w->simd->element;
    uint64_t groups = ceiling(w->tiles, FILTER_TILES), column = task / groups;
    uint64_t tile = task % groups * FILTER_TILES, end = smaller(tile + FILTER_TILES, w->tiles);
    uint64_t i = column / w->panels, panel = column % w->panels, n_rows = w->count * w->rows;
    uint64_t block = ceiling(FILTER_STEPS, w->cols);
    uint64_t columns = (uint64_t)op->kernel_cols * op->in_channels;
    const char *b =
        w->lifted + (i * w->lifted_cols * op->in_channels + panel * w->simd->nr) * element;
    void *scratch = crew_scratch(w->crew, worker);

    for (uint64_t row = 0; row < n_rows; row += block) {
        struct simd_walk walk = {
            .n_runs = smaller(block, n_rows - row),
            .length = w->cols,
            .offset = w->offsets + row,
            .a_step = mr,
            .b_step = (uint64_t)op->stride_cols * op->in_channels,
            .vectors = smaller(ceiling(columns - panel * w->simd->nr, w->simd->lanes),
                               w->simd->nr / w->simd->lanes),
        };
        for (uint64_t t = tile; t < end; t++) {
            const char *a = w->packed + (t * n_rows + row) * w->cols * mr * element;
            w->simd->tile(&walk, a, b, scratch);
            add_tile(w, column * w->tiles + t, walk.vectors * w->simd->lanes, scratch);
        }
    }
}

static void settle_row(void *arg, uint64_t task, uint32_t worker)
{
    const struct work *w = arg;
    const struct fw_conv2d *op = w->op;
    uint64_t row = (uint64_t)op->in_channels * op->kernel_rows * op->kernel_cols;
    struct simd_settle settle = {
        .sums = w->sums,
        .to = w->filter + task * row * w->simd->element,
        .out = task,
        .tiles = w->tiles,
        .panels = w->panels,
        .channels = op->in_channels,
        .kernel_rows = op->kernel_rows,
        .kernel_cols = op->kernel_cols,
        .alpha = op->alpha,
        .beta = op->beta,
    };

    (void)worker;
    w->simd->settle(&settle);
}

static void run(struct work *w)
{
    const struct fw_conv2d *op = w->op;
    uint64_t row = w->lifted_cols * op->in_channels, groups = ceiling(w->tiles, FILTER_TILES);

    for (uint64_t r = 0; r < w->images * w->rows; r++) {
        w->offsets[r] = (r / w->rows * w->lifted_rows + r % w->rows * op->stride_rows) * row;
    }
    for (w->first = 0; w->first < op->batch; w->first += w->images) {
        w->count = smaller(w->images, op->batch - w->first);
        crew_run(w->crew, w->count * w->lifted_rows, lift_row, w);
        crew_run(w->crew, w->count * w->tiles, pack_tile, w);
        crew_run(w->crew, op->kernel_rows * w->panels * groups, sum_panel, w);
    }
    crew_run(w->crew, op->out_channels, settle_row, w);
}

static fw_status run_with_memory(struct fw_kernels_session *session, struct work *w)
{
    const struct simd *simd = w->simd;
    uint64_t tile = simd->mr * simd->nr * simd->element;
    uint64_t lifted = w->lifted_rows * w->lifted_cols * w->op->in_channels * simd->element;
    uint64_t packed = w->tiles * simd->mr * w->rows * w->cols * simd->element;
    uint64_t slack = simd->nr * simd->element;

    w->images = FILTER_CHUNK_BYTES / (lifted + packed);
    w->images = smaller(w->images > 0 ? w->images : 1, w->op->batch);
    const uint64_t bytes[] = {w->op->kernel_rows * w->panels * w->tiles * tile,
                              lifted * w->images + slack, packed * w->images,
                              w->images * w->rows * sizeof *w->offsets};
    char *rooms[4];
    fw_status status = session_rooms(session, "conv2d", tile, bytes, 4, rooms);
    if (status != FW_OK) {
        return status;
    }
    w->sums = rooms[0];
    w->lifted = rooms[1];
    w->packed = rooms[2];
    w->offsets = (uint64_t *)(void *)rooms[3];
    memset(w->sums, 0, bytes[0]);
    run(w);
    return FW_OK;
}

fw_status conv_filter(struct fw_kernels_session *session, const struct fw_conv2d *op,
                      const struct fw_conv2d_at *at)
{
    const struct simd *simd = session_simd(session, op->dtype);
    struct work w = {
        .op = op,
        .simd = simd,
        .crew = session->crew,
        .input = at->input,
        .output = at->output,
        .filter = at->filter,
        .rows = at->rows,
        .cols = at->cols,
        .lifted_rows = (at->rows - 1) * op->stride_rows + op->kernel_rows,
        .lifted_cols = (at->cols - 1) * op->stride_cols + op->kernel_cols,
        .tiles = ceiling(op->out_channels, simd->mr),
        .panels = ceiling((uint64_t)op->kernel_cols * op->in_channels, simd->nr),
    };

    return op->out_channels == 0 || op->in_channels == 0 ? FW_OK : run_with_memory(session, &w);
}

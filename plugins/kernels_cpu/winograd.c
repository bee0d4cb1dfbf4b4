/* SPDX-License-Identifier: MIT */
#include "winograd.h"

/* The tiles of a chunk, transformed: what the third cache holds beside a filter. */
#define WINOGRAD_CHUNK_BYTES (UINT64_C(8) << 20)
#define WINOGRAD_FUSED_BYTES (UINT64_C(512) << 10) /* less: what a worker's second cache holds */
#define WINOGRAD_CHANNELS    16                    /* in one task of transforming images */
#define WINOGRAD_TILES       1024
#define WINOGRAD_ROWS        64 /* output channels in one task of multiplying */
/* Multiply-adds that transforming a tile of one channel takes as long as. */
#define WINOGRAD_TRANSFORM 160

struct winograd {
    const struct slide *slide;
    struct crew *crew;
    uint64_t tile_rows; /* of an image; rows of tiles are counted from the first image's on */
    uint64_t tile_cols;
    uint64_t group;     /* rows of tiles that one task transforms: they fill panels */
    uint64_t row_tiles; /* of output channels */
    uint64_t taps[9];   /* of the filter */
    char *filter;       /* [point][tile of rows][channel][mr] */
    uint64_t filter_point;
    char *input; /* [panel][point][channel][nr] */
    uint64_t input_point;
    uint64_t first_row; /* of tiles, of this chunk */
    uint64_t rows;
    uint64_t copy_bytes; /* of a worker: sums or padded rows, then, where `fused`, its own input */
    bool fused;          /* one worker transforms and multiplies while it is all in its cache */
};

static uint64_t smaller(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t ceiling(uint64_t n, uint64_t d)
{
    return n / d + (n % d != 0);
}

bool winograd_suits(uint64_t rows, uint64_t cols, uint64_t in_channels, uint64_t out_channels)
{
    uint64_t tiles = ceiling(rows, 2) * ceiling(cols, 2);
    uint64_t channels = in_channels + out_channels, products = in_channels * out_channels;

    return in_channels <= 2048 && out_channels <= 2048 && rows < 1 << 15 && cols < 1 << 15 &&
           tiles * (16 * products + WINOGRAD_TRANSFORM * channels) < rows * cols * 9 * products;
}

/* Vectors of slack in front of each point: points that are a power of two apart would evict each
 * other. */
static uint64_t point_size(const struct simd *simd, uint64_t values)
{
    return values + simd->nr;
}

static void transform_filter(void *arg, uint64_t tile, uint32_t worker)
{
    const struct winograd *w = arg;
    const struct slide *slide = w->slide;
    const struct simd *simd = slide->simd;
    uint64_t row = tile * simd->mr;
    struct simd_wino_filter filter = {
        .from = slide->filter + row * slide->filter_row * simd->element,
        .to = w->filter + row * slide->channels * simd->element,
        .taps = w->taps,
        .row_stride = slide->filter_row,
        .channel_stride = slide->filter_channel,
        .count = smaller(simd->mr, slide->store.rows - row),
        .channels = slide->channels,
        .point = w->filter_point,
    };

    (void)worker;
    simd->wino_filter(&filter);
}

/* Rows of tiles of one image that follow each other, `first` from the chunk's first one on. */
static void transform_rows(const struct winograd *w, uint64_t channel, uint64_t first,
                           uint64_t count, void *scratch)
{
    const struct slide *slide = w->slide;
    const struct simd *simd = slide->simd;
    uint64_t row = w->first_row + first, image = row / w->tile_rows;
    struct simd_pad pad = {
        .from = slide->input + (image * slide->channels + channel) * slide->in_rows *
                                   slide->in_cols * simd->element,
        .to = scratch,
        .first_row = slide->first_row + (int64_t)(2 * (row % w->tile_rows)),
        .first_col = slide->first_col,
        .rows = slide->in_rows,
        .cols = slide->in_cols,
        .out_rows = 2 * count + 2,
        .step = 2,
        .phase_cols = w->tile_cols + 1,
    };
    struct simd_wino_input input = {
        .from = scratch,
        .to = w->input + channel * simd->nr * simd->element,
        .tile_rows = count,
        .tile_cols = w->tile_cols,
        .first = first * w->tile_cols,
        .point = w->input_point,
        .panel = 16 * w->input_point,
    };

    simd->pad(&pad);
    simd->wino_input(&input);
}

/* Some channels of a group of rows: padded, then transformed while they are in the first cache. */
static void transform_group(void *arg, uint64_t task, uint32_t worker)
{
    const struct winograd *w = arg;
    uint64_t parts = ceiling(w->slide->channels, WINOGRAD_CHANNELS);
    uint64_t begin = task / parts * w->group, end = smaller(begin + w->group, w->rows);
    uint64_t channel = task % parts * WINOGRAD_CHANNELS;
    uint64_t last = smaller(channel + WINOGRAD_CHANNELS, w->slide->channels);

    for (; channel < last; channel++) {
        for (uint64_t row = begin, n; row < end; row += n) {
            n = smaller(w->tile_rows - (w->first_row + row) % w->tile_rows, end - row);
            transform_rows(w, channel, row, n, crew_scratch(w->crew, worker));
        }
    }
}

/* Where a panel's tiles lie in the result. */
static uint64_t list_runs(const struct winograd *w, uint64_t first, uint64_t count,
                          struct simd_wino_run *runs)
{
    const struct slide *slide = w->slide;
    uint64_t n = 0, length;

    for (uint64_t done = 0; done < count; done += length, n++) {
        uint64_t row = w->first_row + (first + done) / w->tile_cols;
        uint64_t image = row / w->tile_rows, y = row % w->tile_rows;
        uint64_t x = (first + done) % w->tile_cols;
        length = smaller(w->tile_cols - x, count - done);
        runs[n] = (struct simd_wino_run){
            .tile = done,
            .to = image * slide->out_image + 2 * y * slide->out_row + 2 * x,
            .rows = smaller(2, slide->rows - 2 * y),
            .cols = smaller(2 * length, slide->cols - 2 * x),
        };
    }
    return n;
}

static uint64_t sums_point(const struct simd *simd)
{
    return point_size(simd, WINOGRAD_ROWS * simd->nr);
}

static void store_rows(const struct winograd *w, uint64_t row, const char *sums,
                       struct simd_wino_output *output)
{
    const struct slide *slide = w->slide;
    const struct simd *simd = slide->simd;
    uint64_t end = smaller(row + WINOGRAD_ROWS, slide->store.rows);

    output->point = sums_point(simd);
    output->row = slide->out_row;
    for (; row < end; row++, sums += simd->nr * simd->element) {
        output->from = sums;
        output->store = slide->store;
        output->store.c = (char *)slide->store.c + row * slide->store.row_stride * simd->element;
        if (slide->store.row_bias != NULL) {
            output->store.row_bias = (const char *)slide->store.row_bias + row * simd->element;
        }
        simd->wino_output(output);
    }
}

/* One panel of tiles, some output channels, all points. */
static void multiply(void *arg, uint64_t task, uint32_t worker)
{
    static const uint64_t start = 0;
    const struct winograd *w = arg;
    const struct slide *slide = w->slide;
    const struct simd *simd = slide->simd;
    uint64_t groups = ceiling(slide->store.rows, WINOGRAD_ROWS), panel = task / groups;
    uint64_t row = task % groups * WINOGRAD_ROWS, tile = row / simd->mr;
    uint64_t last = smaller(tile + WINOGRAD_ROWS / simd->mr, w->row_tiles);
    uint64_t count = smaller(simd->nr, w->rows * w->tile_cols - panel * simd->nr);
    char *sums = crew_scratch(w->crew, worker);
    struct simd_wino_run *runs =
        (struct simd_wino_run *)(void *)(sums + 16 * sums_point(simd) * simd->element);
    struct simd_wino_output output = {.runs = runs};
    struct simd_walk walk = {
        .n_runs = 1,
        .length = slide->channels,
        .offset = &start,
        .a_step = simd->mr,
        .b_step = simd->nr,
        .vectors = ceiling(count, simd->lanes),
    };

    for (uint64_t point = 0; point < 16; point++) {
        const char *a = w->filter + point * w->filter_point * simd->element;
        const char *b = w->input + (panel * 16 + point) * w->input_point * simd->element;
        char *to = sums + point * sums_point(simd) * simd->element;
        for (uint64_t t = tile; t < last; t++, to += simd->mr * simd->nr * simd->element) {
            simd->tile(&walk, a + t * slide->channels * simd->mr * simd->element, b, to);
        }
    }
    output.n_runs = list_runs(w, panel * simd->nr, count, runs);
    store_rows(w, row, sums, &output);
}

static uint64_t greatest_divisor(uint64_t a, uint64_t b)
{
    return b == 0 ? a : greatest_divisor(b, a % b);
}

/* A chunk of this task's own. */
static void run_fused(void *arg, uint64_t task, uint32_t worker)
{
    struct winograd w = *(const struct winograd *)arg;
    uint64_t parts = ceiling(w.slide->channels, WINOGRAD_CHANNELS);
    uint64_t groups = ceiling(w.slide->store.rows, WINOGRAD_ROWS), panels;

    w.first_row = task * w.group;
    w.rows = smaller(w.group, w.rows - w.first_row);
    w.input = (char *)crew_scratch(w.crew, worker) + w.copy_bytes;
    panels = ceiling(w.rows * w.tile_cols, w.slide->simd->nr);
    for (uint64_t i = 0; i < parts; i++) {
        transform_group(&w, i, worker);
    }
    for (uint64_t i = 0; i < panels * groups; i++) {
        multiply(&w, i, worker);
    }
}

static void run_chunks(struct winograd *w)
{
    const struct slide *slide = w->slide;
    uint64_t parts = ceiling(slide->channels, WINOGRAD_CHANNELS), chunk = w->rows;
    uint64_t groups = ceiling(slide->store.rows, WINOGRAD_ROWS);
    uint64_t rows = slide->batch * w->tile_rows;

    for (w->first_row = 0; w->first_row < rows; w->first_row += chunk) {
        w->rows = smaller(chunk, rows - w->first_row);
        crew_run(w->crew, ceiling(w->rows, w->group) * parts, transform_group, w);
        crew_run(w->crew, ceiling(w->rows * w->tile_cols, slide->simd->nr) * groups, multiply, w);
    }
}

static uint64_t panel_bytes(const struct winograd *w)
{
    return 16 * w->input_point * w->slide->simd->element;
}

/* By the shape alone: whole panels where that is possible. */
static void cut_up(struct winograd *w)
{
    uint64_t nr = w->slide->simd->nr, unit = nr / greatest_divisor(nr, w->tile_cols);
    uint64_t rows = w->slide->batch * w->tile_rows, row_bytes = panel_bytes(w) * w->tile_cols / nr;

    w->group = unit;
    w->fused = row_bytes * unit <= WINOGRAD_FUSED_BYTES;
    if (unit * w->tile_cols > WINOGRAD_TILES) {
        w->group = 1;
    }
    while (!w->fused && w->group < 16 && w->group * w->tile_cols < WINOGRAD_TILES) {
        w->group += unit;
    }
    w->rows = rows;
    if (!w->fused) {
        w->rows = WINOGRAD_CHUNK_BYTES / row_bytes / w->group * w->group;
        w->rows = smaller(w->rows > 0 ? w->rows : w->group, rows);
    }
}

static fw_status run(struct fw_kernels_session *session, struct winograd *w)
{
    const struct simd *simd = w->slide->simd;
    uint64_t sums = 16 * sums_point(simd) * simd->element + simd->nr * sizeof(struct simd_wino_run);
    uint64_t copy = ((2 * w->group + 2) * 2 * (w->tile_cols + 1) + simd->nr) * simd->element;
    uint64_t input =
        ceiling((w->fused ? w->group : w->rows) * w->tile_cols, simd->nr) * panel_bytes(w);
    const uint64_t bytes[] = {16 * w->filter_point * simd->element, w->fused ? 0 : input};
    char *rooms[2];
    fw_status status;

    w->copy_bytes = ((copy > sums ? copy : sums) + 63) / 64 * 64;
    status =
        session_rooms(session, "conv2d", w->copy_bytes + (w->fused ? input : 0), bytes, 2, rooms);
    if (status != FW_OK) {
        return status;
    }
    w->filter = rooms[0];
    w->input = rooms[1];
    crew_run(w->crew, w->row_tiles, transform_filter, w);
    if (w->fused) {
        crew_run(w->crew, ceiling(w->rows, w->group), run_fused, w);
    } else {
        run_chunks(w);
    }
    return FW_OK;
}

fw_status winograd_slide(struct fw_kernels_session *session, const struct slide *slide)
{
    const struct simd *simd = slide->simd;
    struct winograd w = {
        .slide = slide,
        .crew = session->crew,
        .tile_rows = ceiling(slide->rows, 2),
        .tile_cols = ceiling(slide->cols, 2),
        .row_tiles = ceiling(slide->store.rows, simd->mr),
    };

    for (uint64_t t = 0; t < 9; t++) {
        w.taps[slide->taps[t].row * 3 + slide->taps[t].col] = slide->taps[t].filter;
    }
    w.filter_point = point_size(simd, w.row_tiles * simd->mr * slide->channels);
    w.input_point = point_size(simd, slide->channels * simd->nr);
    cut_up(&w);
    return run(session, &w);
}

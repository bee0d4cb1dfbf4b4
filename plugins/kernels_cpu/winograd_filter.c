/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "winograd.h"

/*
 * For each of the 16 points, the sum over all tiles of the output's times the input's values is a
 * product whose steps are tiles. Images are lifted into an order with the channel last, a band at a
 * time, and transformed; sums go on from chunk to chunk.
 */
#define FILTER_CHUNK_BYTES (UINT64_C(4) << 20)
#define FILTER_BAND_BYTES  (UINT64_C(256) << 10) /* lifted, in a worker's second cache */
/* Steps that are summed in registers before they are added to the sums so far. */
#define FILTER_STEPS 512
#define FILTER_TILES 16 /* of output channels in one task */

/* Panels of input channels: `vectors` of them each, or one fewer from panel `wide` on. */
struct panels {
    uint64_t n;
    uint64_t vectors;
    uint64_t wide;
};

struct work {
    const struct fw_conv2d *op;
    const struct simd *simd;
    struct crew *crew;
    const char *input;
    const char *output;
    char *filter;
    uint64_t rows; /* of the output */
    uint64_t cols;
    uint64_t tile_rows; /* of an image */
    uint64_t tile_cols;
    uint64_t row_tiles; /* of output channels */
    struct panels panels;
    uint64_t bands; /* an image is lifted in */
    uint64_t band_rows;
    uint64_t images; /* in a chunk, at most */
    uint64_t first;  /* image of this chunk */
    uint64_t count;  /* images of this chunk */
    char *inputs;    /* [panel][point][tile][lanes of the panel] */
    char *outputs;   /* [tile of rows][point][tile][mr] */
    char *sums;      /* [point][panel][tile of rows][mr][nr] */
};

static uint64_t smaller(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t ceiling(uint64_t n, uint64_t d)
{
    return n / d + (n % d != 0);
}

static struct panels cut_channels(uint64_t channels, const struct simd *simd)
{
    uint64_t vectors = ceiling(channels, simd->lanes);
    struct panels panels = {.n = ceiling(vectors, simd->nr / simd->lanes)};

    panels.vectors = ceiling(vectors, panels.n);
    panels.wide = panels.n - (panels.n * panels.vectors - vectors);
    return panels;
}

/* The first vector of a panel. */
static uint64_t panel_begin(const struct panels *panels, uint64_t panel)
{
    return panel * panels->vectors - (panel > panels->wide ? panel - panels->wide : 0);
}

static uint64_t panel_vectors(const struct panels *panels, uint64_t panel)
{
    return panel_begin(panels, panel + 1) - panel_begin(panels, panel);
}

/* Elements of one point of a panel; points that are a power of two apart would evict each other. */
static uint64_t point_size(const struct work *w, uint64_t width)
{
    return w->images * w->tile_rows * w->tile_cols * width + w->simd->nr;
}

/* Images, and the band of their rows of tiles that one task takes. */
struct lift {
    const char *image;
    uint64_t channels;
    uint64_t rows;
    uint64_t cols;
    int64_t first_row;
    int64_t first_col;
    uint64_t lifted_rows;
    uint64_t lifted_cols;
};

/* A band of an image with its channel last and zeros around. */
static void lift_band(const struct simd *simd, const struct lift *lift, char *to)
{
    uint64_t plane = lift->rows * lift->cols;

    for (uint64_t r = 0; r < lift->lifted_rows; r++) {
        int64_t row = lift->first_row + (int64_t)r;
        struct simd_lift simd_lift = {
            .to = to + r * lift->lifted_cols * lift->channels * simd->element,
            .channels = lift->channels,
            .plane = plane,
            .cols = lift->cols,
            .out_cols = lift->lifted_cols,
            .first_col = lift->first_col,
        };
        if (row >= 0 && row < (int64_t)lift->rows) {
            simd_lift.from = lift->image + (uint64_t)row * lift->cols * simd->element;
        }
        simd->lift(&simd_lift);
    }
}

/* Rows of tiles of one image: `first` of it, `at` of the chunk. */
struct band {
    uint64_t image;
    uint64_t first;
    uint64_t count;
    uint64_t at;
};

static void transform_input(const struct work *w, const struct band *band, char *scratch)
{
    const struct fw_conv2d *op = w->op;
    const struct simd *simd = w->simd;
    uint64_t plane = (uint64_t)op->in_rows * op->in_cols;
    struct lift lift = {
        .image = w->input + band->image * op->in_channels * plane * simd->element,
        .channels = op->in_channels,
        .rows = op->in_rows,
        .cols = op->in_cols,
        .first_row = (int64_t)(2 * band->first) - (int64_t)op->pad_rows,
        .first_col = -(int64_t)op->pad_cols,
        .lifted_rows = 2 * band->count + 2,
        .lifted_cols = 2 * w->tile_cols + 2,
    };
    struct simd_wino_lifted lifted = {
        .row = lift.lifted_cols * op->in_channels,
        .pixel = op->in_channels,
        .tiles = w->tile_cols,
        .point = point_size(w, simd->nr),
    };

    lift_band(simd, &lift, scratch);
    for (uint64_t y = 0; y < band->count; y++) {
        for (uint64_t panel = 0; panel < w->panels.n; panel++) {
            uint64_t begin = panel_begin(&w->panels, panel) * simd->lanes;
            lifted.vectors = panel_vectors(&w->panels, panel);
            lifted.step = lifted.vectors * simd->lanes;
            lifted.from = scratch + (2 * y * lifted.row + begin) * simd->element;
            lifted.to = w->inputs +
                        (panel * 16 * lifted.point + (band->at + y) * w->tile_cols * lifted.step) *
                            simd->element;
            simd->wino_lifted_input(&lifted);
        }
    }
}

static void transform_output(const struct work *w, const struct band *band, char *scratch)
{
    const struct simd *simd = w->simd;
    uint64_t channels = w->op->out_channels;
    struct lift lift = {
        .image = w->output + band->image * channels * w->rows * w->cols * simd->element,
        .channels = channels,
        .rows = w->rows,
        .cols = w->cols,
        .first_row = (int64_t)(2 * band->first),
        .lifted_rows = 2 * band->count,
        .lifted_cols = 2 * w->tile_cols,
    };
    struct simd_wino_lifted lifted = {
        .row = lift.lifted_cols * channels,
        .pixel = channels,
        .tiles = w->tile_cols,
        .step = simd->mr,
        .point = point_size(w, simd->mr),
    };

    lift_band(simd, &lift, scratch);
    for (uint64_t y = 0; y < band->count; y++) {
        for (uint64_t tile = 0; tile < w->row_tiles; tile++) {
            lifted.from = scratch + (2 * y * lifted.row + tile * simd->mr) * simd->element;
            lifted.to =
                w->outputs + (tile * 16 * lifted.point + (band->at + y) * w->tile_cols * simd->mr) *
                                 simd->element;
            simd->wino_lifted_output(&lifted);
        }
    }
}

static void transform_band(void *arg, uint64_t task, uint32_t worker)
{
    const struct work *w = arg;
    uint64_t image = task / w->bands, first = task % w->bands * w->band_rows;
    struct band band = {
        .image = w->first + image,
        .first = first,
        .count = smaller(w->band_rows, w->tile_rows - first),
        .at = image * w->tile_rows + first,
    };
    char *scratch = crew_scratch(w->crew, worker);

    transform_input(w, &band, scratch);
    transform_output(w, &band, scratch);
}

static char *sums_at(const struct work *w, uint64_t point, uint64_t panel, uint64_t tile)
{
    return w->sums + ((point * w->panels.n + panel) * w->row_tiles + tile) * w->simd->mr *
                         w->simd->nr * w->simd->element;
}

/* One point, one panel of input channels, some tiles of output channels. */
static void multiply(void *arg, uint64_t task, uint32_t worker)
{
    static const uint64_t start = 0;
    const struct work *w = arg;
    const struct simd *simd = w->simd;
    uint64_t groups = ceiling(w->row_tiles, FILTER_TILES), tile = task % groups * FILTER_TILES;
    uint64_t end = smaller(tile + FILTER_TILES, w->row_tiles);
    uint64_t panel = task / groups % w->panels.n, point = task / groups / w->panels.n;
    uint64_t steps = w->count * w->tile_rows * w->tile_cols, a_point = point_size(w, simd->mr);
    struct simd_walk walk = {.n_runs = 1, .offset = &start, .a_step = simd->mr};
    struct simd_store store = {
        .rows = simd->mr, .row_stride = simd->nr, .col_stride = 1, .alpha = 1, .beta = 1};
    const char *b = w->inputs + (panel * 16 + point) * point_size(w, simd->nr) * simd->element;
    void *scratch = crew_scratch(w->crew, worker);

    walk.vectors = panel_vectors(&w->panels, panel);
    walk.b_step = walk.vectors * simd->lanes;
    store.cols = walk.b_step;
    for (uint64_t step = 0; step < steps; step += FILTER_STEPS) {
        walk.length = smaller(FILTER_STEPS, steps - step);
        for (uint64_t t = tile; t < end; t++) {
            const char *a =
                w->outputs + ((t * 16 + point) * a_point + step * simd->mr) * simd->element;
            simd->tile(&walk, a, b + step * walk.b_step * simd->element, scratch);
            store.c = sums_at(w, point, panel, t);
            simd->store(&store, scratch);
        }
    }
}

static void settle(void *arg, uint64_t out, uint32_t worker)
{
    const struct work *w = arg;
    const struct simd *simd = w->simd;
    uint64_t channels = w->op->in_channels;
    struct simd_wino_settle settle = {
        .point = w->panels.n * w->row_tiles * simd->mr * simd->nr,
        .alpha = w->op->alpha,
        .beta = w->op->beta,
    };

    (void)worker;
    for (uint64_t panel = 0; panel < w->panels.n; panel++) {
        uint64_t begin = panel_begin(&w->panels, panel) * simd->lanes;
        uint64_t end = panel_begin(&w->panels, panel + 1) * simd->lanes;
        settle.sums =
            sums_at(w, 0, panel, out / simd->mr) + out % simd->mr * simd->nr * simd->element;
        settle.to = w->filter + (out * channels + begin) * 9 * simd->element;
        settle.channels = smaller(end, channels) - begin;
        simd->wino_settle(&settle);
    }
}

static void run(struct work *w)
{
    uint64_t groups = ceiling(w->row_tiles, FILTER_TILES);

    for (w->first = 0; w->first < w->op->batch; w->first += w->images) {
        w->count = smaller(w->images, w->op->batch - w->first);
        crew_run(w->crew, w->count * w->bands, transform_band, w);
        crew_run(w->crew, 16 * w->panels.n * groups, multiply, w);
    }
    crew_run(w->crew, w->op->out_channels, settle, w);
}

/* By the shape alone. Returns what a worker needs for a band or a tile. */
static uint64_t cut_up(struct work *w)
{
    const struct simd *simd = w->simd;
    uint64_t tiles = w->tile_rows * w->tile_cols, in = w->op->in_channels,
             out = w->op->out_channels;
    uint64_t row = (2 * w->tile_cols + 2) * (in > out ? in : out) * simd->element;
    uint64_t tile = simd->mr * simd->nr * simd->element;
    uint64_t band;

    w->images = FILTER_CHUNK_BYTES / (16 * tiles * (in + out) * simd->element);
    w->images = smaller(w->images > 0 ? w->images : 1, w->op->batch > 0 ? w->op->batch : 1);
    w->band_rows = FILTER_BAND_BYTES / (2 * row);
    w->band_rows = smaller(w->band_rows > 0 ? w->band_rows : 1, w->tile_rows);
    w->bands = ceiling(w->tile_rows, w->band_rows);
    w->band_rows = ceiling(w->tile_rows, w->bands);
    band = (2 * w->band_rows + 2) * row + simd->nr * simd->element;
    return band > tile ? band : tile;
}

static fw_status run_with_memory(struct fw_kernels_session *session, struct work *w)
{
    const struct simd *simd = w->simd;
    uint64_t scratch = cut_up(w);
    const uint64_t bytes[] = {
        16 * w->panels.n * w->row_tiles * simd->mr * simd->nr * simd->element,
        w->panels.n * 16 * point_size(w, simd->nr) * simd->element,
        w->row_tiles * 16 * point_size(w, simd->mr) * simd->element,
    };
    char *rooms[3];
    fw_status status = session_rooms(session, "conv2d", scratch, bytes, 3, rooms);

    if (status != FW_OK) {
        return status;
    }
    w->sums = rooms[0];
    w->inputs = rooms[1];
    w->outputs = rooms[2];
    memset(w->sums, 0, bytes[0]);
    run(w);
    return FW_OK;
}

fw_status winograd_filter(struct fw_kernels_session *session, const struct fw_conv2d *op,
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
        .tile_rows = ceiling(at->rows, 2),
        .tile_cols = ceiling(at->cols, 2),
        .row_tiles = ceiling(op->out_channels, simd->mr),
        .panels = cut_channels(op->in_channels, simd),
    };

    return run_with_memory(session, &w);
}

/* SPDX-License-Identifier: MIT */
#include "slide.h"

#include "product.h"
#include "winograd.h"

/* A task is this many multiply-adds or more, and as many pixels as its padded copy of this size
 * allows: what the second cache holds. */
#define SLIDE_COPY_BYTES (UINT64_C(512) << 10)
#define SLIDE_MIN_PIXELS 512

/* The work cut up, and what all tasks share. */
struct cut {
    const struct slide *slide;
    struct crew *crew;
    uint64_t k;
    uint64_t block;
    uint64_t row_tiles;
    char *packed;       /* the filter: [block of k][tile of rows][step][mr] */
    uint64_t *k_offset; /* of step k in the padded copy of an image */
    uint64_t phase_cols;
    uint64_t images; /* of a task */
    uint64_t bands;  /* an image is cut into; 1 where a task has several images */
    uint64_t band_rows;
    uint64_t copy_rows; /* of a padded band */
    uint64_t plane;     /* elements of a padded channel of a band */
};

/* One task: a band of one image, or some whole images. */
struct part {
    const struct cut *cut;
    uint64_t first_image;
    uint64_t images;
    uint64_t first_row;
    uint64_t rows;
    char *copy;
    char *panel;
    char *tile;
    struct simd_move *moves;
};

static uint64_t smaller(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t ceiling(uint64_t n, uint64_t d)
{
    return n / d + (n % d != 0);
}

static void pad_images(const struct part *part)
{
    const struct cut *cut = part->cut;
    const struct slide *slide = cut->slide;
    uint64_t element = slide->simd->element, plane = slide->in_rows * slide->in_cols;
    struct simd_pad pad = {
        .first_row = slide->first_row + (int64_t)(part->first_row * slide->row_step),
        .first_col = slide->first_col,
        .rows = slide->in_rows,
        .cols = slide->in_cols,
        .out_rows = (part->rows - 1) * slide->row_step + slide->span_rows,
        .step = slide->col_step,
        .phase_cols = cut->phase_cols,
    };

    for (uint64_t i = 0; i < part->images * slide->channels; i++) {
        pad.from = slide->input + (part->first_image * slide->channels + i) * plane * element;
        pad.to = part->copy + i * cut->plane * element;
        slide->simd->pad(&pad);
    }
}

/* The pixels first ... first + count of the part, which lie side by side within image rows. */
static uint64_t list_moves(const struct part *part, uint64_t first, uint64_t count)
{
    const struct cut *cut = part->cut;
    const struct slide *slide = cut->slide;
    uint64_t width = slide->col_step * cut->phase_cols, n = 0, length;

    for (uint64_t done = 0; done < count; done += length, n++) {
        uint64_t row = (first + done) / slide->cols, col = (first + done) % slide->cols;
        uint64_t image = row / part->rows;
        length = smaller(smaller(slide->cols - col, count - done), slide->simd->lanes);
        part->moves[n] = (struct simd_move){
            .from = image * slide->channels * cut->plane +
                    row % part->rows * slide->row_step * width + col,
            .to = done,
        };
    }
    return n;
}

/* Where the pixels first ... first + count go: one stretch of the result after the other. */
static uint64_t next_stretch(const struct part *part, struct simd_store *store, char *c,
                             uint64_t first, uint64_t count)
{
    const struct slide *slide = part->cut->slide;
    uint64_t stretch = slide->cols, row = first / slide->cols, image = row / part->rows;

    if (slide->out_col == 1 && slide->out_row == slide->cols) {
        stretch *= part->rows; /* rows follow each other without a gap */
    }
    store->c = c + ((part->first_image + image) * slide->out_image +
                    (part->first_row + row % part->rows) * slide->out_row +
                    first % slide->cols * slide->out_col) *
                       slide->simd->element;
    store->cols = smaller(stretch - first % stretch, count);
    return store->cols;
}

/* Tiles of row channels are stored stretch by stretch. */
static void run_tile(const struct part *part, const struct simd_walk *walk, const char *filter,
                     struct simd_store store, uint64_t first)
{
    const struct simd *simd = part->cut->slide->simd;
    uint64_t count = store.cols;
    char *c = store.c;

    if (next_stretch(part, &store, c, first, count) == count) {
        product_prefetch(&store, simd->element);
    }
    simd->tile(walk, filter, part->panel, part->tile);
    for (uint64_t done = 0; done < count; done += store.cols) {
        (void)next_stretch(part, &store, c, first + done, count - done);
        simd->store(&store, part->tile + done * simd->element);
    }
}

static struct simd_store row_store(const struct cut *cut, uint64_t row, uint64_t first_k,
                                   uint64_t steps)
{
    const struct slide *slide = cut->slide;
    const struct simd *simd = slide->simd;
    struct simd_store store = product_store(&slide->store, first_k, steps, cut->k);

    store.c = (char *)store.c + row * store.row_stride * simd->element;
    if (store.row_bias != NULL) {
        store.row_bias = (const char *)store.row_bias + row * simd->element;
    }
    store.rows = smaller(simd->mr, store.rows - row);
    return store;
}

static void run_panel(const struct part *part, uint64_t first, uint64_t first_k)
{
    static const uint64_t start = 0;
    const struct cut *cut = part->cut;
    const struct simd *simd = cut->slide->simd;
    uint64_t pixels = part->images * part->rows * cut->slide->cols;
    uint64_t count = smaller(simd->nr, pixels - first),
             steps = smaller(cut->block, cut->k - first_k);
    struct simd_walk walk = {.n_runs = 1,
                             .length = steps,
                             .offset = &start,
                             .a_step = simd->mr,
                             .b_step = simd->nr,
                             .vectors = ceiling(count, simd->lanes)};
    struct simd_gather gather = {
        .from = part->copy,
        .to = part->panel,
        .k_offset = cut->k_offset + first_k,
        .k = steps,
        .moves = part->moves,
        .n_moves = list_moves(part, first, count),
    };

    simd->gather(&gather);
    for (uint64_t row = 0; row < cut->row_tiles * simd->mr; row += simd->mr) {
        struct simd_store store = row_store(cut, row, first_k, steps);
        store.cols = count;
        run_tile(part, &walk,
                 cut->packed + (first_k * cut->row_tiles * simd->mr + row * steps) * simd->element,
                 store, first);
    }
}

/* The parts of a worker's scratch, each with a vector of slack for what is read and written past
 * its end. */
static uint64_t lay_out(const struct cut *cut, struct part *part, char *scratch)
{
    const struct simd *simd = cut->slide->simd;
    uint64_t slack = simd->nr * simd->element;
    uint64_t tile = simd->mr * simd->nr * simd->element;
    uint64_t panel = cut->block * simd->nr * simd->element + slack;
    uint64_t moves = simd->nr * sizeof *part->moves;
    uint64_t copy = cut->images * cut->slide->channels * cut->plane * simd->element + slack;

    part->tile = scratch;
    part->panel = scratch + tile;
    part->moves = (struct simd_move *)(void *)(part->panel + panel);
    part->copy = (char *)part->moves + moves;
    return tile + panel + moves + copy;
}

static void run_part(void *arg, uint64_t task, uint32_t worker)
{
    const struct cut *cut = arg;
    const struct slide *slide = cut->slide;
    uint64_t first_image = task / cut->bands * cut->images;
    uint64_t first_row = task % cut->bands * cut->band_rows;
    struct part part = {
        .cut = cut,
        .first_image = first_image,
        .images = smaller(cut->images, slide->batch - first_image),
        .first_row = first_row,
        .rows = smaller(cut->band_rows, slide->rows - first_row),
    };
    uint64_t pixels = part.images * part.rows * slide->cols;

    (void)lay_out(cut, &part, crew_scratch(cut->crew, worker));
    pad_images(&part);
    for (uint64_t k = 0; k == 0 || k < cut->k; k += cut->block) {
        for (uint64_t first = 0; first < pixels; first += slide->simd->nr) {
            run_panel(&part, first, k);
        }
    }
}

/* The filter in the order in which tiles read it: step k is tap k % n_taps of channel k / n_taps.
 */
static void pack_filter(void *arg, uint64_t tile, uint32_t worker)
{
    const struct cut *cut = arg;
    const struct slide *slide = cut->slide;
    const struct simd *simd = slide->simd;
    uint64_t row = tile * simd->mr, rows = cut->row_tiles * simd->mr;

    (void)worker;
    for (uint64_t k = 0; k < cut->k; k++) {
        uint64_t first = k / cut->block * cut->block, steps = smaller(cut->block, cut->k - first);
        struct simd_pack pack = {
            .from = slide->filter +
                    (row * slide->filter_row + k / slide->n_taps * slide->filter_channel +
                     slide->taps[k % slide->n_taps].filter) *
                        simd->element,
            .to =
                cut->packed + (first * rows + row * steps + (k - first) * simd->mr) * simd->element,
            .stride = slide->filter_row,
            .count = smaller(simd->mr, slide->store.rows - row),
            .k = 1,
            .width = simd->mr,
        };
        simd->pack(&pack);
    }
}

static void list_offsets(const struct cut *cut)
{
    const struct slide *slide = cut->slide;
    uint64_t width = slide->col_step * cut->phase_cols;

    for (uint64_t k = 0; k < cut->k; k++) {
        const struct slide_tap *tap = &slide->taps[k % slide->n_taps];
        cut->k_offset[k] = k / slide->n_taps * cut->plane + tap->row * width +
                           tap->col % slide->col_step * cut->phase_cols +
                           tap->col / slide->col_step;
    }
}

/* By the shape alone: several images when they are small, bands of rows when they are large. */
static void cut_up(struct cut *cut)
{
    const struct slide *slide = cut->slide;
    uint64_t width, row_bytes;

    cut->phase_cols = slide->cols + (slide->span_cols - 1) / slide->col_step;
    width = slide->col_step * cut->phase_cols;
    row_bytes = slide->channels * width * slide->simd->element;
    cut->band_rows = smaller(slide->rows, ceiling(SLIDE_MIN_PIXELS, slide->cols));
    while (cut->band_rows < slide->rows && cut->band_rows * row_bytes < SLIDE_COPY_BYTES) {
        cut->band_rows++;
    }
    cut->bands = ceiling(slide->rows, cut->band_rows);
    cut->band_rows = ceiling(slide->rows, cut->bands);
    cut->bands = ceiling(slide->rows, cut->band_rows);
    cut->images = 1;
    if (cut->bands == 1) {
        cut->images = smaller(slide->batch, ceiling(SLIDE_MIN_PIXELS, slide->rows * slide->cols));
    }
    cut->copy_rows = (cut->band_rows - 1) * slide->row_step + slide->span_rows;
    cut->plane = cut->copy_rows * width;
}

static fw_status run_cut(struct fw_kernels_session *session, struct cut *cut)
{
    struct part none = {0};
    fw_status status = session_scratch(session, "conv2d", lay_out(cut, &none, NULL));

    if (status == FW_OK) {
        list_offsets(cut);
        crew_run(session->crew, cut->row_tiles, pack_filter, cut);
        crew_run(session->crew, ceiling(cut->slide->batch, cut->images) * cut->bands, run_part,
                 cut);
    }
    return status;
}

static bool suits_winograd(const struct slide *slide)
{
    return slide->n_taps == 9 && slide->span_rows == 3 && slide->span_cols == 3 &&
           slide->row_step == 1 && slide->col_step == 1 && slide->out_col == 1 &&
           winograd_suits(slide->rows, slide->cols, slide->channels, slide->store.rows);
}

fw_status slide_run(struct fw_kernels_session *session, const struct slide *slide)
{
    const struct simd *simd = slide->simd;
    struct cut cut = {.slide = slide, .crew = session->crew};
    uint64_t packed_bytes;
    fw_status status = FW_E_NOMEM;

    if (slide->batch == 0 || slide->rows == 0 || slide->cols == 0 || slide->store.rows == 0) {
        return FW_OK;
    }
    if (suits_winograd(slide)) {
        return winograd_slide(session, slide);
    }
    cut_up(&cut);
    cut.k = slide->channels * slide->n_taps;
    cut.block = product_block(cut.k);
    cut.row_tiles = ceiling(slide->store.rows, simd->mr);
    packed_bytes = (cut.row_tiles * simd->mr * cut.k * simd->element + 63) / 64 * 64;
    cut.packed = session_shared(session, "conv2d", packed_bytes + cut.k * sizeof *cut.k_offset);
    if (cut.packed != NULL) {
        cut.k_offset = (uint64_t *)(void *)(cut.packed + packed_bytes);
        status = run_cut(session, &cut);
    }
    return status;
}

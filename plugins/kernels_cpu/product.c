/* SPDX-License-Identifier: MIT */
#include "product.h"

/* Elements of A that are packed at once: what is read again for every panel of B. */
#define PRODUCT_PACKED (768 * PRODUCT_BLOCK)
/* Elements that a task packs: fewer, and a crew would be busy with getting tasks. */
#define PRODUCT_PACK_TASK 8192
/* A crew shares a panel's rows where there are few panels, so that a last narrow one leaves nobody
 * idle; each packs the panel for itself. */
#define PRODUCT_TASKS 8
#define PRODUCT_TILES 4 /* of rows, that a task has at least */

static uint64_t ceiling(uint64_t n, uint64_t d)
{
    return n / d + (n % d != 0);
}

static uint64_t smaller(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

uint64_t product_block(uint64_t k)
{
    return k == 0 ? 1 : ceiling(k, ceiling(k, PRODUCT_BLOCK));
}

struct simd_store product_store(const struct simd_store *store, uint64_t first, uint64_t steps,
                                uint64_t k)
{
    struct simd_store part = *store;

    if (first > 0) {
        part.beta = 1;
    }
    if (first + steps < k) {
        part.row_bias = NULL;
        part.col_bias = NULL;
        part.relu = false;
    }
    return part;
}

/* What one pass works on: some rows, one block of k, A packed. */
struct pass {
    const struct product *product;
    struct crew *crew;
    char *packed; /* [tile of rows][steps][mr] */
    uint64_t first_row;
    uint64_t rows;
    uint64_t first_k;
    uint64_t steps;
    uint64_t chunks; /* of the rows, each a task of its own */
    uint64_t chunk_rows;
    uint64_t pack_tiles; /* of a task */
};

static void pack_rows(const struct pass *pass, uint64_t tile)
{
    const struct product *product = pass->product;
    const struct simd *simd = product->simd;
    uint64_t row = tile * simd->mr;
    struct simd_pack pack = {
        .from = product->a +
                ((pass->first_row + row) * product->a_stride + pass->first_k * product->a_k) *
                    simd->element,
        .to = pass->packed + row * pass->steps * simd->element,
        .stride = product->a_stride,
        .k_stride = product->a_k,
        .count = smaller(simd->mr, pass->rows - row),
        .k = pass->steps,
        .width = simd->mr,
    };

    simd->pack(&pack);
}

static struct simd_store tile_store(const struct pass *pass, uint64_t row, uint64_t col)
{
    const struct product *product = pass->product;
    const struct simd *simd = product->simd;
    struct simd_store store =
        product_store(&product->store, pass->first_k, pass->steps, product->k);
    uint64_t i = pass->first_row + row;

    store.c = (char *)store.c + (i * store.row_stride + col * store.col_stride) * simd->element;
    if (store.row_bias != NULL) {
        store.row_bias = (const char *)store.row_bias + i * simd->element;
    }
    if (store.col_bias != NULL) {
        store.col_bias = (const char *)store.col_bias + col * simd->element;
    }
    store.rows = smaller(simd->mr, pass->rows - row);
    store.cols = smaller(simd->nr, store.cols - col);
    return store;
}

/* A panel of nr columns against some rows of the pass. */
static void run_panel(const struct pass *pass, uint64_t panel, uint64_t first, char *scratch)
{
    static const uint64_t start = 0;
    const struct product *product = pass->product;
    const struct simd *simd = product->simd;
    uint64_t col = panel * simd->nr, end = smaller(first + pass->chunk_rows, pass->rows);
    char *tile = scratch, *packed = scratch + simd->mr * simd->nr * simd->element;
    struct simd_pack pack = {
        .from =
            product->b + (col * product->b_stride + pass->first_k * product->b_k) * simd->element,
        .to = packed,
        .stride = product->b_stride,
        .k_stride = product->b_k,
        .count = smaller(simd->nr, product->store.cols - col),
        .k = pass->steps,
        .width = simd->nr,
    };
    struct simd_walk walk = {.n_runs = 1,
                             .length = pass->steps,
                             .offset = &start,
                             .a_step = simd->mr,
                             .b_step = simd->nr,
                             .vectors = ceiling(pack.count, simd->lanes)};

    simd->pack(&pack);
    for (uint64_t row = first; row < end; row += simd->mr) {
        struct simd_store store = tile_store(pass, row, col);
        product_prefetch(&store, simd->element);
        simd->tile(&walk, pass->packed + row * pass->steps * simd->element, packed, tile);
        simd->store(&store, tile);
    }
}

static uint64_t panel_bytes(const struct product *product)
{
    const struct simd *simd = product->simd;

    return (simd->mr + product_block(product->k)) * simd->nr * simd->element;
}

/* Rows of a pass: a multiple of mr, or all. */
static uint64_t pass_rows(const struct product *product)
{
    uint64_t mr = product->simd->mr;

    return smaller(product->store.rows, PRODUCT_PACKED / product_block(product->k) / mr * mr);
}

static uint64_t packed_bytes(const struct product *product)
{
    const struct simd *simd = product->simd;
    uint64_t rows = pass_rows(product);

    return ceiling(rows, simd->mr) * simd->mr * product_block(product->k) * simd->element;
}

uint64_t product_scratch(const struct product *product)
{
    return packed_bytes(product) + panel_bytes(product);
}

static void pack_task(void *arg, uint64_t task, uint32_t worker)
{
    const struct pass *pass = arg;
    uint64_t tiles = ceiling(pass->rows, pass->product->simd->mr), first = task * pass->pack_tiles;

    (void)worker;
    for (uint64_t tile = first; tile < smaller(first + pass->pack_tiles, tiles); tile++) {
        pack_rows(pass, tile);
    }
}

static void panel_task(void *arg, uint64_t task, uint32_t worker)
{
    const struct pass *pass = arg;

    run_panel(pass, task / pass->chunks, task % pass->chunks * pass->chunk_rows,
              crew_scratch(pass->crew, worker));
}

static void run_pass(struct pass *pass, char *scratch)
{
    const struct product *product = pass->product;
    uint64_t tiles = ceiling(pass->rows, product->simd->mr);
    uint64_t panels = ceiling(product->store.cols, product->simd->nr);

    pass->chunks = 1;
    pass->chunk_rows = pass->rows;
    if (pass->crew != NULL) {
        uint64_t wanted = smaller(ceiling(PRODUCT_TASKS, panels), ceiling(tiles, PRODUCT_TILES));
        pass->chunk_rows = ceiling(tiles, wanted) * product->simd->mr;
        pass->chunks = ceiling(pass->rows, pass->chunk_rows);
        pass->pack_tiles = ceiling(PRODUCT_PACK_TASK, product->simd->mr * pass->steps);
        crew_run(pass->crew, ceiling(tiles, pass->pack_tiles), pack_task, pass);
        crew_run(pass->crew, panels * pass->chunks, panel_task, pass);
        return;
    }
    for (uint64_t i = 0; i < tiles; i++) {
        pack_rows(pass, i);
    }
    for (uint64_t i = 0; i < panels; i++) {
        run_panel(pass, i, 0, scratch);
    }
}

static void run_product(const struct product *product, struct crew *crew, char *packed,
                        char *scratch)
{
    uint64_t block = product_block(product->k), rows = product->store.rows;
    uint64_t part = pass_rows(product);

    for (uint64_t row = 0; row < rows; row += part) {
        for (uint64_t k = 0; k == 0 || k < product->k; k += block) {
            struct pass pass = {
                .product = product,
                .crew = crew,
                .packed = packed,
                .first_row = row,
                .rows = smaller(part, rows - row),
                .first_k = k,
                .steps = smaller(block, product->k - k),
            };
            run_pass(&pass, scratch);
        }
    }
}

void product_serial(const struct product *product, void *scratch)
{
    run_product(product, NULL, scratch, (char *)scratch + packed_bytes(product));
}

fw_status product_parallel(struct fw_kernels_session *session, const struct product *product)
{
    const uint64_t bytes = packed_bytes(product);
    char *packed;
    fw_status status = session_rooms(session, "gemm", panel_bytes(product), &bytes, 1, &packed);

    if (status == FW_OK) {
        run_product(product, session->crew, packed, NULL);
    }
    return status;
}

/* SPDX-License-Identifier: MIT */
#include "product.h"

/* Rows of A that are packed at once: what is read again for every panel of B. */
#define PRODUCT_ROWS 768

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

/* A panel of nr columns against all rows of the pass. */
static void run_panel(const struct pass *pass, uint64_t panel, char *scratch)
{
    static const uint64_t start = 0;
    const struct product *product = pass->product;
    const struct simd *simd = product->simd;
    uint64_t col = panel * simd->nr;
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
    for (uint64_t row = 0; row < pass->rows; row += simd->mr) {
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

static uint64_t packed_bytes(const struct product *product)
{
    const struct simd *simd = product->simd;
    uint64_t rows = smaller(product->store.rows, PRODUCT_ROWS);

    return ceiling(rows, simd->mr) * simd->mr * product_block(product->k) * simd->element;
}

uint64_t product_scratch(const struct product *product)
{
    return packed_bytes(product) + panel_bytes(product);
}

static void pack_task(void *arg, uint64_t task, uint32_t worker)
{
    (void)worker;
    pack_rows(arg, task);
}

static void panel_task(void *arg, uint64_t task, uint32_t worker)
{
    const struct pass *pass = arg;

    run_panel(pass, task, crew_scratch(pass->crew, worker));
}

static void run_pass(struct pass *pass, char *scratch)
{
    const struct product *product = pass->product;
    uint64_t tiles = ceiling(pass->rows, product->simd->mr);
    uint64_t panels = ceiling(product->store.cols, product->simd->nr);

    if (pass->crew != NULL) {
        crew_run(pass->crew, tiles, pack_task, pass);
        crew_run(pass->crew, panels, panel_task, pass);
        return;
    }
    for (uint64_t i = 0; i < tiles; i++) {
        pack_rows(pass, i);
    }
    for (uint64_t i = 0; i < panels; i++) {
        run_panel(pass, i, scratch);
    }
}

static void run_product(const struct product *product, struct crew *crew, char *packed,
                        char *scratch)
{
    uint64_t block = product_block(product->k), rows = product->store.rows;

    for (uint64_t row = 0; row < rows; row += PRODUCT_ROWS) {
        for (uint64_t k = 0; k == 0 || k < product->k; k += block) {
            struct pass pass = {
                .product = product,
                .crew = crew,
                .packed = packed,
                .first_row = row,
                .rows = smaller(PRODUCT_ROWS, rows - row),
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
    fw_status status = session_scratch(session, "gemm", panel_bytes(product));
    char *packed = NULL;

    if (status != FW_OK) {
        return status;
    }
    packed = session_shared(session, "gemm", packed_bytes(product));
    if (packed == NULL) {
        return FW_E_NOMEM;
    }
    run_product(product, session->crew, packed, NULL);
    return FW_OK;
}

/* SPDX-License-Identifier: MIT */
#ifndef FW_KERNELS_PRODUCT_H
#define FW_KERNELS_PRODUCT_H

#include "session.h"

/*
 * One matrix product on tiles. Each element of C is, for each block of PRODUCT_BLOCK steps, one
 * chain of multiply-adds in ascending k: so it does not depend on its neighbours, on which side is
 * broadcast, or on how the work is cut.
 */
#define PRODUCT_BLOCK 576

struct product {
    const struct simd *simd;
    const char *a; /* row i, step k at i * a_stride + k * a_k */
    const char *b; /* column j, step k at j * b_stride + k * b_k */
    uint64_t k;
    uint64_t a_stride;
    uint64_t a_k;
    uint64_t b_stride;
    uint64_t b_k;
    struct simd_store store; /* the whole of C, for the last block of k */
};

/* The steps of a block when there are k: blocks of about the same size, at least one. */
uint64_t product_block(uint64_t k);

/* `store` as it is for the steps first ... first + steps of k: only the first block scales C, only
 * the last one adds biases and clips. */
struct simd_store product_store(const struct simd_store *store, uint64_t first, uint64_t steps,
                                uint64_t k);

/* Asks for the place of a tile while the tile is being computed: its rows are far apart. */
static inline void product_prefetch(const struct simd_store *store, uint64_t element)
{
    bool turned = store->row_stride == 1;
    uint64_t lines = turned ? store->cols : store->rows;
    uint64_t stride = (turned ? store->col_stride : store->row_stride) * element;
    uint64_t bytes = (turned ? store->rows : store->cols * store->col_stride) * element;

    for (uint64_t i = 0; i < lines; i++) {
        for (uint64_t at = 0; at < bytes; at += 64) {
            __builtin_prefetch((const char *)store->c + i * stride + at, 1);
        }
    }
}

/* Scratch that product_serial needs of its worker. */
uint64_t product_scratch(const struct product *product);
void product_serial(const struct product *product, void *scratch);

/* The same by the whole crew. */
fw_status product_parallel(struct fw_kernels_session *session, const struct product *product);

#endif

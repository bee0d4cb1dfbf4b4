/* SPDX-License-Identifier: MIT */
#include "resample.h"

#include <stdlib.h>
#include <string.h>

static void list_classes(struct fw_resample *resample, const uint8_t *y)
{
    uint32_t at = 0;

    for (int class = 1; class >= 0; class --) {
        for (uint32_t i = 0; i < resample->n; i++) {
            if ((y[i] != 0) == class) {
                resample->rows[at++] = i;
            }
        }
        resample->n_ones = class == 1 ? at : resample->n_ones;
    }
}

bool fw_resample_init(struct fw_resample *ret, enum fw_resample_kind kind, const uint8_t *y,
                      uint32_t n, uint32_t block)
{
    *ret = (struct fw_resample){.kind = kind, .n = n, .block = block < n ? block : n};
    if (kind == FW_RESAMPLE_STRATIFIED) {
        ret->rows = malloc(n * sizeof *ret->rows);
        if (ret->rows == NULL) {
            return false;
        }
        list_classes(ret, y);
    }
    return true;
}

void fw_resample_finish(struct fw_resample *resample)
{
    free(resample->rows);
    *resample = (struct fw_resample){0};
}

/* Draws n of the rows 0 to n - 1, or of those that are listed. */
static void draw_rows(struct fw_draws *draws, const uint32_t *rows, uint32_t n, uint32_t *counts)
{
    const struct fw_bound bound = fw_bound_of(n);
    uint32_t drawn[FW_DRAWS_AT_ONCE];

    for (uint32_t left = n; left > 0;) {
        uint32_t some = bound.at_once < left ? bound.at_once : left;
        fw_draws_below(draws, &bound, drawn);
        for (uint32_t i = 0; i < some; i++) {
            counts[rows != NULL ? rows[drawn[i]] : drawn[i]]++;
        }
        left -= some;
    }
}

static void count_block(uint32_t start, uint32_t length, uint32_t n, uint32_t *counts)
{
    uint32_t up_to_end = n - start < length ? n - start : length;

    for (uint32_t i = 0; i < up_to_end; i++) {
        counts[start + i]++;
    }
    for (uint32_t i = up_to_end; i < length; i++) {
        counts[i - up_to_end]++;
    }
}

static void draw_blocks(const struct fw_resample *resample, struct fw_draws *draws,
                        uint32_t *counts)
{
    const uint32_t n = resample->n;
    const struct fw_bound bound = fw_bound_of(n);
    uint32_t drawn[FW_DRAWS_AT_ONCE];

    for (uint32_t left = n; left > 0;) {
        fw_draws_below(draws, &bound, drawn);
        for (unsigned i = 0; i < bound.at_once && left > 0; i++) {
            uint32_t length = resample->block < left ? resample->block : left;
            count_block(drawn[i], length, n, counts);
            left -= length;
        }
    }
}

void fw_resample_draw(const struct fw_resample *resample, const uint64_t key[2], uint64_t replicate,
                      uint32_t *ret_counts)
{
    const uint32_t n = resample->n, n_ones = resample->n_ones;
    struct fw_draws draws;

    fw_draws_init(&draws, key, replicate);
    memset(ret_counts, 0, n * sizeof *ret_counts);
    if (resample->kind == FW_RESAMPLE_BLOCK) {
        draw_blocks(resample, &draws, ret_counts);
    } else if (resample->kind == FW_RESAMPLE_STRATIFIED) {
        draw_rows(&draws, resample->rows, n_ones, ret_counts);
        draw_rows(&draws, resample->rows + n_ones, n - n_ones, ret_counts);
    } else {
        draw_rows(&draws, NULL, n, ret_counts);
    }
}

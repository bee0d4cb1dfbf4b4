/* SPDX-License-Identifier: MIT */
#include "dataset/internal.h"
#include "dataset/stream.h"

/* Columns whose places are worked out at a time. */
enum { BLOCK = 64 };

/* In double precision: a volume of 1e10 less its mean would keep no digits in floats. */
static float scaled(const struct fw_dataset *set, float raw, uint64_t scale)
{
    return (float)((raw * set->info.raw_scale - set->info.means[scale]) /
                   set->info.deviations[scale]);
}

static void fill_plain(const struct fw_dataset *set, uint64_t begin, float *ret)
{
    const uint64_t cols = set->info.cols, lines = set->item / cols;

    for (uint64_t line = 0; line < lines; line++) {
        const uint64_t channel = line / set->info.rows;
        for (uint64_t col = 0; col < cols; col++) {
            const uint64_t at = line * cols + col;
            ret[at] = scaled(set, fw_dataset_raw(set, begin + at), set->by_column ? col : channel);
        }
    }
}

/* Between two values of a row and the two below them. */
static float blend(const float above[2], const float below[2], float down, float right)
{
    return (1 - down) * ((1 - right) * above[0] + right * above[1]) +
           down * ((1 - right) * below[0] + right * below[1]);
}

/* One row of one channel: n columns of it. */
static void fill_row(const struct fw_dataset *set, uint64_t plane, const struct fw_dataset_tap *row,
                     const struct fw_dataset_tap columns[BLOCK], uint64_t n, float *ret)
{
    for (uint64_t i = 0; i < n; i++) {
        const struct fw_dataset_tap column = columns[i];
        if (row->first < 0 || column.first < 0) {
            ret[i] = 0;
            continue;
        }
        const uint64_t above = plane + (uint64_t)row->first * set->info.cols;
        const uint64_t below = plane + (uint64_t)row->second * set->info.cols;
        const uint64_t left = (uint64_t)column.first, right = (uint64_t)column.second;
        ret[i] = blend(
            (const float[]){fw_dataset_raw(set, above + left), fw_dataset_raw(set, above + right)},
            (const float[]){fw_dataset_raw(set, below + left), fw_dataset_raw(set, below + right)},
            row->weight, column.weight);
    }
}

static void fill_view(const struct fw_dataset *set, uint64_t begin,
                      const struct fw_dataset_view *view, float *ret)
{
    const uint64_t rows = set->info.rows, cols = set->info.cols;
    struct fw_dataset_tap columns[BLOCK];

    for (uint64_t first = 0; first < cols; first += BLOCK) {
        const uint64_t n = cols - first < BLOCK ? cols - first : BLOCK;
        for (uint64_t i = 0; i < n; i++) {
            columns[i] = fw_dataset_tap(&view->cols, first + i);
        }
        for (uint64_t line = 0; line < set->info.channels * rows; line++) {
            const struct fw_dataset_tap row = fw_dataset_tap(&view->rows, line % rows);
            float *to = ret + line * cols + first;
            fill_row(set, begin + line / rows * rows * cols, &row, columns, n, to);
            for (uint64_t i = 0; i < n; i++) {
                to[i] = scaled(set, to[i], line / rows);
            }
        }
    }
}

static bool is_augmented(const struct fw_dataset_augment *augment)
{
    return augment->crop_scale_min > 0 || augment->pad > 0 || augment->flip > 0 ||
           augment->turn > 0;
}

void fw_dataset_fill(const struct fw_dataset *set, const uint32_t *samples, uint64_t n,
                     const struct fw_dataset_draw *draw, float *ret_inputs)
{
    const bool augmented = draw != NULL && is_augmented(&set->augment);

    for (uint64_t i = 0; i < n; i++) {
        const uint64_t begin = fw_dataset_begin(set, samples[i]);
        float *ret = ret_inputs + i * set->item;
        if (!augmented) {
            fill_plain(set, begin, ret);
        } else {
            const struct fw_dataset_view view = fw_dataset_view_draw(
                &set->augment, set->info.rows, set->info.cols,
                fw_stream_seed(draw->seed, FW_STREAM_AUGMENT, draw->epoch, samples[i]));
            fill_view(set, begin, &view, ret);
        }
    }
}

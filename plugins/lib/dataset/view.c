/* SPDX-License-Identifier: MIT */
#include <math.h>

#include "dataset/internal.h"
#include "dataset/stream.h"

static const double RATIO_MIN = 3.0 / 4, RATIO_MAX = 4.0 / 3;

static struct fw_dataset_axis whole(uint64_t length)
{
    return (struct fw_dataset_axis){.length = length, .window = length};
}

static void set_window(struct fw_dataset_axis *axis, uint64_t begin, uint64_t window)
{
    axis->begin = begin;
    axis->window = window;
}

/* The largest window in the middle whose ratio is allowed. */
static void crop_centre(struct fw_dataset_view *view)
{
    const uint64_t rows = view->rows.length, cols = view->cols.length;
    const double ratio = (double)cols / (double)rows;
    uint64_t height = rows, width = cols;

    if (ratio < RATIO_MIN) {
        height = (uint64_t)rint((double)cols / RATIO_MIN);
    } else if (ratio > RATIO_MAX) {
        width = (uint64_t)rint((double)rows * RATIO_MAX);
    }
    set_window(&view->rows, (rows - height) / 2, height);
    set_window(&view->cols, (cols - width) / 2, width);
}

/* torchvision's RandomResizedCrop.get_params, its rounding to even included. */
static void crop(struct fw_dataset_view *view, double scale_min, uint64_t *state)
{
    const uint64_t rows = view->rows.length, cols = view->cols.length;

    for (int attempt = 0; attempt < 10; attempt++) {
        const double share = scale_min + (1 - scale_min) * fw_stream_uniform(state);
        const double area = share * (double)rows * (double)cols;
        const double span = log(RATIO_MAX) - log(RATIO_MIN);
        const double ratio = exp(log(RATIO_MIN) + span * fw_stream_uniform(state));
        const uint64_t width = (uint64_t)rint(sqrt(area * ratio));
        const uint64_t height = (uint64_t)rint(sqrt(area / ratio));
        if (width > 0 && width <= cols && height > 0 && height <= rows) {
            set_window(&view->rows, fw_stream_below(state, rows - height + 1), height);
            set_window(&view->cols, fw_stream_below(state, cols - width + 1), width);
            return;
        }
    }
    crop_centre(view);
}

struct fw_dataset_view fw_dataset_view_draw(const struct fw_dataset_augment *augment, uint64_t rows,
                                            uint64_t cols, uint64_t seed)
{
    struct fw_dataset_view view = {whole(rows), whole(cols)};
    uint64_t state = seed;

    if (augment->crop_scale_min > 0) {
        crop(&view, augment->crop_scale_min, &state);
    }
    if (augment->pad > 0) {
        const uint64_t places = 2 * (uint64_t)augment->pad + 1;
        view.rows.shift = (int64_t)fw_stream_below(&state, places) - augment->pad;
        view.cols.shift = (int64_t)fw_stream_below(&state, places) - augment->pad;
    }
    /* Always drawn, so that one probability does not change what another one draws. */
    const bool flip = fw_stream_uniform(&state) < augment->flip;
    const bool turn = fw_stream_uniform(&state) < augment->turn;
    view.rows.mirrored = turn;
    view.cols.mirrored = flip != turn;
    return view;
}

struct fw_dataset_tap fw_dataset_tap(const struct fw_dataset_axis *axis, uint64_t output)
{
    const uint64_t at = axis->mirrored ? axis->length - 1 - output : output;

    if (axis->window == axis->length) {
        const int64_t from = (int64_t)at + axis->shift;
        const bool inside = from >= 0 && from < (int64_t)axis->length;
        return (struct fw_dataset_tap){inside ? from : -1, inside ? from : -1, 0};
    }
    const float scale = (float)axis->window / (float)axis->length;
    const float wanted = scale * ((float)at + 0.5F) - 0.5F;
    const float place = wanted > 0 ? wanted : 0;
    uint64_t first = (uint64_t)place;
    first = first < axis->window ? first : axis->window - 1;
    const uint64_t second = first + 1 < axis->window ? first + 1 : first;
    return (struct fw_dataset_tap){(int64_t)(axis->begin + first), (int64_t)(axis->begin + second),
                                   place - (float)first};
}

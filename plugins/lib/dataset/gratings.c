/* SPDX-License-Identifier: MIT */
#include <math.h>

#include "dataset/internal.h"
#include "dataset/stream.h"
#include "sql/fault.h"

enum { CHANNELS = 3 };

static const double PI = 3.14159265358979323846;

/* Normal numbers, two at a time (Box and Muller 1958). */
struct normal {
    uint64_t state;
    double second;
    bool has_second;
};

static double draw_normal(struct normal *normal)
{
    if (normal->has_second) {
        normal->has_second = false;
        return normal->second;
    }
    const double radius = sqrt(-2 * log(1 - fw_stream_uniform(&normal->state)));
    const double angle = 2 * PI * fw_stream_uniform(&normal->state);
    normal->second = radius * sin(angle);
    normal->has_second = true;
    return radius * cos(angle);
}

static double draw_between(struct normal *normal, double from, double to)
{
    return from + (to - from) * fw_stream_uniform(&normal->state);
}

/* Drawn in this order: angle, frequency, phase, amplitudes, then the noise value by value. */
static void draw(const struct fw_dataset_gratings *gratings, uint32_t class, uint64_t seed,
                 float *ret)
{
    struct normal normal = {.state = seed};
    const double angle = class * PI / gratings->n_classes + 0.06 * draw_normal(&normal);
    const double frequency = draw_between(&normal, 0.18, 0.30);
    const double phase = draw_between(&normal, 0, 2 * PI);
    const double along_cols = cos(angle), along_rows = sin(angle);
    double amplitudes[CHANNELS];

    for (size_t channel = 0; channel < CHANNELS; channel++) {
        amplitudes[channel] = draw_between(&normal, 0.3, 1);
    }
    for (size_t channel = 0; channel < CHANNELS; channel++) {
        for (uint32_t row = 0; row < gratings->size; row++) {
            for (uint32_t col = 0; col < gratings->size; col++) {
                const double distance = col * along_cols + row * along_rows;
                const double wave = sin(2 * PI * frequency * distance + phase);
                *ret++ =
                    (float)(amplitudes[channel] * wave + gratings->noise * draw_normal(&normal));
            }
        }
    }
}

static struct fw_dataset_gratings with_defaults(const struct fw_dataset_gratings *given)
{
    struct fw_dataset_gratings gratings = *given;

    gratings.size = gratings.size > 0 ? gratings.size : 16;
    gratings.n_classes = gratings.n_classes > 0 ? gratings.n_classes : 10;
    gratings.n_train = gratings.n_train > 0 ? gratings.n_train : 4096;
    gratings.n_val = gratings.n_val > 0 ? gratings.n_val : 512;
    gratings.train_seed = gratings.train_seed > 0 ? gratings.train_seed : 10;
    gratings.val_seed = gratings.val_seed > 0 ? gratings.val_seed : 11;
    gratings.noise = gratings.noise > 0 ? gratings.noise : 1;
    return gratings;
}

fw_status fw_dataset_open_gratings(const struct fw_dataset_options *options,
                                   const struct fw_dataset_gratings *given,
                                   struct fw_dataset **ret_set)
{
    const struct fw_dataset_gratings gratings = with_defaults(given);
    const uint64_t n_train = gratings.n_train;
    const struct fw_dataset_plan plan = {.kind = "gratings",
                                         .path = "gratings",
                                         .channels = CHANNELS,
                                         .rows = gratings.size,
                                         .cols = gratings.size,
                                         .n_samples = n_train + gratings.n_val,
                                         .floats = true,
                                         .measured = options->scaling != FW_DATASET_AS_IS};
    struct fw_dataset *set = NULL;
    fw_status status = fw_dataset_create(options, &plan, &set);

    if (status != FW_OK) {
        return status;
    }
    fw_dataset_give(set, n_train, FW_DATASET_VAL);
    for (uint64_t i = 0; i < plan.n_samples; i++) {
        const uint64_t seed = i < n_train ? gratings.train_seed : gratings.val_seed;
        const uint64_t number = i < n_train ? i : i - n_train;
        const uint32_t class = (uint32_t)(number % gratings.n_classes);
        fw_dataset_label(set, i, class);
        draw(&gratings, class, fw_splitmix(seed, number), set->floats + i * set->item);
    }
    status = fw_dataset_ready(options, plan.path, &set);
    if (status == FW_OK) {
        *ret_set = set;
    }
    return status;
}

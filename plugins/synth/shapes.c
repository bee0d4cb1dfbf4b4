/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdbool.h>

#include <fw/stage.h>

#include "images.h"
#include "splitmix/splitmix.h"

static double uniform(uint64_t *state, double low, double high)
{
    return low + (high - low) * ((double)(fw_splitmix_next(state) >> 11) * 0x1p-53);
}

/* Far apart for neighbouring numbers and seeds. */
static uint64_t stream_of(uint64_t seed, uint64_t number)
{
    uint64_t state = seed;
    state = fw_splitmix_next(&state) + number;
    return fw_splitmix_next(&state);
}

uint8_t synth_image_kind(uint64_t seed, uint64_t number)
{
    uint64_t state = stream_of(seed, number);
    return (uint8_t)(fw_splitmix_next(&state) % SYNTH_IMAGE_KINDS);
}

/* Where a shape lies: its middle, half its width, how it is turned, how bright it is. */
struct pose {
    double row, col, size, cosine, sine, light;
};

static bool is_inside(uint8_t kind, double u, double v)
{
    const double distance = sqrt(u * u + v * v), across = fabs(u), along = fabs(v);
    const double largest = fmax(across, along);
    switch (kind) {
    case 0: /* disc */
        return distance < 1;
    case 1: /* ring */
        return distance < 1 && distance > 0.6;
    case 2: /* square */
        return largest < 0.85;
    case 3: /* frame */
        return largest < 0.9 && largest > 0.55;
    case 4: /* triangle */
        return u < 0.8 && u > -1 && along < (u + 1) * 0.55;
    case 5: /* cross */
        return largest < 1 && fmin(across, along) < 0.3;
    case 6: /* bar that lies */
        return across < 0.35 && along < 1;
    case 7: /* bar that stands */
        return along < 0.35 && across < 1;
    case 8: /* two squares, corner at corner */
        return largest < 0.9 && u * v > 0;
    default: /* two dots */
        return (along - 0.6) * (along - 0.6) + u * u < 0.15;
    }
}

static struct pose draw_pose(uint64_t *state)
{
    struct pose pose = {.row = uniform(state, 10.5, 16.5),
                        .col = uniform(state, 10.5, 16.5),
                        .size = uniform(state, 6, 10),
                        .light = uniform(state, 0.45, 1)};
    /* A quarter of a right angle at most, without a function whose last bit a library chooses. */
    const double t = uniform(state, -0.2, 0.2);
    pose.cosine = (1 - t * t) / (1 + t * t);
    pose.sine = 2 * t / (1 + t * t);
    return pose;
}

void synth_image_draw(uint64_t seed, uint64_t number, double noise,
                      uint8_t pixels[SYNTH_IMAGE_SIDE * SYNTH_IMAGE_SIDE])
{
    uint64_t state = stream_of(seed, number);
    const uint8_t kind = (uint8_t)(fw_splitmix_next(&state) % SYNTH_IMAGE_KINDS);
    const struct pose pose = draw_pose(&state);
    for (int i = 0; i < SYNTH_IMAGE_SIDE * SYNTH_IMAGE_SIDE; i++) {
        const double y = (i / SYNTH_IMAGE_SIDE - pose.row) / pose.size;
        const double x = (i % SYNTH_IMAGE_SIDE - pose.col) / pose.size;
        const double u = pose.cosine * y - pose.sine * x, v = pose.sine * y + pose.cosine * x;
        const double level =
            (is_inside(kind, u, v) ? pose.light : 0) + uniform(&state, -noise, noise);
        pixels[i] = (uint8_t)(255 * fmin(fmax(level, 0), 1) + 0.5);
    }
}

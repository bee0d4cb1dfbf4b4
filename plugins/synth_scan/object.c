/* SPDX-License-Identifier: MIT */
#include "object.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "image/fourier.h"

enum { WAVES = 24, JITTER = 1 };

static double uniform(struct fw_pcg32 *rng)
{
    return (double)fw_pcg32_next(rng) / 4294967296.0;
}

double synth_noise(struct fw_pcg32 *rng)
{
    double sum = -6;
    for (int i = 0; i < 12; i++) {
        sum += uniform(rng);
    }
    return sum;
}

struct wave {
    double y, x, turn, height;
};

/* Waves 6 to 60 pixels long, in all directions. */
static void draw_waves(struct fw_pcg32 *rng, struct wave *waves)
{
    for (int i = 0; i < WAVES; i++) {
        const double length = 6 * pow(10, uniform(rng)), angle = 2 * M_PI * uniform(rng);
        waves[i] = (struct wave){.y = 2 * M_PI * sin(angle) / length,
                                 .x = 2 * M_PI * cos(angle) / length,
                                 .turn = 2 * M_PI * uniform(rng),
                                 .height = 0.05 + 0.05 * uniform(rng)};
    }
}

static double sum_waves(const struct wave *waves, double y, double x)
{
    double sum = 0;
    for (int i = 0; i < WAVES; i++) {
        sum += waves[i].height * sin(waves[i].y * y + waves[i].x * x + waves[i].turn);
    }
    return sum;
}

static void draw_object(struct synth_object *object, uint64_t seed)
{
    struct wave amplitudes[WAVES], phases[WAVES];
    struct fw_pcg32 rng;
    fw_pcg32_init(&rng, seed, 1);
    draw_waves(&rng, amplitudes);
    draw_waves(&rng, phases);
    for (size_t i = 0; i < object->side * object->side; i++) {
        const double y = (double)(i / object->side), x = (double)(i % object->side);
        const double amplitude = 1 + 0.5 * sum_waves(amplitudes, y, x) + 0.05 * uniform(&rng);
        object->pixels[i] = fmax(amplitude, 0.1) * cexp(I * sum_waves(phases, y, x));
    }
}

/* A disk with a soft edge. */
static void draw_probe(struct synth_object *object)
{
    const double middle = (double)(object->n_side / 2), radius = 0.3 * (double)object->n_side;
    for (size_t i = 0; i < object->n_side * object->n_side; i++) {
        const double y = (double)(i / object->n_side) - middle;
        const double x = (double)(i % object->n_side) - middle;
        object->probe[i] = 1 / (1 + exp(sqrt(x * x + y * y) - radius));
    }
}

/* A raster whose points are a pixel off here and there. */
static void draw_positions(struct synth_object *object, const struct synth_shape *shape)
{
    const size_t columns = (size_t)ceil(sqrt((double)object->n));
    struct fw_pcg32 rng;
    fw_pcg32_init(&rng, shape->seed, 2);
    for (size_t i = 0; i < object->n; i++) {
        const double edge = (double)(object->n_side / 2 + JITTER);
        object->x[i] = edge + (double)(i % columns * shape->step) +
                       (double)fw_pcg32_below(&rng, 2 * JITTER + 1) - JITTER;
        object->y[i] = edge + (double)(i / columns * shape->step) +
                       (double)fw_pcg32_below(&rng, 2 * JITTER + 1) - JITTER;
    }
}

int synth_object_init(struct synth_object *object, const struct synth_shape *shape)
{
    const size_t columns = (size_t)ceil(sqrt((double)shape->images));
    const size_t side = (columns - 1) * shape->step + shape->n_side + 2 * JITTER;
    *object = (struct synth_object){
        .side = side,
        .pixels = malloc(side * side * sizeof *object->pixels),
        .n_side = shape->n_side,
        .probe = malloc(shape->n_side * shape->n_side * sizeof *object->probe),
        .n = shape->images,
        .x = malloc(shape->images * sizeof *object->x),
        .y = malloc(shape->images * sizeof *object->y)};
    if (object->pixels == NULL || object->probe == NULL || object->x == NULL || object->y == NULL) {
        return -ENOMEM;
    }
    draw_object(object, shape->seed);
    draw_probe(object);
    draw_positions(object, shape);
    return 0;
}

void synth_object_finish(struct synth_object *object)
{
    free(object->pixels);
    free(object->probe);
    free(object->x);
    free(object->y);
    *object = (struct synth_object){0};
}

void synth_object_patch(const struct synth_object *object, size_t i, double complex *ret_patch)
{
    const size_t n = object->n_side;
    const size_t top = (size_t)object->y[i] - n / 2, left = (size_t)object->x[i] - n / 2;
    for (size_t k = 0; k < n * n; k++) {
        ret_patch[k] = object->pixels[(top + k / n) * object->side + left + k % n];
    }
}

int synth_object_diffract(const struct synth_object *object, double complex *patch,
                          float *ret_image)
{
    const size_t n = object->n_side;
    for (size_t k = 0; k < n * n; k++) {
        patch[k] *= object->probe[k];
    }
    int rc = fw_fourier_complex(patch, n, n, FW_FOURIER_FORWARD, 1);
    for (size_t k = 0; rc == 0 && k < n * n; k++) {
        const size_t row = (k / n + n / 2) % n, column = (k % n + n / 2) % n;
        ret_image[row * n + column] = (float)cabs(patch[k]);
    }
    return rc;
}

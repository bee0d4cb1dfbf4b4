/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "reconstruction.h"
#include "sql/fault.h"

void recon_chunk_finish(struct recon_chunk *chunk)
{
    free(chunk->numbers);
    free(chunk->images);
    free(chunk->input);
    free(chunk->places);
}

static int compare_numbers(const void *a, const void *b)
{
    const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

/* Which image a sample has in this channel. */
static uint32_t member(const struct recon_chunk *chunk, uint64_t at, uint32_t channel)
{
    const struct fw_groups *groups = &chunk->scan->groups;
    const uint64_t sample = recon_arm_number(chunk->arm, chunk->first + at);
    return chunk->arm->per_group ? groups->members[sample * groups->per_group + channel]
                                 : (uint32_t)sample;
}

static fw_status read_images(struct recon_chunk *chunk)
{
    const struct recon_scan *scan = chunk->scan;
    const size_t size = (size_t)scan->n_side * scan->n_side, c = chunk->arm->channels_in;
    const uint64_t n = chunk->n;
    chunk->numbers = malloc(n * c * sizeof *chunk->numbers);
    if (chunk->numbers == NULL) {
        return fw_fault_nomem(scan->host);
    }
    for (size_t i = 0; i < n * c; i++) {
        chunk->numbers[i] = member(chunk, i / c, (uint32_t)(i % c));
    }
    qsort(chunk->numbers, n * c, sizeof *chunk->numbers, compare_numbers);
    for (size_t i = 0; i < n * c; i++) {
        if (i == 0 || chunk->numbers[i] != chunk->numbers[chunk->n_numbers - 1]) {
            chunk->numbers[chunk->n_numbers++] = chunk->numbers[i];
        }
    }
    chunk->images = malloc(chunk->n_numbers * size * sizeof *chunk->images);
    return chunk->images == NULL
               ? fw_fault_nomem(scan->host)
               : recon_scan_read(scan, chunk->numbers, chunk->n_numbers, chunk->images);
}

static void fill_sample(const struct recon_chunk *chunk, uint64_t at, float *to)
{
    const struct recon_scan *scan = chunk->scan;
    const size_t size = (size_t)scan->n_side * scan->n_side, c = chunk->arm->channels_in;
    const float factor = (float)(scan->scale * chunk->arm->gain);
    for (uint32_t k = 0; k < c; k++) {
        const uint32_t number = member(chunk, at, k);
        const uint32_t *found =
            bsearch(&number, chunk->numbers, chunk->n_numbers, sizeof number, compare_numbers);
        const float *image = chunk->images + (size_t)(found - chunk->numbers) * size;
        const bool first = chunk->arm->channels_first;
        for (size_t i = 0; i < size; i++) {
            to[first ? k * size + i : i * c + k] = image[i] * factor;
        }
    }
}

static void describe(struct recon_chunk *chunk)
{
    const int64_t n = (int64_t)chunk->n, side = chunk->scan->n_side, c = chunk->arm->channels_in;
    const int64_t last[] = {n, side, side, c}, early[] = {n, c, side, side};
    const int64_t places[] = {n, 1, 2, c};
    memcpy(chunk->input_shape, chunk->arm->channels_first ? early : last, sizeof last);
    memcpy(chunk->places_shape, places, sizeof places);
    /* one channel may have no axis */
    chunk->arrays[0] = (struct fw_predictor_array){FW_F32, chunk->arm->input_rank,
                                                   chunk->input_shape, chunk->input};
    chunk->arrays[1] = (struct fw_predictor_array){FW_F32, 4, chunk->places_shape, chunk->places};
}

static fw_status fill(struct recon_chunk *chunk)
{
    const struct recon_scan *scan = chunk->scan;
    const size_t c = chunk->arm->channels_in, size = (size_t)scan->n_side * scan->n_side * c;
    chunk->input = malloc(chunk->n * size * sizeof *chunk->input);
    chunk->places = calloc(chunk->n * 2 * c, sizeof *chunk->places);
    if (chunk->input == NULL || chunk->places == NULL) {
        return fw_fault_nomem(scan->host);
    }
    for (uint64_t i = 0; i < chunk->n; i++) {
        fill_sample(chunk, i, chunk->input + i * size);
        for (size_t k = 0; chunk->arm->per_group && k < 2 * c; k++) {
            chunk->places[i * 2 * c + k] =
                (float)scan->groups.relative[(chunk->first + i) * 2 * c + k];
        }
    }
    describe(chunk);
    return FW_OK;
}

fw_status recon_chunk_read(const struct recon_scan *scan, const struct recon_arm *arm,
                           uint64_t first, uint64_t n, struct recon_chunk *chunk)
{
    *chunk = (struct recon_chunk){.scan = scan, .arm = arm, .first = first, .n = n};
    if (arm->input_rank == 0) {
        return FW_OK;
    }
    fw_status status = read_images(chunk);
    return status == FW_OK ? fill(chunk) : status;
}

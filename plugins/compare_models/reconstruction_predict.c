/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "batches.h"
#include "reconstruction.h"
#include "sql/fault.h"

/* What a chunk's samples are made of: their images, each once, and members' places. */
struct chunk {
    uint32_t *numbers; /* of the images in it, ascending */
    size_t n_numbers;
    float *images;
    float *input;  /* [sample][N][N][C], or channels first */
    float *places; /* [sample][1][2][C] */
    int64_t input_shape[4], places_shape[4];
    struct fw_predictor_array arrays[2];
};

static void chunk_finish(struct chunk *chunk)
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

/* Which images a sample is made of. */
static uint32_t member(const struct recon_turn *turn, uint64_t sample, uint32_t channel)
{
    const struct fw_groups *groups = &turn->plan->scan->groups;
    return turn->arm->per_group ? groups->members[sample * groups->per_group + channel]
                                : (uint32_t)sample;
}

static fw_status read_images(const struct recon_turn *turn, uint64_t first, uint64_t n,
                             struct chunk *chunk)
{
    const struct recon_scan *scan = turn->plan->scan;
    const size_t size = (size_t)scan->n_side * scan->n_side, c = turn->arm->channels_in;
    chunk->numbers = malloc(n * c * sizeof *chunk->numbers);
    if (chunk->numbers == NULL) {
        return fw_fault_nomem(scan->host);
    }
    for (size_t i = 0; i < n * c; i++) {
        chunk->numbers[i] = member(turn, first + i / c, (uint32_t)(i % c));
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

static void fill_sample(const struct recon_turn *turn, const struct chunk *chunk, uint64_t sample,
                        float *to)
{
    const struct recon_scan *scan = turn->plan->scan;
    const size_t size = (size_t)scan->n_side * scan->n_side, c = turn->arm->channels_in;
    const float factor = (float)(scan->scale * turn->arm->gain);
    for (uint32_t k = 0; k < c; k++) {
        const uint32_t number = member(turn, sample, k);
        const uint32_t *found =
            bsearch(&number, chunk->numbers, chunk->n_numbers, sizeof number, compare_numbers);
        const float *image = chunk->images + (size_t)(found - chunk->numbers) * size;
        const bool first = turn->arm->channels_first;
        for (size_t i = 0; i < size; i++) {
            to[first ? k * size + i : i * c + k] = image[i] * factor;
        }
    }
}

static fw_status fill(const struct recon_turn *turn, uint64_t first, uint64_t n,
                      struct chunk *chunk)
{
    const struct recon_scan *scan = turn->plan->scan;
    const size_t side = scan->n_side, c = turn->arm->channels_in;
    chunk->input = malloc(n * side * side * c * sizeof *chunk->input);
    chunk->places = calloc(n * 2 * c, sizeof *chunk->places);
    if (chunk->input == NULL || chunk->places == NULL) {
        return fw_fault_nomem(scan->host);
    }
    for (uint64_t i = 0; i < n; i++) {
        fill_sample(turn, chunk, first + i, chunk->input + i * side * side * c);
        for (size_t k = 0; turn->arm->per_group && k < 2 * c; k++) {
            chunk->places[i * 2 * c + k] = (float)scan->groups.relative[(first + i) * 2 * c + k];
        }
    }
    const int64_t last[] = {(int64_t)n, (int64_t)side, (int64_t)side, (int64_t)c};
    const int64_t early[] = {(int64_t)n, (int64_t)c, (int64_t)side, (int64_t)side};
    const int64_t places[] = {(int64_t)n, 1, 2, (int64_t)c};
    memcpy(chunk->input_shape, turn->arm->channels_first ? early : last, sizeof last);
    memcpy(chunk->places_shape, places, sizeof places);
    chunk->arrays[0] = (struct fw_predictor_array){FW_F32, 4, chunk->input_shape, chunk->input};
    chunk->arrays[1] = (struct fw_predictor_array){FW_F32, 4, chunk->places_shape, chunk->places};
    return FW_OK;
}

static float complex value_at(const struct recon_turn *turn,
                              const struct fw_predictor_array *outputs, size_t at)
{
    if (outputs[0].element == FW_C64) {
        return ((const float complex *)outputs[0].data)[at];
    }
    if (outputs[0].element == FW_C128) {
        return (float complex)((const double complex *)outputs[0].data)[at];
    }
    const float a = ((const float *)outputs[0].data)[at], b = ((const float *)outputs[1].data)[at];
    return turn->plan->polar ? a * cosf(b) + I * (a * sinf(b)) : a + I * b;
}

/* But for the samples, which are counted before. */
static bool is_declared(const struct fw_predictor_array *output,
                        const struct fw_predictor_port *port)
{
    bool is = output->element == port->element && output->rank == port->rank;
    for (uint32_t k = 1; is && k < output->rank; k++) {
        is = output->shape[k] == port->shape[k];
    }
    return is;
}

/* A model may give what it did not declare, and that is what is read below. */
static fw_status check_outputs(const struct recon_turn *turn,
                               const struct fw_predictor_array *outputs)
{
    const struct fw_predictor_info *info = turn->named->predictor->info(turn->model);
    for (uint64_t i = 0; i < info->n_outputs; i++) {
        if (!is_declared(&outputs[i], info->outputs[i])) {
            return compare_trip(turn->trip, "shape",
                                "arm %s: output %llu has another shape (%u axes) or other elements "
                                "(%u) than the model declares (%llu axes, elements %u)",
                                turn->named->name, (unsigned long long)i, outputs[i].rank,
                                outputs[i].element, (unsigned long long)info->outputs[i]->rank,
                                info->outputs[i]->element);
        }
    }
    return FW_OK;
}

/* Channels become one patch after the other; the canvas takes them in their order. */
static fw_status take(void *self, uint64_t first, uint64_t n,
                      const struct fw_predictor_array *outputs)
{
    struct recon_turn *turn = self;
    struct recon_arm *arm = turn->arm;
    const size_t side = turn->plan->scan->n_side, size = side * side, c = arm->channels_out;
    fw_status status = check_outputs(turn, outputs);
    if (status != FW_OK) {
        return status;
    }
    float complex *patches = malloc(n * size * c * sizeof *patches);
    if (patches == NULL) {
        return fw_fault_nomem(turn->plan->host);
    }
    for (size_t i = 0; i < n * size * c; i++) {
        const size_t sample = i / (size * c), channel = i / size % c, pixel = i % size;
        const size_t last = (sample * size + pixel) * c + channel;
        patches[i] = value_at(turn, outputs, arm->patches_first ? i : last);
    }
    int rc = fw_stitch_add(&arm->stitch, patches, arm->positions + 2 * first * c, n * c,
                           turn->plan->n_threads);
    if (rc == 0) {
        fw_output_stats_add(&arm->stats, patches, n * size * c);
    }
    free(patches);
    return rc == 0 ? FW_OK : fw_fault_nomem(turn->plan->host);
}

static fw_status judge(const struct recon_turn *turn, uint64_t first, uint64_t n)
{
    const struct fw_output_stats *stats = &turn->arm->stats;
    const enum fw_output_verdict verdict = fw_output_judge(stats, turn->plan->min_nonzero);
    if (verdict == FW_OUTPUT_GOOD) {
        return FW_OK;
    }
    return compare_trip(
        turn->trip, fw_output_verdict_name(verdict),
        "arm %s, samples %llu to %llu: %llu values so far, mean %.6f, max %.6f, "
        "%llu not zero, %llu not finite",
        turn->named->name, (unsigned long long)first, (unsigned long long)(first + n - 1),
        (unsigned long long)stats->n, fw_output_stats_mean(stats), stats->max,
        (unsigned long long)stats->n_nonzero, (unsigned long long)stats->n_not_finite);
}

fw_status recon_predict(struct recon_turn *turn, uint64_t first, uint64_t n)
{
    const struct fw_predictor_info *info = turn->named->predictor->info(turn->model);
    struct chunk chunk = {0};
    struct compare_batches batches = {.host = turn->plan->host,
                                      .arm = turn->named,
                                      .model = turn->model,
                                      .batch = turn->batch,
                                      .trip = turn->trip,
                                      .take = take,
                                      .self = turn};
    fw_status status = FW_OK;
    if (info->n_inputs > 0) {
        status = read_images(turn, first, n, &chunk);
        status = status == FW_OK ? fill(turn, first, n, &chunk) : status;
    }
    if (info->n_inputs > 0) {
        chunk.arrays[0].rank = (uint32_t)info->inputs[0]->rank; /* one channel may have no axis */
    }
    if (status == FW_OK) {
        status = compare_batches_run(&batches, chunk.arrays, first, n);
    }
    turn->batch = batches.batch;
    chunk_finish(&chunk);
    return status == FW_OK ? judge(turn, first, n) : status;
}

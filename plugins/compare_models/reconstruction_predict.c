/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "batches.h"
#include "reconstruction.h"
#include "sql/fault.h"

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

/* The next patch was seen: whether it is time for a verdict, and what that is. */
static fw_status judge(const struct recon_turn *turn, bool is_last)
{
    const struct fw_output_stats *stats = &turn->arm->stats;
    if (!is_last && !fw_output_stats_is_due(stats)) {
        return FW_OK;
    }
    const enum fw_output_verdict verdict = fw_output_judge(stats, &turn->plan->limits);
    if (verdict == FW_OUTPUT_GOOD) {
        return FW_OK;
    }
    return compare_trip(turn->trip, fw_output_verdict_name(verdict),
                        "arm %s, in the chunk of samples %llu to %llu: of %llu patches %llu are "
                        "empty, of %llu values %llu are not zero and %llu not finite; mean %.6f, "
                        "max %.6f",
                        turn->named->name, (unsigned long long)turn->first,
                        (unsigned long long)(turn->first + turn->n - 1),
                        (unsigned long long)stats->n_patches, (unsigned long long)stats->n_empty,
                        (unsigned long long)stats->n, (unsigned long long)stats->n_nonzero,
                        (unsigned long long)stats->n_not_finite, fw_output_stats_mean(stats),
                        stats->max);
}

static fw_status look(struct recon_turn *turn, const float complex *patches, size_t n)
{
    const size_t size = (size_t)turn->plan->scan->n_side * turn->plan->scan->n_side;
    fw_status status = FW_OK;
    for (size_t i = 0; status == FW_OK && i < n; i++) {
        struct fw_output_stats one = {0};
        fw_output_stats_add(&one, patches + i * size, size, &turn->plan->limits);
        if (turn->arm->stats.n == 0) {
            recon_say_patch(turn->plan->host, turn->named->name, patches, size);
        }
        fw_output_stats_merge(&turn->arm->stats, &one);
        fw_output_stats_merge(&turn->seen, &one);
        status = judge(turn, false);
    }
    return status;
}

static void keep(struct recon_arm *arm, const float complex *patches, size_t n, size_t size)
{
    struct recon_dump *dump = &arm->dump;
    const size_t left = dump->room - dump->n, now = n < left ? n : left;
    if (now > 0) {
        memcpy(dump->patches + dump->n * size, patches, now * size * sizeof *patches);
        dump->n += now;
    }
}

static fw_status lay(const struct recon_turn *turn, const float complex *patches, uint64_t first,
                     size_t n)
{
    double *positions = malloc(n * 2 * sizeof *positions);
    if (positions == NULL) {
        return fw_fault_nomem(turn->plan->host);
    }
    recon_arm_places(turn->arm, turn->plan->scan, first, n, positions);
    int rc = fw_stitch_add(&turn->arm->stitch, patches, positions, n, turn->plan->n_threads);
    free(positions);
    return rc == 0 ? FW_OK : fw_fault_nomem(turn->plan->host);
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
    keep(arm, patches, n, size * c);
    status = lay(turn, patches, first * c, n * c);
    if (status == FW_OK) {
        status = look(turn, patches, n * c);
    }
    free(patches);
    return status;
}

/* Samples whose numbers follow one another. */
static fw_status predict_run(struct recon_turn *turn, uint64_t first, uint64_t n)
{
    struct recon_chunk chunk;
    struct compare_batches batches = {.host = turn->plan->host,
                                      .arm = turn->named,
                                      .model = turn->model,
                                      .batch = turn->batch,
                                      .trip = turn->trip,
                                      .take = take,
                                      .self = turn};
    fw_status status = recon_chunk_read(turn->plan->scan, turn->arm, first, n, &chunk);
    if (status == FW_OK && turn->arm->input_rank > 0) {
        recon_say_input(turn->plan->host, turn->named->name, &chunk);
    }
    if (status == FW_OK) {
        status = compare_batches_run(&batches, chunk.arrays, recon_arm_number(turn->arm, first), n);
    }
    turn->batch = batches.batch;
    recon_chunk_finish(&chunk);
    return status;
}

static uint64_t run_length(const struct recon_arm *arm, uint64_t first, uint64_t n)
{
    uint64_t length = 1;
    while (length < n &&
           recon_arm_number(arm, first + length) == recon_arm_number(arm, first) + length) {
        length++;
    }
    return length;
}

fw_status recon_predict(struct recon_turn *turn)
{
    const uint64_t end = turn->first + turn->n;
    const bool is_last = end == turn->arm->n_samples;
    fw_status status = FW_OK;
    for (uint64_t at = turn->first; status == FW_OK && at < end;) {
        const uint64_t n = run_length(turn->arm, at, end - at);
        status = predict_run(turn, at, n);
        at += n;
    }
    if (status == FW_E_NOMEM) {
        recon_say_too_much(turn);
    }
    recon_say_output(turn, "chunk", &turn->seen);
    if (is_last) {
        recon_say_output(turn, "total", &turn->arm->stats);
    }
    return status == FW_OK ? judge(turn, is_last) : status;
}

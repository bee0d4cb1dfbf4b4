/* SPDX-License-Identifier: MIT */
/* Lines of the stage's log that begin with DIAGNOSTIC: what goes into a model and what comes out.
 */
#include <stdarg.h>

#include <math.h>
#include <stdio.h>

#include <fw/service/log.h>

#include "reconstruction.h"

__attribute__((format(printf, 2, 3))) static void say(const struct fw_host *host,
                                                      const char *format, ...)
{
    const struct fw_log *log = host->service(host, FW_LOG_ID);
    char text[400];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    log->write(host, FW_LOG_DEBUG, text);
}

static double mebibytes(double bytes)
{
    return bytes / (1 << 20);
}

void recon_say_memory(const struct recon_plan *plan, const struct recon_arm *arm, const char *name,
                      uint64_t chunk)
{
    const double size = (double)plan->scan->n_side * plan->scan->n_side;
    const double n = (double)(chunk < arm->n_samples ? chunk : arm->n_samples);
    const double side = arm->is_given ? 0 : (double)arm->stitch.canvas.side;
    if (arm->is_given) {
        return;
    }
    say(plan->host,
        "arm %s: %llu samples in chunks of %.0f; images and inputs of a chunk take %.1f "
        "MiB, the canvas of %.0f by %.0f pixels %.1f MiB, answers of a batch and the "
        "model what they take",
        name, (unsigned long long)arm->n_samples, n,
        mebibytes(arm->input_rank == 0 ? 0 : 2 * n * size * arm->channels_in * sizeof(float)), side,
        side, mebibytes(side * side * (sizeof(double complex) + sizeof(double))));
}

void recon_say_too_much(const struct recon_turn *turn)
{
    const struct fw_log *log = turn->plan->host->service(turn->plan->host, FW_LOG_ID);
    char text[300];
    snprintf(
        text, sizeof text,
        "arm %s: out of memory in the chunk of samples %llu to %llu, at %llu samples at a time; "
        "set chunk or batch lower, or resources.memory higher",
        turn->named->name, (unsigned long long)turn->first,
        (unsigned long long)(turn->first + turn->n - 1), (unsigned long long)turn->batch);
    log->write(turn->plan->host, FW_LOG_ERROR, text);
}

void recon_say_input(const struct fw_host *host, const char *arm, const struct recon_chunk *chunk)
{
    const uint64_t n =
        chunk->n * chunk->scan->n_side * chunk->scan->n_side * chunk->arm->channels_in;
    double sum = 0, max = -INFINITY;
    uint64_t n_nonzero = 0;
    for (uint64_t i = 0; i < n; i++) {
        sum += chunk->input[i];
        max = fmax(max, chunk->input[i]);
        n_nonzero += chunk->input[i] != 0 ? 1 : 0;
    }
    say(host,
        "DIAGNOSTIC %s_input samples %llu to %llu stats: mean=%.6f, max=%.6f, "
        "nonzero_count=%llu/%llu",
        arm, (unsigned long long)chunk->first, (unsigned long long)(chunk->first + chunk->n - 1),
        sum / (double)n, max, (unsigned long long)n_nonzero, (unsigned long long)n);
}

void recon_say_output(const struct recon_turn *turn, const char *of,
                      const struct fw_output_stats *stats)
{
    say(turn->plan->host,
        "DIAGNOSTIC %s_output %s, samples to %llu stats: mean=%.6f, max=%.6f, "
        "nonzero_count=%llu/%llu, empty_patches=%llu/%llu",
        turn->named->name, of, (unsigned long long)(turn->first + turn->n - 1),
        fw_output_stats_mean(stats), stats->max, (unsigned long long)stats->n_nonzero,
        (unsigned long long)stats->n, (unsigned long long)stats->n_empty,
        (unsigned long long)stats->n_patches);
}

struct moments {
    double sum, squares, min, max;
};

static void add(struct moments *moments, double value)
{
    moments->sum += value;
    moments->squares += value * value;
    moments->min = fmin(moments->min, value);
    moments->max = fmax(moments->max, value);
}

void recon_say_patch(const struct fw_host *host, const char *arm, const float complex *patch,
                     size_t n)
{
    struct moments amplitude = {.min = INFINITY, .max = -INFINITY}, phase = amplitude;
    size_t n_nonzero = 0;
    for (size_t i = 0; i < n; i++) {
        add(&amplitude, cabsf(patch[i]));
        add(&phase, cargf(patch[i]));
        n_nonzero += patch[i] != 0 ? 1 : 0;
    }
    const double mean = phase.sum / (double)n;
    say(host,
        "DIAGNOSTIC %s_output first patch amplitude: mean=%.6f, max=%.6f, "
        "nonzero_count=%zu/%zu; phase: mean=%.6f, std=%.6f, min=%.6f, max=%.6f",
        arm, amplitude.sum / (double)n, amplitude.max, n_nonzero, n, mean,
        sqrt(fmax(0, phase.squares / (double)n - mean * mean)), phase.min, phase.max);
}

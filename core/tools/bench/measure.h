/* SPDX-License-Identifier: MIT */
#ifndef FW_BENCH_MEASURE_H
#define FW_BENCH_MEASURE_H

#include <stdbool.h>

#include "cold.h"
#include "lab.h"

/* One repetition of a stage, as its run recorded it. */
struct fw_sample {
    double steps_s;   /* spent in its steps */
    double elapsed_s; /* from its start to its manifest */
    double user_s, system_s;
    uint64_t n_steps, rows, output_bytes, peak_bytes, spilled_bytes;
    uint64_t voluntary, involuntary; /* context switches */
    unsigned attempts;               /* more than one: memory ran out, and it went on lower down */
    struct fw_cold cold;             /* of --cold */
};

/* The repetitions of one arm, and all step times together. Zero-initialise. */
struct fw_series {
    bool cpu; /* processor time is compared, not the time in steps */
    struct fw_sample *items;
    size_t len, cap;
    struct {
        double *items; /* microseconds */
        size_t len, cap;
    } steps;
};

void fw_series_finish(struct fw_series *series);

static inline void fw_cleanup_series(struct fw_series *series)
{
    fw_series_finish(series);
}

/* Adds the step times of a manifest; where they stand for several steps, what one takes. */
int fw_series_add_steps(struct fw_series *series, const cJSON *manifest, struct fw_error *err);

/* Runs the stage once and adds what is known of it. `err` has the exit code of the run. */
int fw_measure(struct fw_solo *solo, bool cold, struct fw_series *series, struct fw_error *err);

/* What is compared of a repetition. */
double fw_series_seconds(const struct fw_series *series, size_t i);

/* The logarithms of what is compared, in the order of the repetitions; the caller's to free, NULL
 * when out of memory. */
double *fw_series_logs(const struct fw_series *series, struct fw_error *err);

#endif

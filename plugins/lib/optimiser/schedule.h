/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_OPTIMISER_SCHEDULE_H
#define FW_LIB_OPTIMISER_SCHEDULE_H

#include <stdint.h>

#include <stdbool.h>

enum fw_schedule_kind { FW_SCHEDULE_CONSTANT, FW_SCHEDULE_COSINE };

/** The learning rate of each optimiser step (training.md 3.2). */
struct fw_schedule {
    enum fw_schedule_kind kind;
    double rate;           /**< where warming up ends */
    uint64_t warmup_steps; /**< rising in equal steps to `rate`; below total_steps */
    uint64_t total_steps;  /**< of the run, those of warming up among them */
    bool offset; /**< COSINE: the half wave begins behind warming up; otherwise at step 0 */
};

/** Of step t, from 0. [any thread] */
double fw_schedule_rate(const struct fw_schedule *schedule, uint64_t t);

#endif

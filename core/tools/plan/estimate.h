/* SPDX-License-Identifier: MIT */
#ifndef FW_TOOLS_PLAN_ESTIMATE_H
#define FW_TOOLS_PLAN_ESTIMATE_H

#include "measured.h"

/*
 * What stages are likely to take, before anything starts: what was measured, with time and output
 * in proportion to the bytes that are read. Peak memory is told as it was measured, because a stage
 * works in bounded steps.
 */
struct estimate {
    bool runs;                /* the plan says so; else the rest is all zero */
    struct measured measured; /* without a manifest nothing is known */
    double input_bytes;       /* now; negative: not known */
    double ratio;             /* of now to then; 1 where either is not known */
    bool scaled;              /* both are known */
    bool resumes;             /* a checkpoint is there: it takes less */
    double elapsed_s, peak_bytes, output_bytes;
};

/* The whole, as the run would start its stages side by side. */
struct course {
    uint32_t threads;
    uint64_t memory;
    double elapsed_s, sequential_s; /* of the stages that are known */
    size_t n_unknown;
};

struct estimates {
    struct estimate *items; /* by the plan's indexes */
    size_t len;
    struct course course;
};

/* Of an assessed plan. To be finished. */
int estimates_make(const struct fw_plan *plan, struct estimates *ret_estimates,
                   struct fw_error *err);
void estimates_finish(struct estimates *estimates);

/* What the numbers of one come from, as a text for the caller to free. */
char *estimate_source(const struct fw_plan *plan, const struct fw_plan_stage *stage,
                      const struct estimate *estimate);

/* course.c */
int course_follow(const struct fw_plan *plan, struct estimates *estimates, struct fw_error *err);

static inline void fw_cleanup_estimates(struct estimates *estimates)
{
    estimates_finish(estimates);
}

#endif

/* SPDX-License-Identifier: MIT */
#ifndef FW_TOOLS_PLAN_MEASURED_H
#define FW_TOOLS_PLAN_MEASURED_H

#include "graph/plan.h"

/* What a stage took when it ran, from its MANIFEST.json. */
struct measured {
    cJSON *manifest; /* NULL: none was found */
    char *run_dir;
    double input_bytes; /* that it read then; negative: not recorded */
    bool same_params;   /* as now */
};

/* What lies beside the plan's run directory, read when it is first asked for. Zero-initialise. */
struct measured_pool {
    struct measured_record {
        char *run_dir;
        cJSON *manifest;
    } * items; /* the newest first */
    size_t len, cap;
    bool filled;
};
void measured_pool_finish(struct measured_pool *pool);

/*
 * Looks in the plan's own run directory for the same stage, then in the run directories beside it
 * for one with the same `use`: one with the parameters of now before others, and among these the
 * one whose input is nearest to `input_bytes` (negative: not known). Without one the result is all
 * zero. To be finished.
 */
int measured_find(const struct fw_plan *plan, const struct fw_plan_stage *stage, double input_bytes,
                  struct measured_pool *pool, struct measured *ret_measured, struct fw_error *err);
void measured_finish(struct measured *measured);

#endif

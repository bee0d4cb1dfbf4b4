/* SPDX-License-Identifier: MIT */
#ifndef FW_CORE_GRAPH_VALUES_H
#define FW_CORE_GRAPH_VALUES_H

#include <cjson/cJSON.h>

#include "base/error.h"
#include "base/vec.h"
#include "config/diag.h"
#include "config/pipeline.h"
#include "fw/stage.h"

/*
 * The parameters of one stage, checked against the stage type's table, defaults expanded. `view`
 * is what crosses to the plugin; it points into the rest.
 */
struct fw_param_value {
    struct fw_value view;
    uint32_t flags;                 /* of struct fw_param */
    const struct fw_cfg_node *node; /* where it was given; NULL for a default */
    char *text;
    struct fw_strings texts;
    double *reals;
};

struct fw_values {
    struct fw_param_value *items;
    size_t len, cap;
};

/* Every parameter of the type gets a value, unset where there is none. Mistakes (unknown names,
 * types, ranges, missing ones, files that are not there) go to `diag`. -1 only when out of memory.
 */
int fw_values_check(const struct fw_pipeline *pipeline, const struct fw_pipeline_stage *stage,
                    const struct fw_stage *type, struct fw_values *ret_values,
                    struct fw_diag *diag);

/* One value as JSON, null when unset; NULL when out of memory. */
cJSON *fw_value_json(const struct fw_param_value *value);

/* The other way, in the worker: [{"name", "type", "value"}]. */
int fw_values_add_json(cJSON *task, const struct fw_values *values, struct fw_error *err);
int fw_values_from_json(const cJSON *task, struct fw_values *ret_values, struct fw_error *err);

void fw_values_finish(struct fw_values *values);

#endif

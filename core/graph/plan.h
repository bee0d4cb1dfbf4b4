/* SPDX-License-Identifier: MIT */
#ifndef FW_CORE_GRAPH_PLAN_H
#define FW_CORE_GRAPH_PLAN_H

#include <cjson/cJSON.h>

#include "base/error.h"
#include "base/sha256.h"
#include "config/pipeline.h"
#include "graph/values.h"
#include "plugin/registry.h"
#include "store/digest.h"

/*
 * A pipeline resolved against the plugins that are there: which stage runs what, on which inputs,
 * with which parameters, in which order, and what can be reused. Reads descriptors, never executes
 * plugin code. One thread.
 */
struct fw_plan_output {
    const char *port;
    fw_kind kind;
    uint32_t flags; /* FW_PORT_... */
    const struct fw_pipeline_stage *stage;
    char *path;                     /* final, absolute */
    const struct fw_cfg_node *node; /* of `out`; NULL for the default place */
    char digest[FW_SHA256_TEXT];    /* "" until the output exists */
};

/* One thing plugged into an input port: a file or folder outside, or another stage's output. */
struct fw_plan_source {
    char *path;   /* absolute; NULL for a reference */
    size_t stage; /* of a reference: index into the plan's stages */
    size_t output;
};

struct fw_plan_input {
    const char *port;
    fw_kind kind;
    uint32_t flags; /* FW_PORT_... */
    const struct fw_cfg_node *node;
    struct fw_plan_source *items;
    size_t len, cap;
    bool absent;                 /* its producer left an optional output unwritten */
    char digest[FW_SHA256_TEXT]; /* "" while a producer has not run */
};

enum fw_plan_state {
    FW_PLAN_RUN,     /* it must run */
    FW_PLAN_REUSE,   /* done, with the wanted key */
    FW_PLAN_WAITING, /* depends on a stage that must run; its outputs may turn out unchanged */
    FW_PLAN_LEFT_OUT /* not asked for */
};

struct fw_plan_stage {
    const struct fw_pipeline_stage *spec;
    const struct fw_registry_entry *plugin;
    const struct fw_stage *type; /* in the image; NULL when `use` names nothing: nothing runs */
    struct fw_values values;
    struct {
        struct fw_plan_input *items;
        size_t len, cap;
    } inputs;
    struct {
        struct fw_plan_output *items;
        size_t len, cap;
    } outputs;
    struct {
        struct fw_registry_service *items;
        size_t len, cap;
    } providers;
    struct {
        size_t *items;
        size_t len, cap;
    } needs; /* stages that must be done before */
    enum fw_plan_state state;
    char *reason;   /* one sentence; NULL when it is reused */
    char *preimage; /* canonical JSON; NULL while an input's digest is unknown */
    char key[FW_SHA256_TEXT];
    cJSON *manifest; /* of the last completed run, if there is one */
    bool forced;     /* run even if it could be reused */
    bool trusted;    /* taken as it is, whatever its key: it stands before --from */
};

struct fw_plan {
    const struct fw_pipeline *pipeline;
    const struct fw_registry *registry;
    char *run_dir;
    struct fw_plan_stage *stages; /* in file order */
    size_t n_stages;
    size_t *order; /* indexes, producers before consumers */
};

/*
 * Builds the plan and checks all of it, mistakes to `diag`: names, parameters, ports, references,
 * cycles, inputs that are not there, services that nothing provides. A stage type without a usable
 * plugin goes to `plugin_diag` instead, because that has an exit code of its own. `run_dir` is NULL
 * for the place that the pipeline says. -1 only when out of memory.
 */
int fw_plan_create(const struct fw_pipeline *pipeline, const struct fw_registry *registry,
                   const char *run_dir, struct fw_plan **ret_plan, struct fw_diag *diag,
                   struct fw_diag *plugin_diag);
void fw_plan_destroy(struct fw_plan *plan);

/* Leaves out every stage that none of `names` needs. Unknown names are an error of class usage. */
int fw_plan_select(struct fw_plan *plan, const struct fw_strings *names, struct fw_error *err);

/*
 * Begins at that stage: it and all that needs it are judged as ever, what these need from before
 * is taken as it is (it must be complete, its key does not matter), the rest is left out.
 */
int fw_plan_begin_at(struct fw_plan *plan, const char *name, struct fw_error *err);

/*
 * Decides for one stage whose producers have been assessed: computes the key if all digests are
 * known, loads the manifest, sets state and reason. Called for all stages in order to plan, and
 * again for each stage when its turn comes.
 */
int fw_plan_assess(struct fw_plan *plan, size_t index, struct fw_digests *digests,
                   struct fw_error *err);
int fw_plan_assess_all(struct fw_plan *plan, struct fw_digests *digests, struct fw_error *err);

/* The digests of the outputs, which its consumers' keys need, from the stage's manifest. */
void fw_plan_take_digests(struct fw_plan_stage *stage);

const struct fw_plan_stage *fw_plan_find(const struct fw_plan *plan, const char *name);

/* The plan as a document: stages with state, reason, plugin, inputs, outputs, parameters. */
int fw_plan_json(const struct fw_plan *plan, cJSON **ret_json, struct fw_error *err);

/* Adds "inputs", ports with their paths and what is known of their content, or "params". */
bool fw_plan_add_inputs(const struct fw_plan *plan, const struct fw_plan_stage *stage, cJSON *json);
bool fw_plan_add_params(const struct fw_plan_stage *stage, cJSON *json);

/* The path an input's source stands for, borrowed. */
const char *fw_plan_source_path(const struct fw_plan *plan, const struct fw_plan_source *source);

static inline void fw_cleanup_plan(struct fw_plan **plan)
{
    fw_plan_destroy(*plan);
}

#endif

/* SPDX-License-Identifier: MIT */
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/str.h"
#include "graph/key.h"
#include "graph/plan.h"
#include "store/manifest.h"

/*
 * What is to be done for each stage. A digest that is not known is "", and makes everything that
 * depends on it wait: whether a consumer runs is known when its producer has.
 */

static int digest_mixture(const struct fw_plan *plan, struct fw_plan_input *input,
                          struct fw_digests *digests, struct fw_error *err)
{
    fw_auto(strings) struct fw_strings names = {0}, hexes = {0};
    for (size_t i = 0; i < input->len; i++) {
        const struct fw_plan_source *source = &input->items[i];
        char hex[FW_SHA256_TEXT];
        if (source->path) {
            fw_auto(strings) struct fw_strings one = {0};
            if (fw_strings_add(&one, source->path) < 0) {
                return fw_error_oom(err);
            }
            if (fw_digests_paths(digests, &one, hex, err) < 0) {
                return -1;
            }
        } else {
            memcpy(hex, plan->stages[source->stage].outputs.items[source->output].digest,
                   sizeof hex);
        }
        fw_auto(free) char *name = fw_text("%zu", i);
        if (!name || fw_strings_add(&names, name) < 0 || fw_strings_add(&hexes, hex) < 0) {
            return fw_error_oom(err);
        }
    }
    return fw_digest_lines(&names, &hexes, input->digest, err);
}

static int digest_paths(struct fw_plan_input *input, struct fw_digests *digests,
                        struct fw_error *err)
{
    fw_auto(strings) struct fw_strings paths = {0};
    for (size_t i = 0; i < input->len; i++) {
        if (fw_strings_add(&paths, input->items[i].path) < 0) {
            return fw_error_oom(err);
        }
    }
    return fw_digests_paths(digests, &paths, input->digest, err);
}

/* The producer is done and made nothing here: for a port that can do without, that is an input. */
static int take_absence(const struct fw_plan *plan, struct fw_plan_input *input,
                        const struct fw_plan_source *source, struct fw_error *err)
{
    const struct fw_plan_stage *producer = &plan->stages[source->stage];
    if (!(input->flags & FW_PORT_OPTIONAL) || input->len > 1) {
        return fw_error_set(err, FW_EXIT_FAILED,
                            "stage \"%s\" did not write its optional output \"%s\", which is "
                            "needed here; see its log for the reason",
                            producer->spec->name, producer->outputs.items[source->output].port);
    }
    input->absent = true;
    strcpy(input->digest, "absent");
    return 0;
}

/* Leaves the digest "" when a producer has yet to run. */
static int digest_input(const struct fw_plan *plan, struct fw_plan_input *input,
                        struct fw_digests *digests, struct fw_error *err)
{
    size_t n_references = 0;
    input->digest[0] = '\0';
    input->absent = false;
    for (size_t i = 0; i < input->len; i++) {
        const struct fw_plan_source *source = &input->items[i];
        if (source->path) {
            continue;
        }
        n_references++;
        const struct fw_plan_output *output =
            &plan->stages[source->stage].outputs.items[source->output];
        if (output->digest[0] == '\0') {
            return plan->stages[source->stage].state == FW_PLAN_REUSE
                       ? take_absence(plan, input, source, err)
                       : 0;
        }
        if (input->len == 1) {
            memcpy(input->digest, output->digest, sizeof input->digest);
            return 0;
        }
    }
    return n_references > 0 ? digest_mixture(plan, input, digests, err)
                            : digest_paths(input, digests, err);
}

static int set_reason(struct fw_plan_stage *stage, enum fw_plan_state state, char *reason,
                      struct fw_error *err)
{
    free(stage->reason);
    stage->reason = reason;
    stage->state = state;
    return reason || state == FW_PLAN_REUSE ? 0 : fw_error_oom(err);
}

/* Memory that ran out says nothing about a record: it is no reason to do five hours again. */
static bool out_of_memory(const struct fw_error *damage, struct fw_error *err)
{
    return damage->code == FW_EXIT_EXHAUSTED && fw_error_oom(err) < 0;
}

static int explain(struct fw_plan_stage *stage, struct fw_error *err)
{
    const cJSON *before = cJSON_GetObjectItemCaseSensitive(stage->manifest, "preimage");
    fw_auto(json) cJSON *after = NULL;
    fw_auto(strings) struct fw_strings lines = {0};
    if (!before) {
        return set_reason(stage, FW_PLAN_RUN,
                          strdup("its key changed, and the record of the old one is gone"), err);
    }
    if (fw_json_parse(stage->preimage, strlen(stage->preimage), "preimage", &after, err) < 0 ||
        fw_key_explain(before, after, stage, &lines, err) < 0) {
        return -1;
    }
    if (lines.len > 1) {
        return set_reason(stage, FW_PLAN_RUN,
                          fw_text("%s, and %zu more (fwrun why)", lines.items[0], lines.len - 1),
                          err);
    }
    return set_reason(stage, FW_PLAN_RUN,
                      strdup(lines.len == 1 ? lines.items[0] : "its key changed"), err);
}

void fw_plan_take_digests(struct fw_plan_stage *stage)
{
    for (size_t i = 0; i < stage->outputs.len; i++) {
        const cJSON *output = fw_manifest_output(stage->manifest, stage->outputs.items[i].port);
        const cJSON *hex = cJSON_GetObjectItemCaseSensitive(output, "sha256");
        if (cJSON_IsString(hex)) {
            strncpy(stage->outputs.items[i].digest, hex->valuestring, FW_SHA256_TEXT - 1);
        }
    }
}

/* `out` is outside the key, so a manifest can be right about the bytes and wrong about the place.
 */
static int find_wrong_place(const struct fw_plan *plan, const struct fw_plan_stage *stage,
                            char **ret_reason, struct fw_error *err)
{
    *ret_reason = NULL;
    for (size_t i = 0; i < stage->outputs.len; i++) {
        const struct fw_plan_output *output = &stage->outputs.items[i];
        const cJSON *recorded = fw_manifest_output(stage->manifest, output->port);
        if (!recorded && (output->flags & FW_PORT_OPTIONAL)) {
            continue;
        }
        fw_auto(free) char *path =
            recorded ? fw_manifest_output_path(plan->run_dir, stage->spec->name, recorded) : NULL;
        FW_TRY(path || !recorded ? 0 : fw_error_oom(err));
        if (!path || strcmp(path, output->path) != 0) {
            *ret_reason = fw_text("output \"%s\" is wanted at %s", output->port, output->path);
            return *ret_reason ? 0 : fw_error_oom(err);
        }
    }
    const char *copy = stage->spec->manifest;
    if (copy && access(copy, F_OK) < 0) {
        *ret_reason = fw_text("a copy of its manifest is wanted at %s", copy);
        return *ret_reason ? 0 : fw_error_oom(err);
    }
    return 0;
}

static int compare_manifest(const struct fw_plan *plan, struct fw_plan_stage *stage,
                            struct fw_error *err)
{
    const char *key;
    char *moved;
    struct fw_error damage;
    fw_auto(strings) struct fw_strings problems = {0};
    if (fw_json_get_string(stage->manifest, "key", &key, &damage) < 0) {
        return set_reason(stage, FW_PLAN_RUN, fw_text("its manifest is damaged: %s", damage.text),
                          err);
    }
    if (!stage->trusted && strcmp(key, stage->key) != 0) {
        return explain(stage, err);
    }
    if (fw_manifest_check(plan->run_dir, stage->spec->name, stage->manifest, false, &problems,
                          &damage) < 0) {
        return out_of_memory(&damage, err)
                   ? -1
                   : set_reason(stage, FW_PLAN_RUN, fw_text("%s", damage.text), err);
    }
    if (problems.len > 0) {
        return set_reason(stage, FW_PLAN_RUN, strdup(problems.items[0]), err);
    }
    const cJSON *gate = fw_manifest_shut_gate(stage->manifest);
    if (gate) {
        fw_auto(free) char *text = fw_manifest_gate_text(gate);
        return set_reason(stage, FW_PLAN_RUN, fw_text("its %s", text ? text : "gate"), err);
    }
    FW_TRY(find_wrong_place(plan, stage, &moved, err));
    if (moved) {
        return set_reason(stage, FW_PLAN_RUN, moved, err);
    }
    fw_plan_take_digests(stage);
    return set_reason(stage, FW_PLAN_REUSE, NULL, err);
}

static const char *first_unfinished(const struct fw_plan *plan, const struct fw_plan_stage *stage)
{
    for (size_t i = 0; i < stage->needs.len; i++) {
        const struct fw_plan_stage *need = &plan->stages[stage->needs.items[i]];
        if (need->state != FW_PLAN_REUSE) {
            return need->spec->name;
        }
    }
    return "a stage before it";
}

/* Digests of all inputs and the key; with an input that is still to be made, state and reason. */
static int prepare_key(struct fw_plan *plan, struct fw_plan_stage *stage,
                       struct fw_digests *digests, struct fw_error *err)
{
    for (size_t i = 0; i < stage->inputs.len; i++) {
        struct fw_plan_input *input = &stage->inputs.items[i];
        if (digest_input(plan, input, digests, err) < 0) {
            return fw_error_prefix(err, "stage \"%s\", input \"%s\": ", stage->spec->name,
                                   input->port);
        }
        if (input->digest[0] == '\0') {
            return set_reason(stage, FW_PLAN_WAITING,
                              fw_text("\"%s\" runs before it", first_unfinished(plan, stage)), err);
        }
    }
    stage->state = FW_PLAN_RUN;
    return fw_key_compute(plan, stage, digests, err);
}

int fw_plan_assess(struct fw_plan *plan, size_t index, struct fw_digests *digests,
                   struct fw_error *err)
{
    struct fw_plan_stage *stage = &plan->stages[index];
    struct fw_error damage;
    cJSON_Delete(stage->manifest);
    stage->manifest = NULL;
    for (size_t i = 0; i < stage->outputs.len; i++) {
        stage->outputs.items[i].digest[0] = '\0';
    }
    bool readable =
        fw_manifest_load(plan->run_dir, stage->spec->name, &stage->manifest, &damage) == 0;
    if (!readable && out_of_memory(&damage, err)) {
        return -1;
    }
    if (!stage->trusted) {
        FW_TRY(prepare_key(plan, stage, digests, err));
        if (stage->state == FW_PLAN_WAITING) {
            return 0;
        }
        if (stage->forced) {
            return set_reason(stage, FW_PLAN_RUN, strdup("it was asked for with --force"), err);
        }
    }
    FW_TRY(!readable ? set_reason(stage, FW_PLAN_RUN, fw_text("%s", damage.text), err)
           : stage->manifest
               ? compare_manifest(plan, stage, err)
               : set_reason(stage, FW_PLAN_RUN, strdup("it has not been completed yet"), err));
    return stage->trusted && stage->state != FW_PLAN_REUSE
               ? fw_error_set(err, FW_EXIT_REFUSED,
                              "stage \"%s\" stands before --from and cannot be taken as it is: %s",
                              stage->spec->name, stage->reason)
               : 0;
}

int fw_plan_assess_all(struct fw_plan *plan, struct fw_digests *digests, struct fw_error *err)
{
    for (size_t i = 0; i < plan->n_stages; i++) {
        size_t index = plan->order[i];
        if (plan->stages[index].state != FW_PLAN_LEFT_OUT &&
            fw_plan_assess(plan, index, digests, err) < 0) {
            return -1;
        }
    }
    return 0;
}

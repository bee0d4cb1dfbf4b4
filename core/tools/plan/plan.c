/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "cli/print.h"
#include "cli/target.h"
#include "estimate.h"

/* `fwrun plan`: what a run would do, and with --estimate what it is likely to take. */

static void print_estimate(const struct fw_plan *plan, const struct fw_plan_stage *stage,
                           const struct estimate *estimate, int width)
{
    char seconds[32], peak[32], output[32];
    printf("  %-*s  ", width, stage->spec->name);
    if (!estimate->runs) {
        printf("%s\n", stage->state == FW_PLAN_REUSE ? "reused" : "left out");
        return;
    }
    fw_auto(free) char *source = estimate_source(plan, stage, estimate);
    fw_print_seconds(estimate->elapsed_s, seconds);
    fw_print_bytes((uint64_t)estimate->peak_bytes, peak);
    fw_print_bytes((uint64_t)estimate->output_bytes, output);
    if (estimate->measured.manifest) {
        printf("%9s  peak %-10s output %-10s from %s\n", seconds, peak, output,
               source ? source : "");
    } else {
        printf("  unknown  %s\n", source ? source : "");
    }
}

static void print_estimates(const struct fw_plan *plan, const struct estimates *estimates)
{
    const struct course *course = &estimates->course;
    char seconds[32], sequential[32], memory[32];
    int width = 5;
    for (size_t i = 0; i < plan->n_stages; i++) {
        int len = (int)strlen(plan->stages[i].spec->name);
        width = len > width ? len : width;
    }
    printf("run directory %s\n", plan->run_dir);
    for (size_t i = 0; i < plan->n_stages; i++) {
        size_t index = plan->order[i];
        print_estimate(plan, &plan->stages[index], &estimates->items[index], width);
    }
    fw_print_seconds(course->elapsed_s, seconds);
    fw_print_seconds(course->sequential_s, sequential);
    fw_print_bytes(course->memory, memory);
    printf("%s %s with %u threads and %s, %s one after another",
           course->n_unknown > 0 ? "at least" : "about", seconds, course->threads, memory,
           sequential);
    if (course->n_unknown > 0) {
        printf("; nothing is known of %zu stage%s", course->n_unknown,
               course->n_unknown > 1 ? "s" : "");
    }
    putchar('\n');
}

static bool add_estimate(const struct fw_plan *plan, const struct fw_plan_stage *stage,
                         const struct estimate *estimate, cJSON *json)
{
    fw_auto(free) char *source = estimate_source(plan, stage, estimate);
    cJSON *item = cJSON_AddObjectToObject(json, "estimate");
    bool known = estimate->measured.manifest != NULL;
    if (!source || !fw_json_set(item, FW_JSON_TEXT("from", source), FW_JSON_BOOL("known", known))) {
        return false;
    }
    return !known || (fw_json_set(item, FW_JSON_TEXT("run_dir", estimate->measured.run_dir),
                                  FW_JSON_REAL("elapsed_s", estimate->elapsed_s),
                                  FW_JSON_U64("peak_rss_bytes", (uint64_t)estimate->peak_bytes),
                                  FW_JSON_U64("output_bytes", (uint64_t)estimate->output_bytes),
                                  FW_JSON_REAL("input_ratio", estimate->ratio),
                                  FW_JSON_BOOL("scaled", estimate->scaled),
                                  FW_JSON_BOOL("same_params", estimate->measured.same_params),
                                  FW_JSON_BOOL("resumes", estimate->resumes)));
}

/* The plan's document, with an "estimate" in each stage that would run and in the whole. */
static int print_document(const struct fw_plan *plan, const struct estimates *estimates,
                          struct fw_error *err)
{
    fw_auto(json) cJSON *document = NULL;
    const struct course *course = &estimates->course;
    FW_TRY(fw_plan_json(plan, &document, err));
    cJSON *item = cJSON_GetObjectItemCaseSensitive(document, "stages")->child;
    for (size_t i = 0; i < plan->n_stages; i++, item = item->next) {
        size_t index = plan->order[i];
        const struct estimate *estimate = &estimates->items[index];
        if (estimate->runs && !add_estimate(plan, &plan->stages[index], estimate, item)) {
            return fw_error_oom(err);
        }
    }
    if (!fw_json_set(cJSON_AddObjectToObject(document, "estimate"),
                     FW_JSON_REAL("elapsed_s", course->elapsed_s),
                     FW_JSON_REAL("sequential_s", course->sequential_s),
                     FW_JSON_U64("unknown", course->n_unknown),
                     FW_JSON_U64("threads", course->threads),
                     FW_JSON_U64("memory_bytes", course->memory))) {
        return fw_error_oom(err);
    }
    return fw_print_json(document, err) == 0 ? 0 : -1;
}

static int plan(const struct fw_cli *cli, struct fw_error *err)
{
    fw_auto(target) struct fw_target target = {0};
    fw_auto(estimates) struct estimates estimates = {0};
    if (fw_target_open(cli, cli->args.items[0], &target, err) < 0 ||
        fw_target_select(cli, &target, err) < 0 || fw_target_assess(&target, err) < 0) {
        return err->code;
    }
    if (!cli->estimate) {
        return fw_print_plan(target.plan, cli->json, err);
    }
    if (estimates_make(target.plan, &estimates, err) < 0 ||
        (cli->json && print_document(target.plan, &estimates, err) < 0)) {
        return err->code;
    }
    if (!cli->json) {
        print_estimates(target.plan, &estimates);
    }
    return 0;
}

int main(int argc, char **argv)
{
    static const struct fw_verb verb = {"plan",
                                        "TARGET [STAGE...]",
                                        "Says what a run would do, and why.",
                                        FW_CLI_SET | FW_CLI_PLUGIN_DIR | FW_CLI_JSON |
                                            FW_CLI_ESTIMATE,
                                        1,
                                        SIZE_MAX,
                                        plan};
    return fw_tool_main(&verb, argc, argv);
}

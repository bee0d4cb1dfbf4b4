/* SPDX-License-Identifier: MIT */
#include "estimate.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

#include "base/files.h"
#include "base/json.h"
#include "base/str.h"
#include "store/manifest.h"
#include "store/rundir.h"

static double size_on_disk(const char *path)
{
    fw_auto(files) struct fw_files files = {0};
    double bytes = 0;
    if (fw_files_list(path, &files, NULL) < 0) {
        return -1;
    }
    for (size_t i = 0; i < files.len; i++) {
        bytes += (double)files.items[i].size;
    }
    return bytes;
}

/* Of one thing that is plugged in: on disk, or as large as its producer's estimate says. */
static double source_size(const struct fw_plan *plan, const struct estimates *estimates,
                          const struct fw_plan_source *source)
{
    const struct estimate *producer = source->path ? NULL : &estimates->items[source->stage];
    if (!producer || !producer->runs) {
        return size_on_disk(fw_plan_source_path(plan, source));
    }
    const char *port = plan->stages[source->stage].outputs.items[source->output].port;
    const cJSON *output = fw_manifest_output(producer->measured.manifest, port);
    return output ? fw_json_number(output, "bytes") * producer->ratio : -1;
}

static double size_now(const struct fw_plan *plan, const struct estimates *estimates,
                       const struct fw_plan_stage *stage)
{
    double bytes = 0;
    for (size_t i = 0; i < stage->inputs.len; i++) {
        const struct fw_plan_input *input = &stage->inputs.items[i];
        for (size_t k = 0; k < input->len; k++) {
            double size = source_size(plan, estimates, &input->items[k]);
            if (size < 0) {
                return -1;
            }
            bytes += size;
        }
    }
    return bytes;
}

/* A manifest's time is that of its last run; where that went on from a checkpoint it did a part of
 * the steps only, and has the times of those. */
static double whole_time(const cJSON *manifest)
{
    const cJSON *times = cJSON_GetObjectItemCaseSensitive(manifest, "step_us");
    double steps = fw_json_number(manifest, "steps"), each = fw_json_number(times, "steps_each");
    double timed = each * cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(times, "times"));
    double elapsed = fw_json_number(manifest, "elapsed_s");
    return timed > 0 && timed < steps ? elapsed * steps / timed : elapsed;
}

static double output_size(const cJSON *manifest)
{
    const cJSON *output;
    double bytes = 0;
    cJSON_ArrayForEach(output, cJSON_GetObjectItemCaseSensitive(manifest, "outputs"))
    {
        bytes += fw_json_number(output, "bytes");
    }
    return bytes;
}

static int make_one(const struct fw_plan *plan, size_t index, struct measured_pool *pool,
                    struct estimates *estimates, struct fw_error *err)
{
    const struct fw_plan_stage *stage = &plan->stages[index];
    struct estimate *estimate = &estimates->items[index];
    fw_auto(free) char *checkpoint = fw_rundir_checkpoint(plan->run_dir, stage->spec->name);
    FW_TRY(checkpoint ? 0 : fw_error_oom(err));
    estimate->runs = stage->state == FW_PLAN_RUN || stage->state == FW_PLAN_WAITING;
    if (!estimate->runs) {
        return 0;
    }
    estimate->input_bytes = size_now(plan, estimates, stage);
    FW_TRY(measured_find(plan, stage, estimate->input_bytes, pool, &estimate->measured, err));
    const cJSON *manifest = estimate->measured.manifest;
    double then = estimate->measured.input_bytes;
    estimate->scaled =
        (then > 0 && estimate->input_bytes > 0) || (then == 0 && estimate->input_bytes == 0);
    estimate->ratio = estimate->scaled && then > 0 ? estimate->input_bytes / then : 1;
    estimate->resumes = access(checkpoint, F_OK) == 0;
    estimate->elapsed_s = whole_time(manifest) * estimate->ratio;
    estimate->peak_bytes = fw_json_number(manifest, "peak_rss_bytes");
    estimate->output_bytes = output_size(manifest) * estimate->ratio;
    return 0;
}

int estimates_make(const struct fw_plan *plan, struct estimates *ret_estimates,
                   struct fw_error *err)
{
    struct estimates estimates = {.len = plan->n_stages};
    struct measured_pool pool = {0};
    estimates.items = calloc(plan->n_stages + 1, sizeof *estimates.items);
    int rc = estimates.items ? 0 : fw_error_oom(err);
    for (size_t i = 0; rc == 0 && i < plan->n_stages; i++) {
        rc = make_one(plan, plan->order[i], &pool, &estimates, err);
    }
    measured_pool_finish(&pool);
    if (rc < 0 || course_follow(plan, &estimates, err) < 0) {
        estimates_finish(&estimates);
        return -1;
    }
    *ret_estimates = estimates;
    return 0;
}

void estimates_finish(struct estimates *estimates)
{
    for (size_t i = 0; estimates->items && i < estimates->len; i++) {
        measured_finish(&estimates->items[i].measured);
    }
    free(estimates->items);
    *estimates = (struct estimates){0};
}

char *estimate_source(const struct fw_plan *plan, const struct fw_plan_stage *stage,
                      const struct estimate *estimate)
{
    const cJSON *manifest = estimate->measured.manifest;
    const char *name = fw_json_text(manifest, "stage");
    struct fw_str text = {0};
    if (!manifest) {
        return fw_text("no run of \"%s\" was measured here or beside here", stage->spec->use);
    }
    if (strcmp(estimate->measured.run_dir, plan->run_dir) == 0) {
        fw_str_printf(&text, "its run of %s", fw_json_text(manifest, "built_at"));
    } else {
        fw_str_printf(&text, "%s/stages/%s", estimate->measured.run_dir, name);
    }
    if (!estimate->scaled) {
        fw_str_printf(&text, ", not scaled: the size of its input %s is not known",
                      estimate->input_bytes < 0 ? "now" : "then");
    } else if (fabs(estimate->ratio - 1) > 0.005) {
        fw_str_printf(&text, ", times %.3g for the size of its input", estimate->ratio);
    }
    if (!estimate->measured.same_params) {
        fw_str_add(&text, ", which had other parameters");
    }
    if (estimate->resumes) {
        fw_str_add(&text, "; less, if it goes on from its checkpoint");
    }
    return fw_str_take(&text);
}

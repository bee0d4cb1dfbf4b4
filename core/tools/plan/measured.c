/* SPDX-License-Identifier: MIT */
#include "measured.h"

#include <math.h>
#include <string.h>

#include "base/json.h"
#include "base/path.h"
#include "base/str.h"
#include "store/manifest.h"

static bool same_params(const struct fw_plan_stage *stage, const cJSON *manifest)
{
    fw_auto(json) cJSON *now = cJSON_CreateObject();
    return fw_plan_add_params(stage, now) &&
           cJSON_Compare(cJSON_GetObjectItemCaseSensitive(now, "params"),
                         cJSON_GetObjectItemCaseSensitive(manifest, "params"), true);
}

/* How far apart two sizes are; one that is not known is as far as can be. */
static double distance(double a, double b)
{
    return a == b ? 0 : a > 0 && b > 0 ? fabs(log(a / b)) : INFINITY;
}

/* The same parameters tell most, then the size of what is read, then the name. */
static bool nearer(const struct measured *a, const struct measured *b, double input_bytes,
                   const char *name)
{
    double far_a = distance(a->input_bytes, input_bytes);
    double far_b = distance(b->input_bytes, input_bytes);
    if (!b->manifest || a->same_params != b->same_params) {
        return !b->manifest || a->same_params;
    }
    return far_a < far_b ||
           (far_a == far_b && strcmp(fw_json_text(a->manifest, "stage"), name) == 0 &&
            strcmp(fw_json_text(b->manifest, "stage"), name) != 0);
}

/* Takes the stage of a run if it is nearer than what was found so far. */
static int consider(const char *run_dir, const char *name, const struct fw_plan_stage *stage,
                    double input_bytes, struct measured *best, struct fw_error *err)
{
    struct measured found = {.input_bytes = -1};
    /* What cannot be read is told where it matters: here nothing depends on it. */
    if (fw_manifest_load(run_dir, name, &found.manifest, NULL) < 0 || !found.manifest ||
        strcmp(fw_json_text(found.manifest, "use"), stage->spec->use) != 0) {
        measured_finish(&found);
        return 0;
    }
    fw_json_get_double(found.manifest, "input_bytes", &found.input_bytes, NULL);
    found.same_params = same_params(stage, found.manifest);
    found.run_dir = strdup(run_dir);
    if (found.run_dir && nearer(&found, best, input_bytes, stage->spec->name)) {
        measured_finish(best);
        *best = found;
        return 0;
    }
    int rc = found.run_dir ? 0 : fw_error_oom(err);
    measured_finish(&found);
    return rc;
}

static int consider_run(const char *run_dir, const struct fw_plan_stage *stage, double input_bytes,
                        struct measured *best, struct fw_error *err)
{
    fw_auto(free) char *stages = fw_text("%s/stages", run_dir);
    FW_TRY(stages ? 0 : fw_error_oom(err));
    fw_auto(closedir) DIR *folder = opendir(stages);
    for (struct dirent *entry; folder && (entry = readdir(folder)) != NULL;) {
        if (entry->d_name[0] != '.') {
            FW_TRY(consider(run_dir, entry->d_name, stage, input_bytes, best, err));
        }
    }
    return 0;
}

int measured_find(const struct fw_plan *plan, const struct fw_plan_stage *stage, double input_bytes,
                  struct measured *ret_measured, struct fw_error *err)
{
    struct measured best = {0};
    fw_auto(free) char *root = fw_path_folder(plan->run_dir);
    FW_TRY(root ? consider(plan->run_dir, stage->spec->name, stage, input_bytes, &best, err)
                : fw_error_oom(err));
    fw_auto(closedir) DIR *folder = best.manifest ? NULL : opendir(root);
    for (struct dirent *entry; folder && (entry = readdir(folder)) != NULL;) {
        fw_auto(free) char *run_dir = fw_text("%s/%s", root, entry->d_name);
        if (entry->d_name[0] != '.' &&
            (!run_dir || consider_run(run_dir, stage, input_bytes, &best, err) < 0)) {
            measured_finish(&best);
            return fw_error_oom(err);
        }
    }
    *ret_measured = best;
    return 0;
}

void measured_finish(struct measured *measured)
{
    cJSON_Delete(measured->manifest);
    free(measured->run_dir);
    *measured = (struct measured){0};
}

/* SPDX-License-Identifier: MIT */
#include "measured.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/path.h"
#include "base/str.h"
#include "store/manifest.h"

/* So many runs of one `use` are compared with a stage: a folder may hold thousands. */
enum { MAX_LOOKS = 64 };

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

static void describe(const struct fw_plan_stage *stage, char *run_dir, cJSON *manifest,
                     struct measured *ret)
{
    *ret = (struct measured){.manifest = manifest, .run_dir = run_dir, .input_bytes = -1};
    fw_json_get_double(manifest, "input_bytes", &ret->input_bytes, NULL);
    ret->same_params = same_params(stage, manifest);
}

static int add_run(const char *run_dir, struct measured_pool *pool, struct fw_error *err)
{
    fw_auto(free) char *stages = fw_text("%s/stages", run_dir);
    FW_TRY(stages ? 0 : fw_error_oom(err));
    fw_auto(closedir) DIR *folder = opendir(stages);
    for (struct dirent *entry; folder && (entry = readdir(folder)) != NULL;) {
        fw_auto(json) cJSON *manifest = NULL;
        /* What cannot be read is told where it matters: here nothing depends on it. */
        if (entry->d_name[0] == '.' ||
            fw_manifest_load(run_dir, entry->d_name, &manifest, NULL) < 0 || !manifest) {
            continue;
        }
        struct measured_record *record = fw_vec_add(pool);
        FW_TRY(record ? 0 : fw_error_oom(err));
        record->manifest = fw_steal(&manifest);
        record->run_dir = strdup(run_dir);
        FW_TRY(record->run_dir ? 0 : fw_error_oom(err));
    }
    return 0;
}

static int newest_first(const void *a, const void *b)
{
    const struct measured_record *x = a, *y = b;
    return strcmp(fw_json_text(y->manifest, "built_at"), fw_json_text(x->manifest, "built_at"));
}

static int fill(const char *own, struct measured_pool *pool, struct fw_error *err)
{
    fw_auto(free) char *root = fw_path_folder(own);
    FW_TRY(root ? 0 : fw_error_oom(err));
    fw_auto(closedir) DIR *folder = opendir(root);
    pool->filled = true;
    for (struct dirent *entry; folder && (entry = readdir(folder)) != NULL;) {
        fw_auto(free) char *run_dir = fw_text("%s/%s", root, entry->d_name);
        FW_TRY(run_dir ? 0 : fw_error_oom(err));
        if (entry->d_name[0] != '.') {
            FW_TRY(add_run(run_dir, pool, err));
        }
    }
    if (pool->len > 0) {
        qsort(pool->items, pool->len, sizeof *pool->items, newest_first);
    }
    return 0;
}

/* The best of the newest MAX_LOOKS runs of this `use`. Borrowed from the pool. */
static struct measured choose(const struct fw_plan_stage *stage, double input_bytes,
                              const struct measured_pool *pool)
{
    struct measured best = {0};
    size_t n_looks = 0;
    for (size_t i = 0; i < pool->len && n_looks < MAX_LOOKS; i++) {
        const struct measured_record *record = &pool->items[i];
        struct measured found;
        if (strcmp(fw_json_text(record->manifest, "use"), stage->spec->use) == 0) {
            n_looks++;
            describe(stage, record->run_dir, record->manifest, &found);
            best = nearer(&found, &best, input_bytes, stage->spec->name) ? found : best;
        }
    }
    return best;
}

int measured_find(const struct fw_plan *plan, const struct fw_plan_stage *stage, double input_bytes,
                  struct measured_pool *pool, struct measured *ret_measured, struct fw_error *err)
{
    fw_auto(json) cJSON *own = NULL;
    struct measured best = {0};
    fw_manifest_load(plan->run_dir, stage->spec->name, &own, NULL);
    if (own && strcmp(fw_json_text(own, "use"), stage->spec->use) == 0) {
        describe(stage, plan->run_dir, own, &best);
    } else {
        FW_TRY(pool->filled ? 0 : fill(plan->run_dir, pool, err));
        best = choose(stage, input_bytes, pool);
    }
    if (best.manifest) {
        best.manifest = cJSON_Duplicate(best.manifest, true);
        best.run_dir = strdup(best.run_dir);
        if (!best.manifest || !best.run_dir) {
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

void measured_pool_finish(struct measured_pool *pool)
{
    for (size_t i = 0; i < pool->len; i++) {
        cJSON_Delete(pool->items[i].manifest);
        free(pool->items[i].run_dir);
    }
    free(pool->items);
    *pool = (struct measured_pool){0};
}

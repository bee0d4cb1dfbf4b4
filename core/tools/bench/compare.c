/* SPDX-License-Identifier: MIT */
#include "compare.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/json.h"
#include "base/path.h"
#include "base/str.h"
#include "cases.h"
#include "cli/print.h"
#include "measure.h"
#include "store/manifest.h"
#include "summary.h"
#include "table.h"

/* A stage as two runs did it. */
struct pair {
    cJSON *manifests[2];
    struct fw_series series[2];
    double *logs[2];
};

static void finish_pair(struct pair *pair)
{
    for (size_t i = 0; i < 2; i++) {
        cJSON_Delete(pair->manifests[i]);
        fw_series_finish(&pair->series[i]);
        free(pair->logs[i]);
    }
}

static int take_logs(struct pair *pair, size_t i, struct fw_error *err)
{
    struct fw_series *series = &pair->series[i];
    FW_TRY(fw_series_add_steps(series, pair->manifests[i], err));
    pair->logs[i] = malloc((series->steps.len + 1) * sizeof *pair->logs[i]);
    FW_TRY(pair->logs[i] ? 0 : fw_error_oom(err));
    for (size_t k = 0; k < series->steps.len; k++) {
        pair->logs[i][k] = log(fmax(series->steps.items[k], 1e-3)); /* a clock's tick */
    }
    return 0;
}

static int load(struct pair *pair, const char *const dirs[2], const char *name,
                struct fw_error *err)
{
    for (size_t i = 0; i < 2; i++) {
        FW_TRY(fw_manifest_load(dirs[i], name, &pair->manifests[i], err));
        if (!pair->manifests[i]) {
            return fw_error_set(err, FW_EXIT_USAGE,
                                "%s holds no completed stage \"%s\"; run it first", dirs[i], name);
        }
        if (take_logs(pair, i, err) < 0) {
            return fw_error_prefix(err, "%s, stage \"%s\": ", dirs[i], name);
        }
    }
    return 0;
}

static const char *input_digest(const cJSON *manifest, const char *port)
{
    const cJSON *input;
    cJSON_ArrayForEach(input, cJSON_GetObjectItemCaseSensitive(manifest, "inputs"))
    {
        if (strcmp(fw_json_text(input, "port"), port) == 0) {
            return fw_json_text(input, "sha256");
        }
    }
    return "";
}

/* Only the same steps over the same data tell anything about the code. NULL when they are. */
static char *find_reason(const struct pair *pair)
{
    const cJSON *input;
    const double a = fw_json_number(pair->manifests[0], "steps");
    const double b = fw_json_number(pair->manifests[1], "steps");
    cJSON_ArrayForEach(input, cJSON_GetObjectItemCaseSensitive(pair->manifests[0], "inputs"))
    {
        const char *port = fw_json_text(input, "port");
        if (strcmp(fw_json_text(input, "sha256"), input_digest(pair->manifests[1], port)) != 0) {
            return fw_text("its input \"%s\" is not the same in both runs", port);
        }
    }
    return a != b ? fw_text("it took %.0f steps in one run and %.0f in the other, which do not "
                            "do the same work",
                            a, b)
                  : NULL;
}

static int describe(const struct pair *pair, size_t i, cJSON *stage, struct fw_error *err)
{
    static const char *const copied[] = {"steps",  "elapsed_s",      "peak_rss_bytes",
                                         "plugin", "plugin_version", "plugin_digest"};
    const cJSON *manifest = pair->manifests[i];
    cJSON *arm = cJSON_AddObjectToObject(stage, i == 0 ? "old" : "now");
    const double spent =
        fw_json_number(cJSON_GetObjectItemCaseSensitive(manifest, "step_us"), "total") / 1e6;
    for (size_t k = 0; k < sizeof copied / sizeof *copied; k++) {
        const cJSON *value = cJSON_GetObjectItemCaseSensitive(manifest, copied[k]);
        FW_TRY(!value || fw_json_add(arm, copied[k], cJSON_Duplicate(value, true))
                   ? 0
                   : fw_error_oom(err));
    }
    const double rows = fw_json_number(manifest, "items");
    FW_TRY(fw_json_set(arm, FW_JSON_REAL("rows", rows), FW_JSON_REAL("steps_s", spent),
                       FW_JSON_REAL("rows_per_s", rows / fmax(spent, 1e-9)))
               ? 0
               : fw_error_oom(err));
    return fw_summary_steps(arm, &pair->series[i], err);
}

static int add_stage(const struct pair *pair, const char *name, cJSON *list, struct fw_cases *cases,
                     struct fw_error *err)
{
    cJSON *stage = fw_json_append(list);
    FW_TRY(fw_json_set(stage, FW_JSON_TEXT("stage", name)) ? 0 : fw_error_oom(err));
    FW_TRY(describe(pair, 1, stage, err));
    FW_TRY(describe(pair, 0, stage, err));
    const size_t n_a = pair->series[0].steps.len, n_b = pair->series[1].steps.len;
    const struct fw_stats_two two = {
        .a = pair->logs[0], .b = pair->logs[1], .n_a = n_a, .n_b = n_b, .paired = n_a == n_b};
    return fw_cases_add(cases, stage, &two, find_reason(pair), err);
}

/* The stages that the first run has completed. */
static int list_stages(const struct fw_bench_options *options, const char *dir,
                       struct fw_strings *names, struct fw_error *err)
{
    fw_auto(strings) struct fw_strings paths = {0};
    fw_auto(free) char *pattern = fw_text("%s/stages/*/MANIFEST.json", dir);
    if (options->stage) {
        return fw_strings_add(names, options->stage) < 0 ? fw_error_oom(err) : 0;
    }
    FW_TRY(pattern ? fw_path_glob(pattern, &paths, err) : fw_error_oom(err));
    for (size_t i = 0; i < paths.len; i++) {
        fw_auto(free) char *folder = fw_path_folder(paths.items[i]);
        if (!folder || fw_strings_add(names, fw_path_name(folder)) < 0) {
            return fw_error_oom(err);
        }
    }
    return names->len > 0 ? 0
                          : fw_error_set(err, FW_EXIT_USAGE,
                                         "%s holds no completed stage; name a run directory", dir);
}

static int print(const struct fw_bench_options *options, const cJSON *result, struct fw_error *err)
{
    if (options->cli.json) {
        return fw_print_json(result, err) == 0 ? 0 : -1;
    }
    printf("step times of %s, compared with those of %s\n\n", options->cli.args.items[1],
           options->cli.args.items[0]);
    fw_table_print(result);
    putchar('\n');
    fw_words_print(result);
    printf("One run of each: what changes from run to run, the load of the machine say, is not "
           "seen. fwrun bench --vs-plugin sees it.\n");
    return 0;
}

static int compare(const struct fw_bench_options *options, cJSON *result, struct fw_error *err)
{
    fw_auto(cases) struct fw_cases cases = {0};
    fw_auto(strings) struct fw_strings names = {0};
    const char *const dirs[] = {options->cli.args.items[0], options->cli.args.items[1]};
    cJSON *runs = cJSON_AddArrayToObject(result, "compare");
    for (size_t i = 0; i < 2; i++) {
        FW_TRY(cJSON_AddItemToArray(runs, cJSON_CreateString(dirs[i])) ? 0 : fw_error_oom(err));
    }
    FW_TRY(cJSON_AddNumberToObject(result, "margin", options->margin) ? 0 : fw_error_oom(err));
    cJSON *list = cJSON_AddArrayToObject(result, "stages");
    FW_TRY(list_stages(options, dirs[0], &names, err));
    for (size_t i = 0; i < names.len; i++) {
        struct pair pair = {0};
        int rc = load(&pair, dirs, names.items[i], err);
        rc = rc < 0 ? rc : add_stage(&pair, names.items[i], list, &cases, err);
        finish_pair(&pair);
        FW_TRY(rc);
    }
    int code = fw_cases_judge(&cases, options->margin, err);
    return code < 0 || print(options, result, err) < 0 ? -1 : code;
}

int fw_compare_runs(const struct fw_bench_options *options, struct fw_error *err)
{
    fw_auto(json) cJSON *result = cJSON_CreateObject();
    if (!fw_json_set(result, FW_JSON_U64("format", 1))) {
        fw_error_oom(err);
        return err->code;
    }
    int code = compare(options, result, err);
    return code < 0 ? err->code : code;
}

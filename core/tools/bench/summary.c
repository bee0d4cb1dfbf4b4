/* SPDX-License-Identifier: MIT */
#include "summary.h"

#include <math.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"

/* A number of each repetition, of which the median is shown. */
static int median(const struct fw_series *series, double (*get)(const struct fw_sample *),
                  double *ret_median, struct fw_error *err)
{
    fw_auto(free) double *values = malloc((series->len + 1) * sizeof *values);
    FW_TRY(values ? 0 : fw_error_oom(err));
    for (size_t i = 0; i < series->len; i++) {
        values[i] = get(&series->items[i]);
    }
    fw_stats_sort(values, series->len);
    *ret_median = series->len > 0 ? fw_stats_quantile(values, series->len, 0.5) : 0;
    return 0;
}

static double steps_s(const struct fw_sample *sample)
{
    return sample->steps_s;
}

static double elapsed_s(const struct fw_sample *sample)
{
    return sample->elapsed_s;
}

static double user_s(const struct fw_sample *sample)
{
    return sample->user_s;
}

static double system_s(const struct fw_sample *sample)
{
    return sample->system_s;
}

static double cpu_s(const struct fw_sample *sample)
{
    return sample->user_s + sample->system_s;
}

static double voluntary(const struct fw_sample *sample)
{
    return (double)sample->voluntary;
}

static double involuntary(const struct fw_sample *sample)
{
    return (double)sample->involuntary;
}

static double peak(const struct fw_sample *sample)
{
    return (double)sample->peak_bytes;
}

static double spilled(const struct fw_sample *sample)
{
    return (double)sample->spilled_bytes;
}

static double output_bytes(const struct fw_sample *sample)
{
    return (double)sample->output_bytes;
}

/* What starting, loading, checking, hashing and publishing take, spread over the steps. */
static double framework_us(const struct fw_sample *sample)
{
    return 1e6 * (sample->elapsed_s - sample->steps_s) / fmax((double)sample->n_steps, 1);
}

static int add_compared(cJSON *json, const struct fw_series *series, struct fw_error *err)
{
    double value;
    FW_TRY(median(series, series->cpu ? cpu_s : steps_s, &value, err));
    return fw_json_set(json, FW_JSON_REAL("seconds_median", value)) ? 0 : fw_error_oom(err);
}

static int add_medians(cJSON *json, const struct fw_series *series, struct fw_error *err)
{
    static const struct {
        const char *name;
        double (*get)(const struct fw_sample *sample);
    } members[] = {{"steps_s", steps_s},
                   {"elapsed_s", elapsed_s},
                   {"user_s", user_s},
                   {"system_s", system_s},
                   {"voluntary_switches", voluntary},
                   {"involuntary_switches", involuntary},
                   {"peak_rss_bytes", peak},
                   {"spilled_bytes", spilled},
                   {"output_bytes", output_bytes},
                   {"framework_us_per_step", framework_us}};
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        double value;
        FW_TRY(median(series, members[i].get, &value, err));
        FW_TRY(cJSON_AddNumberToObject(json, members[i].name, value) ? 0 : fw_error_oom(err));
    }
    return add_compared(json, series, err);
}

int fw_summary_steps(cJSON *json, const struct fw_series *series, struct fw_error *err)
{
    const size_t n = series->steps.len;
    fw_auto(free) double *sorted = malloc((n + 1) * sizeof *sorted);
    FW_TRY(sorted ? 0 : fw_error_oom(err));
    if (n == 0) {
        return 0;
    }
    memcpy(sorted, series->steps.items, n * sizeof *sorted);
    fw_stats_sort(sorted, n);
    return fw_json_set(cJSON_AddObjectToObject(json, "step_us"),
                       FW_JSON_REAL("median", fw_stats_quantile(sorted, n, 0.5)),
                       FW_JSON_REAL("q1", fw_stats_quantile(sorted, n, 0.25)),
                       FW_JSON_REAL("q3", fw_stats_quantile(sorted, n, 0.75)),
                       FW_JSON_REAL("p95", fw_stats_quantile(sorted, n, 0.95)),
                       FW_JSON_REAL("longest", sorted[n - 1]))
               ? 0
               : fw_error_oom(err);
}

/* One digest of all that is plugged into the stage. */
static int digest_inputs(const struct fw_plan_stage *stage, char ret_hex[FW_SHA256_TEXT],
                         struct fw_error *err)
{
    fw_auto(strings) struct fw_strings ports = {0};
    fw_auto(strings) struct fw_strings hexes = {0};
    for (size_t i = 0; i < stage->inputs.len; i++) {
        const struct fw_plan_input *input = &stage->inputs.items[i];
        if (fw_strings_add(&ports, input->port) < 0 || fw_strings_add(&hexes, input->digest) < 0) {
            return fw_error_oom(err);
        }
    }
    return fw_digest_lines(&ports, &hexes, ret_hex, err);
}

static int add_identity(cJSON *json, const struct fw_solo *solo, struct fw_error *err)
{
    const struct fw_plan_stage *stage = solo->stage;
    char data[FW_SHA256_TEXT];
    FW_TRY(digest_inputs(stage, data, err));
    return fw_json_set(json, FW_JSON_TEXT("stage", stage->spec->name),
                       FW_JSON_TEXT("use", stage->spec->use),
                       FW_JSON_TEXT("plugin", stage->plugin->plugin->id),
                       FW_JSON_TEXT("plugin_version", stage->plugin->plugin->version),
                       FW_JSON_TEXT("plugin_path", stage->plugin->path),
                       FW_JSON_TEXT("plugin_digest", stage->plugin->elf.digest),
                       FW_JSON_BOOL("isolated", stage->spec->isolated),
                       FW_JSON_TEXT("data_sha256", data))
               ? 0
               : fw_error_oom(err);
}

/* By the time spent in steps; bytes are those it reads, or writes where it reads nothing. */
static int add_rates(cJSON *json, const struct fw_solo *solo, const struct fw_series *series,
                     struct fw_error *err)
{
    const struct fw_sample *last = &series->items[series->len - 1];
    const double spent = fmax(fw_json_number(json, "steps_s"), 1e-9);
    uint64_t input_bytes;
    FW_TRY(fw_cold_size(solo->plan, solo->stage, &input_bytes, err));
    const double bytes = (double)(input_bytes > 0 ? input_bytes : last->output_bytes);
    return fw_json_set(json, FW_JSON_U64("steps", last->n_steps), FW_JSON_U64("rows", last->rows),
                       FW_JSON_U64("input_bytes", input_bytes),
                       FW_JSON_REAL("rows_per_s", (double)last->rows / spent),
                       FW_JSON_REAL("mb_per_s", bytes / 1e6 / spent))
               ? 0
               : fw_error_oom(err);
}

static int add_repetitions(cJSON *json, const struct fw_series *series, struct fw_error *err)
{
    cJSON *list = cJSON_AddArrayToObject(json, "seconds");
    cJSON *outliers = cJSON_AddArrayToObject(json, "outliers");
    fw_auto(free) bool *out = calloc(series->len + 1, sizeof *out);
    fw_auto(free) double *logs = fw_series_logs(series, err);
    bool added = list && outliers && out && logs;
    FW_TRY(added ? fw_stats_outliers(logs, series->len, out, err) : fw_error_oom(err));
    for (size_t i = 0; added && i < series->len; i++) {
        added = cJSON_AddItemToArray(list, cJSON_CreateNumber(fw_series_seconds(series, i))) &&
                (!out[i] || cJSON_AddItemToArray(outliers, cJSON_CreateNumber((double)(i + 1))));
    }
    return added ? 0 : fw_error_oom(err);
}

/* What the reader must know to believe the numbers. */
static int add_circumstances(cJSON *json, const struct fw_series *series, bool cold,
                             struct fw_error *err)
{
    uint64_t retried = 0, bytes = 0, dropped = 0;
    for (size_t i = 0; i < series->len; i++) {
        retried += series->items[i].attempts > 1;
        bytes += series->items[i].cold.bytes;
        dropped += series->items[i].cold.dropped;
    }
    bool added = fw_json_set(json, FW_JSON_U64("on_lower_rung", retried));
    if (cold) {
        added = added && cJSON_AddNumberToObject(json, "cold_share",
                                                 bytes > 0 ? (double)dropped / (double)bytes : 0);
    }
    return added ? 0 : fw_error_oom(err);
}

int fw_summary_arm(const struct fw_solo *solo, const struct fw_series *series, bool cold,
                   cJSON **ret_json, struct fw_error *err)
{
    fw_auto(json) cJSON *json = cJSON_CreateObject();
    FW_TRY(json ? 0 : fw_error_oom(err));
    FW_TRY(add_identity(json, solo, err));
    FW_TRY(fw_summary_steps(json, series, err));
    FW_TRY(add_medians(json, series, err));
    FW_TRY(add_rates(json, solo, series, err));
    FW_TRY(add_circumstances(json, series, cold, err));
    FW_TRY(add_repetitions(json, series, err));
    *ret_json = fw_steal(&json);
    return 0;
}

int fw_summary_logs(const cJSON *arm, double **ret_logs, size_t *ret_n, struct fw_error *err)
{
    const cJSON *list, *item;
    FW_TRY(fw_json_get_array(arm, "seconds", &list, err));
    double *logs = malloc(((size_t)cJSON_GetArraySize(list) + 1) * sizeof *logs);
    FW_TRY(logs ? 0 : fw_error_oom(err));
    *ret_n = 0;
    cJSON_ArrayForEach(item, list)
    {
        if (!(item->valuedouble > 0)) {
            free(logs);
            return fw_error_set(err, FW_EXIT_STATE, "\"seconds\" holds %g, expected times above 0",
                                item->valuedouble);
        }
        logs[(*ret_n)++] = log(item->valuedouble);
    }
    *ret_logs = logs;
    return 0;
}

static bool add_ratio(cJSON *json, const char *name, double shift)
{
    return isfinite(shift) ? cJSON_AddNumberToObject(json, name, expm1(shift)) != NULL
                           : cJSON_AddNullToObject(json, name) != NULL;
}

cJSON *fw_summary_comparison(const struct fw_stats_comparison *comparison, const char *reason)
{
    fw_auto(json) cJSON *json = cJSON_CreateObject();
    if (!fw_json_set(json, FW_JSON_TEXT("verdict", fw_stats_verdict_name(comparison->verdict)),
                     FW_JSON_TEXT("reason", reason), FW_JSON_U64("n", comparison->n),
                     FW_JSON_REAL("p", comparison->p), FW_JSON_U64("needed", comparison->needed)) ||
        !add_ratio(json, "change", comparison->shift) || !add_ratio(json, "low", comparison->low) ||
        !add_ratio(json, "high", comparison->high)) {
        return NULL;
    }
    return fw_steal(&json);
}

/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/str.h"
#include "cases.h"
#include "cli/print.h"
#include "compare.h"
#include "document.h"
#include "measure.h"
#include "summary.h"
#include "table.h"

/* fwrun bench: how long the steps of a stage take, and whether that has changed. */

struct bench {
    const struct fw_bench_options *options;
    struct fw_lab lab;
    struct fw_cases cases;
    cJSON *result;
    cJSON *before; /* of --vs */
    bool terminal;
};

/* One stage with the plugin that is there, and the old one of --vs-plugin. */
struct arms {
    struct fw_solo now, old;
    struct fw_series series, old_series;
    double noise; /* a ratio */
};

static void tell(const struct bench *bench, const char *stage, const char *what, size_t i, size_t n)
{
    if (bench->terminal) {
        fprintf(stderr, "\r\033[K%s: %s, %zu of %zu", stage, what, i + 1, n);
    } else if (i == 0) {
        fprintf(stderr, "%s: %s, %zu time%s\n", stage, what, n, n == 1 ? "" : "s");
    }
}

static void tell_no_more(const struct bench *bench)
{
    if (bench->terminal) {
        fputs("\r\033[K", stderr);
    }
}

static int repeat(const struct bench *bench, struct fw_solo *solo, struct fw_series *series,
                  struct fw_error *err)
{
    series->cpu = bench->options->cpu;
    if (fw_measure(solo, bench->options->cold, series, err) == 0) {
        return 0;
    }
    tell_no_more(bench);
    if (err->code > FW_EXIT_SIGNAL) {
        return fw_error_set(err, err->code, "stopped by a signal; no result is written");
    }
    return fw_error_prefix(err, "repetition %zu of \"%s\" with %s: ", series->len + 1,
                           solo->stage->spec->name, solo->stage->plugin->path);
}

/* The first time everything is slower: what it reads comes from the disk, what it loads too. */
static int warm_up(const struct bench *bench, struct arms *arms, struct fw_error *err)
{
    fw_auto(series) struct fw_series unused = {0};
    tell(bench, arms->now.stage->spec->name, "warming up", 0, 1);
    FW_TRY(repeat(bench, &arms->now, &unused, err));
    return arms->old.plan ? repeat(bench, &arms->old, &unused, err) : 0;
}

static int measure_noise(const struct bench *bench, struct arms *arms, struct fw_error *err)
{
    const size_t reps = bench->options->reps;
    for (size_t i = 0; i < reps; i++) {
        tell(bench, arms->now.stage->spec->name,
             arms->old.plan ? "the same against itself" : "measuring", i, reps);
        FW_TRY(repeat(bench, &arms->now, &arms->series, err));
    }
    fw_auto(free) double *logs = fw_series_logs(&arms->series, err);
    FW_TRY(logs ? 0 : -1);
    return fw_stats_noise(logs, reps, reps, &arms->noise, err);
}

static double noise_limit(const struct bench *bench)
{
    return FW_STATS_NOISE_LIMIT * bench->options->margin;
}

/* Old and new in turns: what slowly changes on the machine meets both alike. */
static int measure_pairs(const struct bench *bench, struct arms *arms, struct fw_error *err)
{
    const size_t n = 2 * bench->options->reps;
    fw_series_finish(&arms->series);
    for (size_t i = 0; i < n; i++) {
        tell(bench, arms->now.stage->spec->name, "old and new in turns", i, n);
        bool now = fw_stats_is_b(i);
        FW_TRY(repeat(bench, now ? &arms->now : &arms->old, now ? &arms->series : &arms->old_series,
                      err));
    }
    return 0;
}

static char *noise_reason(const struct arms *arms)
{
    return fw_text("the noise is above the limit: the same against itself differs by %.1f %%. "
                   "Let nothing else run here, take more --reps, or accept a larger --margin",
                   100 * arms->noise);
}

static int compare_plugins(struct bench *bench, const struct arms *arms, cJSON *stage,
                           struct fw_error *err)
{
    fw_auto(free) double *a = fw_series_logs(&arms->old_series, err);
    fw_auto(free) double *b = fw_series_logs(&arms->series, err);
    FW_TRY(a && b ? 0 : -1);
    const bool noisy = arms->noise > noise_limit(bench);
    /* Where it was too noisy to go on there is nothing to compare with. */
    struct fw_stats_two two = {.a = a,
                               .b = b,
                               .n_a = arms->old_series.len,
                               .n_b = noisy ? 0 : arms->series.len,
                               .paired = !noisy};
    char *reason = noisy ? noise_reason(arms) : NULL;
    FW_TRY(reason || !noisy ? 0 : fw_error_oom(err));
    return fw_cases_add(&bench->cases, stage, &two, reason, err);
}

/* Why an earlier result says nothing about this one. */
static char *find_reason(const struct bench *bench, const struct arms *arms, const cJSON *old,
                         const cJSON *now)
{
    const cJSON *here = cJSON_GetObjectItemCaseSensitive(bench->result, "host");
    const cJSON *there = cJSON_GetObjectItemCaseSensitive(bench->before, "host");
    const cJSON *cold = cJSON_GetObjectItemCaseSensitive(bench->before, "cold");
    const cJSON *cpu = cJSON_GetObjectItemCaseSensitive(bench->before, "cpu");
    if (!old) {
        return fw_text("%s has not measured it", bench->options->vs);
    }
    if (strcmp(fw_json_text(here, "fingerprint"), fw_json_text(there, "fingerprint")) != 0) {
        return fw_text("%s was measured on another host (%s, %s)", bench->options->vs,
                       fw_json_text(there, "fingerprint"), fw_json_text(there, "cpu"));
    }
    if (strcmp(fw_json_text(old, "data_sha256"), fw_json_text(now, "data_sha256")) != 0) {
        return fw_text("its data are not those of %s", bench->options->vs);
    }
    if (cJSON_IsTrue(cold) != bench->options->cold) {
        return fw_text("one of the two was measured cold (--cold)");
    }
    if (cJSON_IsTrue(cpu) != bench->options->cpu) {
        return fw_text("one of the two is of processor time (--cpu)");
    }
    return arms->noise > noise_limit(bench) ? noise_reason(arms) : NULL;
}

static int compare_before(struct bench *bench, const struct arms *arms, cJSON *stage,
                          struct fw_error *err)
{
    const cJSON *now = cJSON_GetObjectItemCaseSensitive(stage, "now");
    const cJSON *old = cJSON_GetObjectItemCaseSensitive(
        fw_document_stage(bench->before, fw_json_text(stage, "stage")), "now");
    fw_auto(free) double *a = NULL;
    fw_auto(free) double *b = fw_series_logs(&arms->series, err);
    struct fw_stats_two two = {.b = b, .n_b = arms->series.len};
    FW_TRY(b ? 0 : -1);
    if (old) {
        FW_TRY(fw_json_add(stage, "old", cJSON_Duplicate(old, true)) ? 0 : fw_error_oom(err));
        if (fw_summary_logs(old, &a, &two.n_a, err) < 0) {
            err->code = FW_EXIT_USAGE;
            return fw_error_prefix(err, "--vs %s: ", bench->options->vs);
        }
    }
    two.a = a;
    return fw_cases_add(&bench->cases, stage, &two, find_reason(bench, arms, old, now), err);
}

static int add_noise(const struct bench *bench, const struct arms *arms, cJSON *stage,
                     struct fw_error *err)
{
    cJSON *noise = isfinite(arms->noise) ? cJSON_CreateNumber(arms->noise) : cJSON_CreateNull();
    return fw_json_add(stage, "noise", noise) &&
                   fw_json_set(stage, FW_JSON_REAL("noise_limit", noise_limit(bench)),
                               FW_JSON_U64("repetitions", bench->options->reps))
               ? 0
               : fw_error_oom(err);
}

static int describe(struct bench *bench, const struct arms *arms, struct fw_error *err)
{
    const bool cold = bench->options->cold;
    cJSON *stage = fw_json_append(cJSON_GetObjectItemCaseSensitive(bench->result, "stages"));
    cJSON *arm;
    FW_TRY(fw_json_set(stage, FW_JSON_TEXT("stage", arms->now.stage->spec->name))
               ? 0
               : fw_error_oom(err));
    FW_TRY(fw_summary_arm(&arms->now, &arms->series, cold, &arm, err));
    FW_TRY(fw_json_add(stage, "now", arm) ? 0 : fw_error_oom(err));
    if (arms->old_series.len > 0) {
        FW_TRY(fw_summary_arm(&arms->old, &arms->old_series, cold, &arm, err));
        FW_TRY(fw_json_add(stage, "old", arm) ? 0 : fw_error_oom(err));
    }
    FW_TRY(add_noise(bench, arms, stage, err));
    if (arms->old.plan) {
        return compare_plugins(bench, arms, stage, err);
    }
    return bench->before ? compare_before(bench, arms, stage, err) : 0;
}

static int measure(struct bench *bench, const char *name, struct arms *arms, struct fw_error *err)
{
    const char *plugin = bench->options->vs_plugin;
    FW_TRY(fw_solo_open(&bench->lab, name, NULL, "now", &arms->now, err));
    if (plugin) {
        FW_TRY(fw_solo_open(&bench->lab, name, plugin, "old", &arms->old, err));
    }
    FW_TRY(warm_up(bench, arms, err));
    FW_TRY(measure_noise(bench, arms, err));
    if (plugin && arms->noise <= noise_limit(bench)) {
        FW_TRY(measure_pairs(bench, arms, err));
    }
    tell_no_more(bench);
    return describe(bench, arms, err);
}

static int measure_stage(struct bench *bench, const char *name, struct fw_error *err)
{
    struct arms arms = {0};
    int rc = measure(bench, name, &arms, err);
    fw_solo_close(&arms.now, rc < 0);
    fw_solo_close(&arms.old, rc < 0);
    fw_series_finish(&arms.series);
    fw_series_finish(&arms.old_series);
    return rc;
}

/* Of all that is known to belong to the run: what was measured, and what made the inputs. */
static int add_shares(const struct bench *bench, struct fw_error *err)
{
    const struct fw_plan *plan = bench->lab.inputs;
    double all = 0;
    for (size_t i = 0; i < plan->n_stages; i++) {
        const cJSON *stage = fw_document_stage(bench->result, plan->stages[i].spec->name);
        all += stage ? fw_json_number(cJSON_GetObjectItemCaseSensitive(stage, "now"), "elapsed_s")
                     : fw_json_number(plan->stages[i].manifest, "elapsed_s");
    }
    cJSON *stage;
    cJSON_ArrayForEach(stage, cJSON_GetObjectItemCaseSensitive(bench->result, "stages"))
    {
        const cJSON *now = cJSON_GetObjectItemCaseSensitive(stage, "now");
        if (all > 0 &&
            !cJSON_AddNumberToObject(stage, "share", fw_json_number(now, "elapsed_s") / all)) {
            return fw_error_oom(err);
        }
    }
    return 0;
}

static int print(const struct bench *bench, const char *path, struct fw_error *err)
{
    if (bench->options->cli.json) {
        return fw_print_json(bench->result, err) == 0 ? 0 : -1;
    }
    fw_document_print_head(bench->result);
    fw_table_print(bench->result);
    putchar('\n');
    fw_words_print(bench->result);
    printf("result %s\n", path);
    return 0;
}

static int prepare(struct bench *bench, struct fw_error *err)
{
    struct fw_bench_host host;
    fw_bench_host_look(&host); /* before this program itself adds to the load */
    if (bench->options->vs) {
        FW_TRY(fw_document_load(bench->options->vs, &bench->before, err));
    }
    FW_TRY(fw_lab_open(&bench->options->cli, ".bench", bench->options->stage, &bench->lab, err));
    bench->result = fw_document_create(&bench->lab, bench->options, &host, err);
    return bench->result ? 0 : -1;
}

static int measure_all(struct bench *bench, struct fw_error *err)
{
    fw_auto(free) char *path = NULL;
    FW_TRY(prepare(bench, err));
    for (size_t i = 0; i < bench->lab.names.len; i++) {
        FW_TRY(measure_stage(bench, bench->lab.names.items[i], err));
    }
    FW_TRY(add_shares(bench, err));
    int code = fw_cases_judge(&bench->cases, bench->options->margin, err);
    struct fw_error other;
    if (code < 0 || fw_document_keep(&bench->lab, bench->result, &path, &other) < 0 ||
        print(bench, path, &other) < 0) {
        *err = code < 0 ? *err : other;
        return -1;
    }
    return code;
}

static int run(const struct fw_bench_options *options, struct fw_error *err)
{
    struct bench bench = {.options = options, .terminal = isatty(STDERR_FILENO) == 1};
    int code = measure_all(&bench, err);
    fw_cases_finish(&bench.cases);
    fw_lab_close(&bench.lab);
    cJSON_Delete(bench.result);
    cJSON_Delete(bench.before);
    return code < 0 ? err->code : code;
}

int main(int argc, char **argv)
{
    struct fw_bench_options options;
    struct fw_error err = {0};
    int code = fw_program_begin(argc, argv);
    if (code >= 0) {
        return code;
    }
    code = fw_bench_options_parse(argc, argv, &options, &err) < 0 ? err.code : 0;
    if (code == 0) {
        code = options.help      ? (fputs(fw_bench_usage, stdout) < 0)
               : options.compare ? fw_compare_runs(&options, &err)
                                 : run(&options, &err);
    }
    fw_bench_options_finish(&options);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fw_error_errno(&err, FW_EXIT_FAILED, "cannot write the result to stdout");
        code = err.code;
    }
    err.code = code;
    fw_verdict_given(true);
    return code == 0 ? 0 : fw_verdict_fail(&err);
}

/* SPDX-License-Identifier: MIT */
#include "swap_test.h"

#include <stdarg.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/json.h"
#include "base/path.h"
#include "base/str.h"
#include "compare.h"
#include "compat.h"
#include "exam.h"
#include "holding.h"
#include "plugin/descriptor.h"
#include "rows.h"

/* Of a stage that is equal within rounding. */
#define ROUNDING 1e-9

/* Swaps there and back at one boundary, for leaks; an odd number ends with the new build. */
enum { REPEATS = 40 };

enum { OLD, NEW, MIXED, SOLOS };

struct swap_test {
    const struct fw_swap_request *request;
    struct fw_lab lab;
    const char *stage;              /* its name in the pipeline */
    const struct fw_stage *type[2]; /* in the images */
    const struct fw_registry_entry *old;
    struct fw_registry registry; /* with the new build alone */
    struct fw_solo solos[SOLOS];
    bool open[SOLOS];
    char *trace;
    cJSON *verdict;
};

static int conclude(struct swap_test *test, const char *verdict, const char *why,
                    struct fw_error *err)
{
    return cJSON_AddStringToObject(test->verdict, "verdict", verdict) &&
                   (!why || cJSON_AddStringToObject(test->verdict, "why", why))
               ? 1
               : fw_error_oom(err);
}

/* 1: the verdict is there. Every step of the test returns that, 0 to go on, or -1. */
static int unsafe(struct swap_test *test, struct fw_error *err, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static int unsafe(struct swap_test *test, struct fw_error *err, const char *fmt, ...)
{
    char why[2560];
    va_list args;
    va_start(args, fmt);
    vsnprintf(why, sizeof why, fmt, args);
    va_end(args);
    return conclude(test, "UNSAFE", why, err);
}

static int find_stage(struct swap_test *test, struct fw_error *err)
{
    const struct fw_strings *names = &test->lab.names;
    if (names->len != 1) {
        return fw_error_set(err, FW_EXIT_USAGE, "%s has %zu stages; say which with --stage",
                            test->request->cli.args.items[0], names->len);
    }
    test->stage = names->items[0];
    const struct fw_plan_stage *stage = fw_plan_find(test->lab.inputs, test->stage);
    test->old = stage->plugin;
    test->type[OLD] = stage->type;
    /* A crash must be the stage's alone. */
    struct fw_pipeline *pipeline = &test->lab.target.pipeline;
    for (size_t i = 0; i < pipeline->stages.len; i++) {
        pipeline->stages.items[i].isolated = true;
    }
    pipeline->stall_s = test->request->timeout_s;
    return 0;
}

static void describe(struct swap_test *test, const char *name,
                     const struct fw_registry_entry *entry)
{
    cJSON *plugin = cJSON_AddObjectToObject(test->verdict, name);
    cJSON_AddStringToObject(plugin, "path", entry->path);
    cJSON_AddStringToObject(plugin, "digest", entry->elf.digest);
    if (entry->plugin) {
        cJSON_AddStringToObject(plugin, "id", entry->plugin->id);
        cJSON_AddStringToObject(plugin, "version", entry->plugin->version);
    }
}

/* What can be known without running anything. */
static int compare_descriptions(struct swap_test *test, struct fw_error *err)
{
    static const char *const words[] = {"none", "tolerance", "bitwise"};
    struct fw_error why;
    const char *use = test->type[OLD]->name;
    FW_TRY(fw_registry_add(&test->registry, test->request->with, err));
    const struct fw_registry_entry *entry = &test->registry.items[0];
    cJSON_AddStringToObject(test->verdict, "stage", test->stage);
    cJSON_AddStringToObject(test->verdict, "use", use);
    cJSON_AddStringToObject(test->verdict, "determinism", words[test->type[OLD]->determinism]);
    describe(test, "old", test->old);
    describe(test, "new", entry);
    if (entry->reason) {
        return unsafe(test, err, "it is no plugin that can be loaded: %s", entry->reason);
    }
    test->type[NEW] = fw_plugin_stage(entry->plugin, use);
    if (!test->type[NEW]) {
        return unsafe(test, err, "it has no stage \"%s\"", use);
    }
    return fw_stage_compatible(test->type[OLD], test->type[NEW], &why) < 0
               ? unsafe(test, err, "%s", why.text)
               : 0;
}

/* The plan is refused where the new build does not want what the pipeline gives it. */
static int run(struct swap_test *test, int which, struct fw_error *err)
{
    static const char *const labels[] = {"old", "new", "swapped"};
    const char *plugin = which == NEW ? test->request->with : NULL;
    test->open[which] = true;
    FW_TRY(fw_solo_open(&test->lab, test->stage, plugin, labels[which], &test->solos[which], err));
    return fw_solo_run(&test->solos[which], err) == 0 ? 0 : -1;
}

static bool is_stopped(const struct fw_error *err)
{
    return err->code > FW_EXIT_SIGNAL;
}

static double tolerance(const struct swap_test *test)
{
    return test->request->tolerance >= 0                              ? test->request->tolerance
           : test->type[OLD]->determinism == FW_DETERMINISM_TOLERANCE ? ROUNDING
                                                                      : 0;
}

static int compare(struct swap_test *test, int which, const char *name, struct fw_error *err)
{
    cJSON *difference;
    FW_TRY(fw_outputs_compare(&test->lab, &test->solos[OLD], &test->solos[which], tolerance(test),
                              &difference, err));
    cJSON_AddStringToObject(test->verdict, name, difference ? "different" : "equal");
    if (difference && cJSON_HasObjectItem(test->verdict, "difference")) {
        cJSON_Delete(difference);
    } else if (difference) {
        cJSON_AddStringToObject(difference, "run", name);
        cJSON_AddItemToObject(test->verdict, "difference", difference);
    }
    return 0;
}

static int run_both(struct swap_test *test, struct fw_error *err)
{
    if (run(test, OLD, err) < 0) {
        return fw_error_prefix(err, "the old build alone, so that there is nothing to compare: ");
    }
    uint64_t steps = 0;
    fw_json_get_u64(test->solos[OLD].stage->manifest, "steps", &steps, NULL);
    fw_json_add_u64(test->verdict, "steps", steps);
    struct fw_error why;
    if (run(test, NEW, &why) < 0) {
        *err = why;
        return is_stopped(&why) ? -1 : unsafe(test, err, "the new build alone: %s", why.text);
    }
    return compare(test, NEW, "alone", err);
}

static int make_trace(struct swap_test *test, const struct fw_trace **ret_trace,
                      struct fw_error *err)
{
    const struct fw_trace none = {0};
    test->trace = fw_text("%s/trace", test->lab.folder);
    FW_TRY(test->trace ? fw_fs_write(test->trace, &none, sizeof none, FW_DURABLE_RENAME, err)
                       : fw_error_oom(err));
    fw_auto(close) int fd = open(test->trace, O_RDONLY | O_CLOEXEC);
    const void *map = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof none, PROT_READ, MAP_SHARED, fd, 0);
    if (map == MAP_FAILED) {
        return fw_error_errno(err, FW_EXIT_STATE, "cannot read %s", test->trace);
    }
    *ret_trace = map;
    return 0;
}

static int set_exam(struct swap_test *test, uint64_t at, struct fw_error *err)
{
    const struct fw_registry_entry *next = &test->registry.items[0];
    const struct fw_exam exam = {.path = {test->old->path, next->path},
                                 .digest = {test->old->elf.digest, next->elf.digest},
                                 .at = at,
                                 .repeats = at == 0 ? 0 : REPEATS,
                                 .trace = test->trace};
    return fw_exam_set(&exam, err);
}

/* Half-way by default. */
static int choose_boundary(const struct swap_test *test, uint64_t steps, uint64_t *ret_at,
                           struct fw_error *err)
{
    *ret_at = test->request->every ? 0 : test->request->at ? test->request->at : steps / 2;
    return *ret_at < steps ? 0
                           : fw_error_set(err, FW_EXIT_USAGE,
                                          "--at %" PRIu64 ": the stage has %" PRIu64
                                          " steps here, and is done after the last",
                                          *ret_at, steps);
}

/* A crash has no words of its own: the trace says where it was. */
static int unsafe_swap(struct swap_test *test, const struct fw_trace *trace,
                       const struct fw_error *why, struct fw_error *err)
{
    char place[96] = "";
    if (why->code == FW_EXIT_CRASHED) {
        snprintf(place, sizeof place, ", in %s of the %s build",
                 fw_swap_call_name((enum fw_swap_call)trace->call), trace->of_new ? "new" : "old");
    }
    return unsafe(test, err, "old -> new, after step %" PRIu64 " and %" PRIu64 " swaps%s: %s",
                  trace->steps, trace->swaps, place, why->text);
}

static int run_swapped(struct swap_test *test, uint64_t at, struct fw_error *err)
{
    const struct fw_trace *trace = NULL;
    struct fw_error why;
    FW_TRY(make_trace(test, &trace, err));
    FW_TRY(set_exam(test, at, err));
    const int rc = run(test, MIXED, &why);
    fw_exam_set(NULL, NULL);
    if (rc < 0) {
        *err = why;
        return is_stopped(&why) ? -1 : unsafe_swap(test, trace, &why, err);
    }
    return compare(test, MIXED, "swapped", err);
}

/* Code that stays mapped by design is swapped in another way; anything else that a swap leaves
 * behind adds up. */
static int judge_leaks(struct swap_test *test, const cJSON *swap, struct fw_error *err)
{
    const cJSON *growth = cJSON_GetObjectItemCaseSensitive(swap, "growth");
    const bool unloads = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(swap, "unloads"));
    for (int i = 0; i < FW_HELD_RSS; i++) {
        const char *name = fw_held_name((enum fw_held)i);
        const double each = fw_json_number(growth, name);
        if (each > 0 && (i != FW_HELD_MAPPINGS || unloads)) {
            return unsafe(test, err, "each swap leaves %.2g more %s behind", each, name);
        }
    }
    return 0;
}

static int swap_in_between(struct swap_test *test, struct fw_error *err)
{
    uint64_t steps = 0, at;
    fw_json_get_u64(test->verdict, "steps", &steps, NULL);
    if (steps < 2) {
        cJSON_AddStringToObject(test->verdict, "note",
                                "the stage is done in one step here: there is no place to swap at");
        return 0;
    }
    FW_TRY(choose_boundary(test, steps, &at, err));
    const int rc = run_swapped(test, at, err);
    if (rc != 0) {
        return rc;
    }
    const cJSON *swap =
        cJSON_GetObjectItemCaseSensitive(test->solos[MIXED].stage->manifest, "swap");
    if (!swap || !fw_json_add(test->verdict, "swap", cJSON_Duplicate(swap, true))) {
        return fw_error_oom(err);
    }
    return judge_leaks(test, swap, err);
}

static int examine(struct swap_test *test, struct fw_error *err)
{
    FW_TRY(fw_lab_open(&test->request->cli, ".swap-test", test->request->stage, &test->lab, err));
    FW_TRY(find_stage(test, err));
    FW_TRY(fw_fs_mkdirs(test->lab.folder, err));
    int rc = compare_descriptions(test, err);
    rc = rc != 0 ? rc : run_both(test, err);
    rc = rc != 0 ? rc : swap_in_between(test, err);
    if (rc == 0) {
        rc =
            conclude(test, cJSON_HasObjectItem(test->verdict, "difference") ? "DIFFERENT" : "EQUAL",
                     NULL, err);
    }
    return rc < 0 ? -1 : 0;
}

static void finish(struct swap_test *test)
{
    for (int i = 0; i < SOLOS; i++) {
        if (test->open[i]) {
            fw_solo_close(&test->solos[i], false);
        }
    }
    if (test->trace) {
        fw_fs_remove(test->trace, NULL);
    }
    free(test->trace);
    fw_registry_finish(&test->registry);
    fw_lab_close(&test->lab);
    cJSON_Delete(test->verdict);
}

static int swap_test(const struct fw_swap_request *request, struct fw_error *err)
{
    if (access(request->with, R_OK) < 0) {
        fw_error_errno(err, FW_EXIT_USAGE, "%s cannot be read", request->with);
        return err->code;
    }
    struct swap_test test = {.request = request, .verdict = cJSON_CreateObject()};
    int code = fw_proc_adopt_orphans(err) < 0 || examine(&test, err) < 0
                   ? err->code
                   : fw_swap_print(test.verdict, request->cli.json, err);
    finish(&test);
    return code;
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "--worker") == 0) {
        fw_exam_begin();
    }
    int code = fw_program_begin(argc, argv);
    if (code >= 0) {
        return code;
    }
    fw_verdict_given(true);
    if (argc == 4 && strcmp(argv[1], "--rows") == 0) {
        return fw_rows_main(argv[2], argv[3]);
    }
    struct fw_swap_request request;
    struct fw_error err = {0};
    code = fw_swap_parse(&request, argc, argv, &err) < 0 ? err.code : 0;
    if (code == 0 && request.help) {
        fw_swap_help();
    } else if (code == 0) {
        code = swap_test(&request, &err);
    }
    fw_cli_finish(&request.cli);
    if (code == 0 && fflush(stdout) != 0) {
        fw_error_errno(&err, FW_EXIT_FAILED, "cannot write the result to stdout");
        code = err.code;
    }
    if (code == 0) {
        return 0;
    }
    err.code = code;
    return fw_verdict_fail(&err);
}

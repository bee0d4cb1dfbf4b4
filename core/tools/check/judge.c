/* SPDX-License-Identifier: MIT */
#include "judge.h"

#include <stdio.h>
#include <string.h>

#include "actor.h"
#include "base/files.h"
#include "base/fs.h"
#include "base/json.h"
#include "base/str.h"

/* Runs before memory and the like are compared: caches fill in them. */
enum { WARM = 3 };

#define NEIGHBOUR "stages/first/out.txt"

static bool is_true(const cJSON *json, const char *name)
{
    return cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(json, name));
}

static bool one_of(const char *word, const char *a, const char *b)
{
    return strcmp(word, a) == 0 || strcmp(word, b) == 0;
}

/* "in step 3, with many items" */
static char *place(const struct fw_trial *trial, const struct fw_exercised *ex, const char *what)
{
    return ex->n > 0 ? fw_text("in %s %llu (%s; %s)", ex->call, (unsigned long long)ex->n,
                               trial->given, what)
                     : fw_text("in %s (%s; %s)", ex->call, trial->given, what);
}

static void judge_hang(struct fw_trial *trial, const struct fw_exercised *ex, const char *where)
{
    const enum fw_finding finding = strcmp(ex->call, "load") == 0   ? FW_FINDING_LOAD_HANGS
                                    : strcmp(ex->call, "step") != 0 ? FW_FINDING_HANGS
                                    : ex->reported                  ? FW_FINDING_IGNORES_CANCEL
                                                                    : FW_FINDING_STEP_HANGS;
    const bool step = strcmp(ex->call, "step") == 0;
    fw_report_finding(trial->report, finding, "%s: it did not return within %.0f s (--timeout)%s%s",
                      where, trial->limit_s,
                      !step          ? ""
                      : ex->reported ? ", reporting progress all the time"
                                     : ", reporting nothing",
                      step ? ", and was killed when it did not answer cancel either" : "");
}

static enum fw_finding crash_kind(const char *call)
{
    return strcmp(call, "load") == 0         ? FW_FINDING_LOAD_CRASHES
           : strcmp(call, "create") == 0     ? FW_FINDING_CREATE_CRASHES
           : one_of(call, "save", "restore") ? FW_FINDING_STATE_CRASHES
           : one_of(call, "destroy", "host") ? FW_FINDING_DESTROY_CRASHES
                                             : FW_FINDING_STEP_CRASHES;
}

/* The child did not come to its end. */
static void judge_death(struct fw_trial *trial, const struct fw_exercised *ex, const char *what)
{
    fw_auto(free) char *where = place(trial, ex, what);
    const int signal = ex->process.signal;
    if (ex->killed) {
        judge_hang(trial, ex, where ? where : "");
    } else if (signal != 0) {
        fw_report_finding(trial->report, crash_kind(ex->call), "%s: signal %d (%s)",
                          where ? where : "", signal, strsignal(signal));
    } else {
        fw_report_finding(
            trial->report, strcmp(ex->call, "load") == 0 ? FW_FINDING_LOAD_EXITS : FW_FINDING_EXITS,
            "%s: the process ended with code %d", where ? where : "", ex->process.exit_code);
    }
}

/* What any exercise may show, whatever it is about. */
static void judge_process(struct fw_trial *trial, const struct fw_exercised *ex, const char *what)
{
    const size_t strays = ex->strays + (size_t)fw_json_number(ex->end, "strays");
    if (!ex->end) {
        judge_death(trial, ex, what);
    }
    if (ex->printed[0] != '\0') {
        fw_report_finding(trial->report, FW_FINDING_PRINTS, "it printed \"%s\"", ex->printed);
    }
    if (strays > 0) {
        fw_report_finding(trial->report, FW_FINDING_LEAVES_PROCESS,
                          "%zu process%s still running at the end, expected none", strays,
                          strays == 1 ? " was" : "es were");
    }
}

static int drive(struct fw_trial *trial, struct fw_exercise exercise, struct fw_exercised *ret,
                 struct fw_error *err)
{
    fw_auto(free) char *folder = fw_text("%s/%u", trial->folder, ++trial->n);
    fw_auto(free) char *neighbour = fw_text("%s/%u/stages/first", trial->folder, trial->n);
    fw_auto(free) char *file = fw_text("%s/%u/" NEIGHBOUR, trial->folder, trial->n);
    if (!folder || !neighbour || !file) {
        return fw_error_oom(err);
    }
    FW_TRY(fw_fs_mkdirs(neighbour, err));
    FW_TRY(fw_fs_write(file, "ok\n", 3, FW_DURABLE_RENAME, err));
    exercise.task = trial->task;
    exercise.folder = folder;
    exercise.limit_s = trial->limit_s;
    FW_TRY(fw_drive(&exercise, ret, err));
    judge_process(trial, ret, exercise.what);
    return 0;
}

/* Files outside of what the instance was given: the folder that it started in, and a neighbour. */
static int judge_places(struct fw_trial *trial, struct fw_error *err)
{
    fw_auto(free) char *here = fw_text("%s/%u/here", trial->folder, trial->n);
    fw_auto(free) char *file = fw_text("%s/%u/" NEIGHBOUR, trial->folder, trial->n);
    fw_auto(free) char *text = NULL;
    fw_auto(files) struct fw_files files = {0};
    if (!here || !file) {
        return fw_error_oom(err);
    }
    FW_TRY(fw_files_list(here, &files, err));
    if (files.len > 0) {
        fw_report_finding(trial->report, FW_FINDING_WRITES_ELSEWHERE,
                          "it left \"%s\" in the current directory", files.items[0].path);
    }
    if (fw_fs_read(file, &text, NULL, NULL) < 0 || strcmp(text, "ok\n") != 0) {
        fw_report_finding(trial->report, FW_FINDING_WRITES_ELSEWHERE,
                          "the finished output of a neighbouring stage, ../first/out.txt seen from "
                          "its own folder, is not what it was");
    }
    return 0;
}

static int list_inputs(const struct fw_trial *trial, struct fw_str *text, struct fw_error *err)
{
    const cJSON *input, *path;
    cJSON_ArrayForEach(input, cJSON_GetObjectItemCaseSensitive(trial->task, "inputs"))
    {
        cJSON_ArrayForEach(path, cJSON_GetObjectItemCaseSensitive(input, "paths"))
        {
            fw_auto(files) struct fw_files files = {0};
            FW_TRY(fw_files_list(path->valuestring, &files, err));
            for (size_t i = 0; i < files.len; i++) {
                const struct fw_file *file = &files.items[i];
                fw_str_printf(text, "input \"%s\": %s %s: %llu bytes, inode %llu, time %lld\n",
                              fw_json_text(input, "port"), path->valuestring, file->path,
                              (unsigned long long)file->size, (unsigned long long)file->inode,
                              (long long)file->mtime_ns);
            }
        }
    }
    return text->oom ? fw_error_oom(err) : 0;
}

static void judge_inputs(struct fw_trial *trial, const char *before)
{
    fw_auto(str) struct fw_str after = {0};
    struct fw_error err;
    if (list_inputs(trial, &after, &err) < 0) {
        fw_report_finding(trial->report, FW_FINDING_CHANGES_INPUT, "%s", err.text);
    } else if (after.text && strcmp(before, after.text) != 0) {
        size_t at = 0;
        while (before[at] == after.text[at]) {
            at++;
        }
        while (at > 0 && after.text[at - 1] != '\n') {
            at--;
        }
        fw_report_finding(trial->report, FW_FINDING_CHANGES_INPUT, "now %.*s; it was %.*s",
                          (int)strcspn(after.text + at, "\n"), after.text + at,
                          (int)strcspn(before + at, "\n"), before + at);
    }
}

static void judge_changes(struct fw_trial *trial, const cJSON *changed)
{
    static const struct {
        const char *name;
        enum fw_finding finding;
    } kinds[] = {{"folder", FW_FINDING_CHANGES_FOLDER},
                 {"signals", FW_FINDING_CHANGES_SIGNALS},
                 {"environment", FW_FINDING_CHANGES_ENVIRONMENT},
                 {"descriptors", FW_FINDING_CLOSES_DESCRIPTORS}};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (cJSON_HasObjectItem(changed, kinds[i].name)) {
            fw_report_finding(trial->report, kinds[i].finding, "%s",
                              fw_json_text(changed, kinds[i].name));
        }
    }
}

/* A status that is no success: true when it is a defect of its own. */
static bool judge_status(struct fw_trial *trial, const cJSON *facts)
{
    const int status = (int)fw_json_number(facts, "status");
    const char *call = fw_json_text(facts, "call"), *fault = fw_json_text(facts, "fault");
    if (status < FW_E_INTERNAL || status > FW_MORE || (status == FW_MORE && strcmp(call, "step"))) {
        fw_report_finding(trial->report, FW_FINDING_STATUS_UNKNOWN,
                          "%s returned %d, expected 0%s or -1 to %d", call, status,
                          strcmp(call, "step") == 0 ? ", 1" : "", FW_E_INTERNAL);
        return true;
    }
    if (status < 0 && *fault == '\0') {
        fw_report_finding(trial->report, FW_FINDING_FAILS_SILENTLY,
                          "%s returned %d and recorded no fault (%s)", call, status, trial->given);
        return true;
    }
    return false;
}

static void judge_outputs(struct fw_trial *trial, const cJSON *facts, bool whole)
{
    const char *fault = fw_json_text(facts, "output_fault"),
               *text = fw_json_text(facts, "output_text");
    if (strcmp(fault, "missing") == 0) {
        fw_report_finding(trial->report, FW_FINDING_OUTPUT_MISSING, "output \"%s\" (%s)", text,
                          trial->given);
    } else if (strcmp(fault, "empty") == 0) {
        fw_report_finding(trial->report, FW_FINDING_OUTPUT_EMPTY,
                          "output \"%s\" has 0 bytes after %.0f items (%s)", text,
                          fw_json_number(facts, "items"), trial->given);
    } else if (strcmp(fault, "broken") == 0) {
        fw_report_finding(trial->report, FW_FINDING_OUTPUT_BROKEN, "%s (%s)", text, trial->given);
    } else if (whole && fw_json_number(facts, "items") == 0) {
        fw_report_finding(trial->report, FW_FINDING_ZERO_ITEMS,
                          "after %.0f steps `items` is 0 (%s)", fw_json_number(facts, "steps"),
                          trial->given);
    }
}

static void judge_facts(struct fw_trial *trial, const cJSON *facts, bool whole)
{
    const double longest = fw_json_number(facts, "longest_s");
    const int status = (int)fw_json_number(facts, "status");
    if (is_true(facts, "stuck")) {
        fw_report_finding(trial->report, FW_FINDING_NEVER_DONE,
                          "after %.0f steps it still returns FW_MORE, and `done` has not grown for "
                          "the last 1000 of them",
                          fw_json_number(facts, "steps"));
    } else if (longest > FW_CHECK_STEP_S) {
        fw_report_finding(trial->report, FW_FINDING_STEP_TOO_LONG,
                          "the longest of %.0f steps took %.1f s, expected at most %.0f s",
                          fw_json_number(facts, "steps"), longest, FW_CHECK_STEP_S);
    } else if (is_true(facts, "cancelled")) {
        fw_report_left(trial->report, trial->given,
                       "a step did not return within %.0f s (--timeout), but for most of it there "
                       "was no processor for it: this machine is too busy",
                       trial->limit_s);
    } else if (!judge_status(trial, facts) && status == FW_OK) {
        judge_outputs(trial, facts, whole);
    }
}

int fw_judge_load(struct fw_trial *trial, struct fw_error *err)
{
    fw_auto(exercised) struct fw_exercised ex = {0};
    FW_TRY(drive(trial, (struct fw_exercise){.what = "load"}, &ex, err));
    const char *text = fw_json_text(ex.end, "load_error");
    if (*text != '\0') {
        fw_report_finding(trial->report,
                          strstr(text, "undefined symbol") ? FW_FINDING_UNDEFINED_SYMBOL
                                                           : FW_FINDING_NOT_LOADABLE,
                          "%s", text);
    }
    return 0;
}

/* The first of the runs, or what stands for it when there is none. */
static const cJSON *run_of(struct fw_trial *trial, const struct fw_exercised *ex, int i)
{
    const cJSON *facts = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(ex->end, "runs"), i);
    const char *text =
        facts ? fw_json_text(facts, "host_error") : fw_json_text(ex->end, "load_error");
    if (*text != '\0') {
        fw_report_left(trial->report, trial->given, "%s", text);
        return NULL;
    }
    return facts;
}

/* A failure that explains itself is a defect only where nothing was made up. */
static void judge_failure(struct fw_trial *trial, const cJSON *facts, int known,
                          enum fw_verdict *ret_verdict)
{
    const int status = (int)fw_json_number(facts, "status");
    const char *fault = fw_json_text(facts, "fault");
    if (status >= 0 || status < FW_E_INTERNAL || *fault == '\0' || is_true(facts, "cancelled")) {
        return;
    }
    if (!trial->made_up && !(trial->by_default && status == FW_E_CONFIG)) {
        fw_report_finding(trial->report, FW_FINDING_FAILS, "%s: %s", fw_json_text(facts, "call"),
                          fault);
    } else if (fw_report_count_stage(trial->report) == known) {
        *ret_verdict = FW_TRIAL_REFUSED;
        snprintf(trial->refusal, sizeof trial->refusal, "%s fails: %s", fw_json_text(facts, "call"),
                 fault);
    }
}

int fw_judge_run(struct fw_trial *trial, bool whole, enum fw_verdict *ret_verdict,
                 cJSON **ret_facts, struct fw_error *err)
{
    fw_auto(exercised) struct fw_exercised ex = {0};
    fw_auto(str) struct fw_str before = {0};
    const int known = fw_report_count_stage(trial->report);
    *ret_verdict = FW_TRIAL_FOUND;
    FW_TRY(list_inputs(trial, &before, err));
    FW_TRY(drive(trial, (struct fw_exercise){.what = "run"}, &ex, err));
    judge_inputs(trial, before.text ? before.text : "");
    FW_TRY(judge_places(trial, err));
    judge_changes(trial, cJSON_GetObjectItemCaseSensitive(ex.end, "changed"));
    const cJSON *facts = run_of(trial, &ex, 0);
    if (!facts) {
        return 0;
    }
    judge_facts(trial, facts, whole);
    const int status = (int)fw_json_number(facts, "status");
    if (fw_report_count_stage(trial->report) == known && status == FW_OK &&
        !is_true(facts, "cancelled")) {
        *ret_verdict = FW_TRIAL_PASSED;
        *ret_facts = cJSON_Duplicate(facts, true);
        return *ret_facts ? 0 : fw_error_oom(err);
    }
    judge_failure(trial, facts, known, ret_verdict);
    return 0;
}

/* Compares with the first run; `finding` is what another result means. */
static void compare(struct fw_trial *trial, const cJSON *first, const cJSON *facts,
                    enum fw_finding finding)
{
    const bool bitwise = trial->type->determinism == FW_DETERMINISM_BITWISE;
    const int status = (int)fw_json_number(facts, "status");
    if (status != FW_OK) {
        fw_report_finding(trial->report, finding,
                          "%s returned %d where the first run succeeded: %s",
                          fw_json_text(facts, "call"), status, fw_json_text(facts, "fault"));
    } else if (*fw_json_text(facts, "output_fault") != '\0') {
        fw_report_finding(trial->report, finding, "an output is %s: %s",
                          fw_json_text(facts, "output_fault"), fw_json_text(facts, "output_text"));
    } else if (bitwise &&
               strcmp(fw_json_text(first, "outputs"), fw_json_text(facts, "outputs")) != 0) {
        const char *one = fw_json_text(first, "outputs"), *other = fw_json_text(facts, "outputs");
        fw_report_finding(trial->report, finding,
                          "the outputs are \"%.*s\", expected those of the first run: \"%.*s\"",
                          (int)strcspn(other, "\n"), other, (int)strcspn(one, "\n"), one);
    }
}

/* One more exercise whose result has to be that of the first run. */
static int again(struct fw_trial *trial, const cJSON *first, struct fw_exercise exercise,
                 enum fw_finding finding, struct fw_error *err)
{
    fw_auto(exercised) struct fw_exercised ex = {0};
    const cJSON *facts;
    FW_TRY(drive(trial, exercise, &ex, err));
    for (int i = 0; (facts = run_of(trial, &ex, i)); i++) {
        const char *call = fw_json_text(facts, "call");
        if (is_true(facts, "cancelled")) {
            fw_report_left(
                trial->report, exercise.what,
                "a step did not return within %.0f s, where the first run's did: is this "
                "machine too busy? (--timeout)",
                trial->limit_s);
            continue;
        }
        const bool failed = fw_json_number(facts, "status") != FW_OK;
        compare(trial, first, facts,
                failed && strcmp(call, "save") == 0      ? FW_FINDING_SAVE_FAILS
                : failed && strcmp(call, "restore") == 0 ? FW_FINDING_RESTORE_FAILS
                                                         : finding);
    }
    return 0;
}

static int judge_cancel(struct fw_trial *trial, const cJSON *first, struct fw_error *err)
{
    fw_auto(exercised) struct fw_exercised ex = {0};
    const double longest = fw_json_number(first, "longest_s");
    struct fw_exercise exercise = {.what = "cancel",
                                   .cancel_s = longest / 2 > 0.001 ? longest / 2 : 0.001};
    FW_TRY(drive(trial, exercise, &ex, err));
    const cJSON *facts = run_of(trial, &ex, 0);
    const int status = (int)fw_json_number(facts, "status");
    if (!facts) {
        return 0;
    }
    if (fw_json_number(facts, "late_s") > FW_CHECK_CANCEL_S) {
        fw_report_finding(trial->report, FW_FINDING_IGNORES_CANCEL,
                          "a step returned %.1f s after it was cancelled, expected at most %.0f s",
                          fw_json_number(facts, "late_s"), FW_CHECK_CANCEL_S);
    } else if (status < 0 && status != FW_E_CANCELLED) {
        fw_report_finding(trial->report, FW_FINDING_CANCEL_MISANSWERED,
                          "%s returned %d (%s), expected FW_E_CANCELLED (%d), FW_MORE or FW_OK",
                          fw_json_text(facts, "call"), status, fw_json_text(facts, "fault"),
                          FW_E_CANCELLED);
    }
    fw_report_done(trial->report, is_true(facts, "cancelled")
                                      ? "cancelled while it ran"
                                      : "cancel was asked for, but it was done before that");
    return 0;
}

/* Whether each of the last runs left more than the one before. */
static bool grows(const cJSON *holding, const char *name, double *ret_each)
{
    const int n = cJSON_GetArraySize(holding);
    for (int i = WARM; i < n; i++) {
        if (fw_json_number(cJSON_GetArrayItem(holding, i), name) <=
            fw_json_number(cJSON_GetArrayItem(holding, i - 1), name)) {
            return false;
        }
    }
    *ret_each = n <= WARM ? 0
                          : (fw_json_number(cJSON_GetArrayItem(holding, n - 1), name) -
                             fw_json_number(cJSON_GetArrayItem(holding, WARM - 1), name)) /
                                (n - WARM);
    return n > WARM;
}

/* One leak shows in several counts: a thread has a stack, a stream a buffer. The first of this
 * list is the finding. */
static void judge_holding(struct fw_trial *trial, const cJSON *holding)
{
    static const struct {
        const char *name, *unit;
        enum fw_finding finding;
    } kinds[] = {{"threads", "threads", FW_FINDING_LEAKS_THREADS},
                 {"descriptors", "descriptors", FW_FINDING_LEAKS_DESCRIPTORS},
                 {"memory", "bytes of malloc", FW_FINDING_LEAKS_MEMORY},
                 {"mapped", "mapped bytes", FW_FINDING_LEAKS_MAPPINGS}};
    const int n = cJSON_GetArraySize(holding);
    double each;
    if (n < FW_CHECK_REPEATS) {
        fw_report_left(trial->report, "leaks",
                       "only %d runs fit into 45 s, at least 7 are needed; "
                       "give less to do",
                       n);
        return;
    }
    if (fw_json_number(cJSON_GetArrayItem(holding, n - 1), "memory") == 0) {
        fw_report_left(trial->report, "leaks of memory", "malloc is not the C library's here");
    }
    const size_t n_kinds = sizeof kinds / sizeof *kinds;
    size_t first = n_kinds;
    fw_auto(str) struct fw_str all = {0};
    for (size_t i = n_kinds; i-- > 0;) {
        if (grows(holding, kinds[i].name, &each)) {
            fw_str_printf(&all, "%s%.0f %s", first < n_kinds ? " and " : "", each, kinds[i].unit);
            first = i;
        }
    }
    if (first < n_kinds) {
        fw_report_finding(trial->report, kinds[first].finding,
                          "each of the last %d of %d runs left %s more on average, expected none",
                          n - WARM, n, all.text ? all.text : "");
    }
}

static int judge_leaks(struct fw_trial *trial, const cJSON *first, struct fw_error *err)
{
    fw_auto(exercised) struct fw_exercised ex = {0};
    FW_TRY(drive(trial, (struct fw_exercise){.what = "repeat"}, &ex, err));
    const cJSON *facts = run_of(trial, &ex, 0);
    if (facts && !is_true(facts, "cancelled")) {
        compare(trial, first, facts, FW_FINDING_SHARES_STATE);
        judge_holding(trial, cJSON_GetObjectItemCaseSensitive(ex.end, "holding"));
    }
    fw_report_done(trial->report, "many instances one after another: output, leaks of memory, "
                                  "mappings, descriptors, threads");
    return 0;
}

static int judge_state(struct fw_trial *trial, const cJSON *first, struct fw_error *err)
{
    if (!(trial->type->caps & FW_CAP_CHECKPOINT)) {
        return 0;
    }
    if (fw_json_number(first, "steps") < 2) {
        fw_report_left(trial->report, "save and restore",
                       "it was done in one step; give it more to do, with --set or a pipeline");
        return 0;
    }
    FW_TRY(again(trial, first, (struct fw_exercise){.what = "save"}, FW_FINDING_SAVE_HARMS, err));
    FW_TRY(again(trial, first, (struct fw_exercise){.what = "resume"},
                 FW_FINDING_RESTORES_OTHERWISE, err));
    fw_report_done(trial->report, "saved, and restored into a new instance, between all steps");
    return 0;
}

int fw_judge_rest(struct fw_trial *trial, const cJSON *facts, struct fw_error *err)
{
    fw_auto(exercised) struct fw_exercised ex = {0};
    const int known = fw_report_count_stage(trial->report);
    FW_TRY(again(trial, facts, (struct fw_exercise){.what = "run"}, FW_FINDING_NOT_DETERMINISTIC,
                 err));
    if (fw_report_count_stage(trial->report) == known) {
        FW_TRY(again(trial, facts, (struct fw_exercise){.what = "run", .threads = 1},
                     FW_FINDING_THREADS_MATTER, err));
        FW_TRY(again(trial, facts, (struct fw_exercise){.what = "pair"}, FW_FINDING_SHARES_STATE,
                     err));
    }
    fw_report_done(trial->report, trial->type->determinism == FW_DETERMINISM_BITWISE
                                      ? "a second run, one thread, two instances at once: bytes"
                                      : "a second run, one thread, two instances at once: success; "
                                        "bytes are not compared, it does not declare bitwise");
    /* What follows is compared with runs that must be alike. */
    if (fw_report_count_stage(trial->report) == known) {
        FW_TRY(drive(trial, (struct fw_exercise){.what = "abandon"}, &ex, err));
        FW_TRY(judge_state(trial, facts, err));
        FW_TRY(judge_cancel(trial, facts, err));
    }
    return fw_report_count_stage(trial->report) == known ? judge_leaks(trial, facts, err) : 0;
}

/* SPDX-License-Identifier: MIT */
#include "finding.h"

#include <stdarg.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "base/str.h"
#include "cli/print.h"

static const struct {
    const char *name, *meaning, *remedy;
} table[FW_N_FINDINGS] = {
    [FW_FINDING_UNREADABLE] = {"unreadable",
                               "the file is no whole shared object of this machine (exit 4)",
                               "build it anew, for this machine, and copy all of it"},
    [FW_FINDING_NO_SYMBOL] = {"no-symbol", "it does not export `fw_plugin_v1`",
                              "define the plugin with FW_PLUGIN of fw/plugin.h, once"},
    [FW_FINDING_NO_NOTE] = {"no-note", "it has no ELF note `.note.fwrun`",
                            "define the plugin with FW_PLUGIN, which writes the note too"},
    [FW_FINDING_NOTE_DIFFERS] = {"note-differs", "note and symbol say different things",
                                 "let FW_PLUGIN write both, and link one plugin into one file"},
    [FW_FINDING_OTHER_ABI] = {"other-abi", "it was built against another plugin interface",
                              "rebuild it with the SDK headers of this fwrun"},
    [FW_FINDING_DESCRIPTOR] = {"bad-descriptor", "its description of itself makes no sense",
                               "mend the description as the sentence says"},
    [FW_FINDING_EXPORTS] = {"exports-more", "it exports symbols besides `fw_plugin_v1`",
                            "compile with -fvisibility=hidden, make functions static"},
    [FW_FINDING_BINDS_LAZILY] = {"binds-lazily",
                                 "it is not linked to resolve all of its symbols when it is loaded",
                                 "link with -Wl,-z,now (and -Wl,-z,defs)"},
    [FW_FINDING_TEXT_RELOCATIONS] = {"text-relocations", "loading it has to write into its code",
                                     "compile all of it with -fPIC"},
    [FW_FINDING_EXECUTABLE_STACK] = {"executable-stack", "it asks for an executable stack",
                                     "link with -Wl,-z,noexecstack; no nested functions, and a "
                                     ".note.GNU-stack in assembly"},
    [FW_FINDING_UNIQUE_SYMBOLS] = {"unique-symbols",
                                   "it defines symbols of type GNU_UNIQUE and so never unloads",
                                   "compile with -fno-gnu-unique, or hide inline statics"},
    [FW_FINDING_CONSTRUCTORS] = {"constructors", "code of it runs while it is loaded and unloaded",
                                 "no constructors or global objects: work begins in create()"},
    [FW_FINDING_RUN_PATH] = {"run-path",
                             "its run path has an entry that is empty, relative or open to all",
                             "use absolute folders or $ORIGIN that only their owner can write"},
    [FW_FINDING_MISSING_LIBRARY] = {"missing-library",
                                    "a library that it links to is not on this machine",
                                    "install the library, or link it into the plugin"},
    [FW_FINDING_STAGE_TAKEN] = {"stage-name-taken",
                                "another plugin of the search path has a stage of the same name",
                                "rename the stage, or take one of the two out of the path"},
    [FW_FINDING_UNDEFINED_SYMBOL] = {"undefined-symbol", "it calls something that is nowhere",
                                     "link what defines it; -Wl,-z,defs finds it when linking"},
    [FW_FINDING_NOT_LOADABLE] = {"not-loadable", "the dynamic linker refuses it",
                                 "mend what the linker says"},
    [FW_FINDING_LOAD_CRASHES] = {"load-crashes", "it crashes while it is loaded or unloaded",
                                 "no constructors: work begins in create()"},
    [FW_FINDING_LOAD_EXITS] = {"load-exits", "it ends the process while it is loaded",
                               "no constructors, and no exit() anywhere"},
    [FW_FINDING_LOAD_HANGS] = {"load-hangs", "loading it does not come to an end",
                               "no constructors: work begins in create()"},
    [FW_FINDING_CREATE_CRASHES] = {"create-crashes", "create() crashes",
                                   "run the stage under a debugger or a sanitizer"},
    [FW_FINDING_STEP_CRASHES] = {"step-crashes", "step() crashes, or aborts",
                                 "run the stage under a debugger or a sanitizer"},
    [FW_FINDING_STATE_CRASHES] = {"state-crashes", "save() or restore() crashes",
                                  "run the stage under a debugger or a sanitizer"},
    [FW_FINDING_DESTROY_CRASHES] = {"destroy-crashes", "destroy() crashes",
                                    "destroy() has to free the instance in whatever state it is"},
    [FW_FINDING_EXITS] = {"exits", "a call ends the process",
                          "return a negative status with a fault instead of calling exit()"},
    [FW_FINDING_HANGS] = {"hangs", "create, save, restore or destroy does not return",
                          "long work belongs into step()"},
    [FW_FINDING_STEP_HANGS] = {"step-hangs",
                               "step() neither returns nor reports anything nor answers cancel",
                               "do bounded work in a step and ask fw.cancel/1 every 50 ms"},
    [FW_FINDING_IGNORES_CANCEL] = {"ignores-cancel",
                                   "step() does not return within a second of being cancelled",
                                   "ask fw.cancel/1 every 50 ms and answer FW_E_CANCELLED"},
    [FW_FINDING_STEP_TOO_LONG] = {"step-too-long", "a step takes more than two seconds",
                                  "do less in a step: a batch, a part, a chunk"},
    [FW_FINDING_NEVER_DONE] = {"never-done",
                               "step() always wants one more, and `done` does not grow",
                               "return FW_OK when all is written, and count `done` up"},
    [FW_FINDING_FAILS] = {"fails",
                          "it fails although everything that it was given comes from the user or "
                          "its own defaults",
                          "mend the stage, or give what it needs with --set or a pipeline"},
    [FW_FINDING_FAILS_SILENTLY] = {"fails-silently", "a call fails without a fault",
                                   "return host->fail(host, status, &fault) with what and where"},
    [FW_FINDING_STATUS_UNKNOWN] = {"status-unknown",
                                   "a call returns a status that the SDK does not have",
                                   "return FW_OK, FW_MORE (step) or a class of fw/status.h"},
    [FW_FINDING_ZERO_ITEMS] = {"zero-items", "it is done and says that it processed nothing",
                               "count `items` up in step()"},
    [FW_FINDING_OUTPUT_MISSING] = {"output-missing", "it is done and an output is not there",
                                   "write every output that is not optional before FW_OK"},
    [FW_FINDING_OUTPUT_EMPTY] = {"output-empty", "it is done and an output has no bytes",
                                 "write it, or declare the port FW_PORT_MAY_BE_EMPTY"},
    [FW_FINDING_OUTPUT_BROKEN] = {"output-broken",
                                  "it is done and an output is not what its name says",
                                  "close and check every file before FW_OK"},
    [FW_FINDING_PRINTS] = {"prints-to-stdout", "it prints to stdout",
                           "stdout belongs to fwrun: say it through fw.log/1"},
    [FW_FINDING_CHANGES_FOLDER] = {"changes-folder", "it changes the current directory",
                                   "use the absolute paths of the task"},
    [FW_FINDING_CHANGES_SIGNALS] = {"changes-signals",
                                    "it changes signal handlers or the signal mask",
                                    "leave signals to the host; fw.cancel/1 says when to stop"},
    [FW_FINDING_CHANGES_ENVIRONMENT] = {"changes-environment", "it changes the environment",
                                        "pass settings as arguments; setenv is not thread-safe"},
    [FW_FINDING_CLOSES_DESCRIPTORS] = {"closes-descriptors",
                                       "it closes descriptors that it did not open",
                                       "close only what the instance itself opened, once"},
    [FW_FINDING_CHANGES_INPUT] = {"changes-input",
                                  "it writes into a file that it was given to read",
                                  "open inputs for reading only"},
    [FW_FINDING_WRITES_ELSEWHERE] = {"writes-elsewhere",
                                     "it leaves or changes files outside of its outputs",
                                     "write outputs to their paths, scratch files into fw.tmp/1"},
    [FW_FINDING_LEAVES_PROCESS] = {"leaves-process", "processes that it started outlive it",
                                   "end and wait for children in destroy()"},
    [FW_FINDING_NOT_DETERMINISTIC] = {"not-deterministic",
                                      "declared bitwise, and two runs wrote different bytes",
                                      "no times, addresses or random numbers but fw.rng/1's; or "
                                      "declare less"},
    [FW_FINDING_THREADS_MATTER] = {"threads-matter",
                                   "declared bitwise, and the bytes depend on the thread count",
                                   "put results in order before writing; or declare less"},
    [FW_FINDING_SHARES_STATE] = {"shares-state",
                                 "an instance changes what another one writes or how it ends",
                                 "keep everything in the instance, nothing in globals"},
    [FW_FINDING_SAVE_FAILS] = {"save-fails", "save() fails between two steps",
                               "save() has to work at every step boundary, or drop "
                               "FW_CAP_CHECKPOINT"},
    [FW_FINDING_SAVE_HARMS] = {"save-harms", "the output is another one when save() was called",
                               "save() only looks: the instance goes on unharmed"},
    [FW_FINDING_RESTORE_FAILS] = {"restore-fails", "restore() refuses what save() just gave",
                                  "read back what save() wrote, of the same version"},
    [FW_FINDING_RESTORES_OTHERWISE] = {"restores-otherwise",
                                       "the output is another one after save and restore",
                                       "save all of the state, and go on in the partial output"},
    [FW_FINDING_CANCEL_MISANSWERED] = {"cancel-misanswered",
                                       "a cancelled step fails as if something were wrong",
                                       "answer FW_E_CANCELLED when the host asked to stop"},
    [FW_FINDING_LEAKS_THREADS] =
        {"leaks-threads", "each run leaves threads behind",
         "join every thread in destroy(); release streams, whose engine may have threads"},
    [FW_FINDING_LEAKS_DESCRIPTORS] = {"leaks-descriptors", "each run leaves descriptors open",
                                      "close every descriptor in destroy()"},
    [FW_FINDING_LEAKS_MEMORY] = {"leaks-memory", "each run leaves memory allocated",
                                 "free all in destroy(), release Arrow arrays and streams"},
    [FW_FINDING_LEAKS_MAPPINGS] = {"leaks-mappings", "each run leaves memory mapped",
                                   "munmap every mapping in destroy()"},
};

int fw_report_begin(struct fw_report *report, const char *path, struct fw_error *err)
{
    report->json = cJSON_CreateObject();
    report->findings = cJSON_CreateArray();
    report->done = cJSON_CreateArray();
    report->left = cJSON_CreateArray();
    const bool good = cJSON_AddStringToObject(report->json, "plugin", path) != NULL;
    return cJSON_AddItemToObject(report->json, "findings", report->findings) &&
                   cJSON_AddItemToObject(report->json, "exercised", report->done) &&
                   cJSON_AddItemToObject(report->json, "not_exercised", report->left) && good
               ? 0
               : fw_error_oom(err);
}

static cJSON *entry(const struct fw_report *report, cJSON *list)
{
    cJSON *item = cJSON_CreateObject();
    cJSON_AddItemToArray(list, item);
    if (report->stage) {
        cJSON_AddStringToObject(item, "stage", report->stage);
    }
    return item;
}

static bool of_stage(const struct fw_report *report, const cJSON *item)
{
    return strcmp(fw_json_text(item, "stage"), report->stage ? report->stage : "") == 0;
}

void fw_report_finding(struct fw_report *report, enum fw_finding finding, const char *fmt, ...)
{
    char text[2048];
    const cJSON *known;
    cJSON_ArrayForEach(known, report->findings)
    {
        if (of_stage(report, known) &&
            strcmp(fw_json_text(known, "name"), table[finding].name) == 0) {
            return;
        }
    }
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    cJSON *item = entry(report, report->findings);
    cJSON_AddStringToObject(item, "name", table[finding].name);
    cJSON_AddStringToObject(item, "text", text);
    cJSON_AddStringToObject(item, "remedy", table[finding].remedy);
}

void fw_report_done(struct fw_report *report, const char *what)
{
    cJSON_AddStringToObject(entry(report, report->done), "what", what);
}

void fw_report_left(struct fw_report *report, const char *what, const char *fmt, ...)
{
    char text[2048];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    cJSON *item = entry(report, report->left);
    cJSON_AddStringToObject(item, "what", what);
    cJSON_AddStringToObject(item, "why", text);
}

int fw_report_count(const struct fw_report *report)
{
    return cJSON_GetArraySize(report->findings);
}

int fw_report_count_stage(const struct fw_report *report)
{
    int n = 0;
    const cJSON *item;
    cJSON_ArrayForEach(item, report->findings)
    {
        n += of_stage(report, item);
    }
    return n;
}

int fw_report_count_load(const struct fw_report *report)
{
    static const enum fw_finding kinds[] = {FW_FINDING_UNDEFINED_SYMBOL, FW_FINDING_NOT_LOADABLE,
                                            FW_FINDING_LOAD_CRASHES, FW_FINDING_LOAD_EXITS,
                                            FW_FINDING_LOAD_HANGS};
    int n = 0;
    const cJSON *item;
    cJSON_ArrayForEach(item, report->findings)
    {
        for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
            n += strcmp(fw_json_text(item, "name"), table[kinds[i]].name) == 0;
        }
    }
    return n;
}

static void print_list(const cJSON *list, const char *head, const char *name, const char *text)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, list)
    {
        const char *stage = fw_json_text(item, "stage");
        printf("%-14s %s%s%s", head, stage, *stage ? ": " : "", fw_json_text(item, name));
        printf("%s%s\n", text ? ": " : "", text ? fw_json_text(item, text) : "");
        if (cJSON_HasObjectItem(item, "remedy")) {
            printf("%-14s to mend it: %s\n", "", fw_json_text(item, "remedy"));
        }
    }
}

int fw_report_print(const struct fw_report *report, bool json, struct fw_error *err)
{
    const int n = fw_report_count(report), left = cJSON_GetArraySize(report->left);
    cJSON_AddBoolToObject(report->json, "ok", n == 0);
    if (json) {
        const int code = fw_print_json(report->json, err);
        if (code != 0) {
            return code;
        }
    } else {
        print_list(report->done, "exercised", "what", NULL);
        print_list(report->left, "NOT EXERCISED", "what", "why");
        print_list(report->findings, "FINDING", "name", "text");
        printf("%s: %d finding%s, %d exercised, %d not exercised\n",
               fw_json_text(report->json, "plugin"), n, n == 1 ? "" : "s",
               cJSON_GetArraySize(report->done), left);
    }
    return n == 0 ? 0
                  : (fw_error_set(err, FW_EXIT_CHECK, "%s: %d finding%s",
                                  fw_json_text(report->json, "plugin"), n, n == 1 ? "" : "s"),
                     FW_EXIT_CHECK);
}

int fw_finding_print_all(void)
{
    printf("| finding | what is wrong | how to mend it |\n|---|---|---|\n");
    for (size_t i = 0; i < FW_N_FINDINGS; i++) {
        printf("| `%s` | %s | %s |\n", table[i].name, table[i].meaning, table[i].remedy);
    }
    return fflush(stdout) == 0 ? 0 : FW_EXIT_FAILED;
}

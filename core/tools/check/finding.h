/* SPDX-License-Identifier: MIT */
#ifndef FW_CHECK_FINDING_H
#define FW_CHECK_FINDING_H

#include <stddef.h>

#include <cjson/cJSON.h>
#include <stdbool.h>

#include "base/error.h"

/*
 * Everything that can be wrong with a plugin, by a short name that stays, and the report that is
 * made of it. The table in finding.c is the only list there is: the documentation is printed from
 * it.
 */
enum fw_finding {
    FW_FINDING_UNREADABLE,
    FW_FINDING_NO_SYMBOL,
    FW_FINDING_NO_NOTE,
    FW_FINDING_NOTE_DIFFERS,
    FW_FINDING_OTHER_ABI,
    FW_FINDING_DESCRIPTOR,
    FW_FINDING_EXPORTS,
    FW_FINDING_BINDS_LAZILY,
    FW_FINDING_TEXT_RELOCATIONS,
    FW_FINDING_EXECUTABLE_STACK,
    FW_FINDING_UNIQUE_SYMBOLS,
    FW_FINDING_CONSTRUCTORS,
    FW_FINDING_RUN_PATH,
    FW_FINDING_MISSING_LIBRARY,
    FW_FINDING_STAGE_TAKEN,
    FW_FINDING_UNDEFINED_SYMBOL,
    FW_FINDING_NOT_LOADABLE,
    FW_FINDING_LOAD_CRASHES,
    FW_FINDING_LOAD_EXITS,
    FW_FINDING_LOAD_HANGS,
    FW_FINDING_CREATE_CRASHES,
    FW_FINDING_STEP_CRASHES,
    FW_FINDING_STATE_CRASHES,
    FW_FINDING_DESTROY_CRASHES,
    FW_FINDING_EXITS,
    FW_FINDING_HANGS,
    FW_FINDING_STEP_HANGS,
    FW_FINDING_IGNORES_CANCEL,
    FW_FINDING_STEP_TOO_LONG,
    FW_FINDING_NEVER_DONE,
    FW_FINDING_FAILS,
    FW_FINDING_FAILS_SILENTLY,
    FW_FINDING_STATUS_UNKNOWN,
    FW_FINDING_ZERO_ITEMS,
    FW_FINDING_OUTPUT_MISSING,
    FW_FINDING_OUTPUT_EMPTY,
    FW_FINDING_OUTPUT_BROKEN,
    FW_FINDING_PRINTS,
    FW_FINDING_CHANGES_FOLDER,
    FW_FINDING_CHANGES_SIGNALS,
    FW_FINDING_CHANGES_ENVIRONMENT,
    FW_FINDING_CLOSES_DESCRIPTORS,
    FW_FINDING_CHANGES_INPUT,
    FW_FINDING_WRITES_ELSEWHERE,
    FW_FINDING_LEAVES_PROCESS,
    FW_FINDING_NOT_DETERMINISTIC,
    FW_FINDING_THREADS_MATTER,
    FW_FINDING_SHARES_STATE,
    FW_FINDING_SAVE_FAILS,
    FW_FINDING_SAVE_HARMS,
    FW_FINDING_RESTORE_FAILS,
    FW_FINDING_RESTORES_OTHERWISE,
    FW_FINDING_CANCEL_MISANSWERED,
    FW_FINDING_LEAKS_THREADS,
    FW_FINDING_LEAKS_DESCRIPTORS,
    FW_FINDING_LEAKS_MEMORY,
    FW_FINDING_LEAKS_MAPPINGS,
    FW_N_FINDINGS
};

/* What is known about one plugin so far. Zero-initialise, then fw_report_begin. */
struct fw_report {
    cJSON *json;
    cJSON *findings;   /* [{stage, name, text, remedy}] */
    cJSON *done;       /* [{stage, what}]: what was exercised and looked at */
    cJSON *left;       /* [{stage, what, why}]: what was not, which is no proof of anything */
    const char *stage; /* of what is added now; NULL: the file as a whole */
};

int fw_report_begin(struct fw_report *report, const char *path, struct fw_error *err);

/* One sentence with what was found and what was expected. The same finding about the same stage
 * stands there once: the first is the one to mend. */
void fw_report_finding(struct fw_report *report, enum fw_finding finding, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void fw_report_done(struct fw_report *report, const char *what);
void fw_report_left(struct fw_report *report, const char *what, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* How many findings there are; of the stage in hand; that say it cannot be loaded. */
int fw_report_count(const struct fw_report *report);
int fw_report_count_stage(const struct fw_report *report);
int fw_report_count_load(const struct fw_report *report);

/* On stdout: for a person, or the document. Returns the exit code. */
int fw_report_print(const struct fw_report *report, bool json, struct fw_error *err);

/* The table of all findings as Markdown, on stdout. Returns the exit code. */
int fw_finding_print_all(void);

static inline void fw_cleanup_report(struct fw_report *report)
{
    cJSON_Delete(report->json);
}

#endif

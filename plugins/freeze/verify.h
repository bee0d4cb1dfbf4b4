/* SPDX-License-Identifier: MIT */
#ifndef FREEZE_VERIFY_H
#define FREEZE_VERIFY_H

#include "freeze.h"
#include "sql/text.h"

/** One instance of the stage verify_freeze. */
struct verify {
    const struct fw_host *host;
    const struct fw_task *task;
    const char *pointer_path;
    char *root; /**< what the pointer's paths are relative to, absolute */
    cJSON *pointer;
    cJSON *checks;  /**< {check, path, passed, fails} each */
    cJSON *current; /**< the fails of the check at hand */
    struct fw_report report;
};

/** Says why the check at hand does not pass. */
__attribute__((format(printf, 2, 3))) void verify_fail(struct verify *verify, const char *format,
                                                       ...);

/** A path of the pointer, "offers_core_daily", "dir"; NULL when it has none. */
const char *verify_path(const struct verify *verify, const char *entry, const char *member);

/** The same below the root, appended to a text. */
void verify_append(const struct verify *verify, const char *path, struct fw_text *text);

/* verify_pointer.c, verify_reports.c: each one check */

void verify_names(struct verify *verify);
void verify_paths(struct verify *verify);

/** The product's manifest is the one that was frozen, and its files have the recorded sizes. */
fw_status verify_product(struct verify *verify, const char *entry, const char *member);

void verify_columns(struct verify *verify, const cJSON *report);
void verify_cardinality(struct verify *verify, const cJSON *report);
void verify_candidates(struct verify *verify, const cJSON *report);
void verify_offer_day(struct verify *verify, const cJSON *report);

#endif

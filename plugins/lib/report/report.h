/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_REPORT_REPORT_H
#define FW_LIB_REPORT_REPORT_H

#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>
#include <stdbool.h>

#include <fw/host.h>

/**
 * What an audit found: facts, and why it does not pass. JSON and Markdown are made of the same
 * facts. Zero-initialise with a title; finish frees. A failed allocation shows in `failed`, so that
 * a chain of facts needs one check, which fw_report_write makes. [stage thread]
 */
struct fw_report {
    const char *title; /**< borrowed: of the Markdown */
    cJSON *facts;      /**< an object, in the order said */
    cJSON *reasons;    /**< texts: why the gate does not pass */
    bool failed;
};

void fw_report_finish(struct fw_report *report);

/** Adds a fact and takes the value; NULL stands for one that could not be allocated. */
void fw_report_add(struct fw_report *report, const char *name, cJSON *value);
void fw_report_int(struct fw_report *report, const char *name, int64_t value);
void fw_report_real(struct fw_report *report, const char *name, double value);
void fw_report_bool(struct fw_report *report, const char *name, bool value);
/** NULL is null. */
void fw_report_text(struct fw_report *report, const char *name, const char *value);

/** Adds a reason for which the gate does not pass; one sentence. */
__attribute__((format(printf, 2, 3))) void fw_report_fail(struct fw_report *report,
                                                          const char *format, ...);

/** Whether no reason was given. */
bool fw_report_passed(const struct fw_report *report);

/** The reasons as one line, "" when there are none; the caller frees. NULL: out of memory. */
char *fw_report_reasons(const struct fw_report *report);

/**
 * Adds `gate_passed` and `fail_reasons` and writes both files; `markdown` may be NULL. The JSON has
 * its keys sorted, so equal facts are equal bytes. Called once, at the end.
 */
fw_status fw_report_write(struct fw_report *report, const struct fw_host *host, const char *json,
                          const char *markdown);

/**
 * Gives the gate's verdict through fw.gate/1, which the stage requires: the reasons when it does
 * not pass, and the sentence `figures` when it does. Said by the last step.
 */
fw_status fw_report_verdict(const struct fw_report *report, const struct fw_host *host,
                            const char *gate, const char *figures);

/** Like fw_report_write, for a document that is no gate's: without these two facts. */
fw_status fw_report_write_facts(const struct fw_report *report, const struct fw_host *host,
                                const char *json, const char *markdown);

/** Sets each fact as a field of the stage's MANIFEST.json (fw.artifact/1). */
fw_status fw_report_fields(const struct fw_report *report, const struct fw_host *host);

#endif

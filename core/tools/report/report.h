/* SPDX-License-Identifier: MIT */
#ifndef FW_TOOLS_REPORT_REPORT_H
#define FW_TOOLS_REPORT_REPORT_H

#include <cjson/cJSON.h>

#include "base/error.h"
#include "base/str.h"

/* Parts of the page, made from the document of struct fw_view. */

/* A bar per attempt over the time of the run, and its peak against its budget. */
void report_timeline(struct fw_str *page, const cJSON *document);

/* What is recorded in MANIFEST.json of its steps, and of its outputs. */
void report_steps(struct fw_str *page, const cJSON *manifest);
void report_outputs(struct fw_str *page, const char *run_dir, const char *stage,
                    const cJSON *outputs);

/* What is recorded of one stage: `stage` of the document, `planned` of plan.json (or NULL). */
int report_stage(struct fw_str *page, const char *run_dir, const cJSON *stage, const cJSON *planned,
                 struct fw_error *err);

#endif

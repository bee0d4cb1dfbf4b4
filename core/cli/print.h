/* SPDX-License-Identifier: MIT */
#ifndef FW_CORE_CLI_PRINT_H
#define FW_CORE_CLI_PRINT_H

#include <stdint.h>

#include <cjson/cJSON.h>

#include "base/error.h"
#include "graph/plan.h"

/* A document on stdout, indented. Returns the exit code: 0, or that of `err`. */
int fw_print_json(const cJSON *json, struct fw_error *err);

/* The plan on stdout, as a table or as a document. Returns the exit code. */
int fw_print_plan(const struct fw_plan *plan, bool json, struct fw_error *err);

/* "1.2 GiB"; "3.4 s", "12m05s". */
void fw_print_bytes(uint64_t bytes, char ret_text[32]);
void fw_print_seconds(double seconds, char ret_text[32]);

#endif

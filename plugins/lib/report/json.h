/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_REPORT_JSON_H
#define FW_LIB_REPORT_JSON_H

#include <stdint.h>

#include <cjson/cJSON.h>

#include "sql/text.h"

/** An integer node that keeps all its digits; NULL when out of memory. */
cJSON *fw_json_int(int64_t value);

/** Appends a scalar as canonical JSON. */
void fw_json_scalar(struct fw_text *text, const cJSON *node);

/**
 * Appends a tree with its keys sorted by code point at every level, scalars as canonical JSON,
 * indented by two spaces: what json.dumps(tree, sort_keys=True, indent=2) gives in Python.
 */
void fw_json_append(struct fw_text *text, const cJSON *tree);

#endif

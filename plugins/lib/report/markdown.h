/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_REPORT_MARKDOWN_H
#define FW_LIB_REPORT_MARKDOWN_H

#include <cjson/cJSON.h>

#include "sql/text.h"

/** Appends a text as part of a table's cell: column marks escaped, control characters as blanks. */
void fw_markdown_cell(struct fw_text *text, const char *string);

/**
 * Appends a page: the title, a table of the facts that are single values, those of objects as
 * outer.inner, then a section for each list: objects as a table whose columns are the first one's
 * members, anything else as bullets.
 */
void fw_markdown_append(struct fw_text *text, const char *title, const cJSON *facts);

#endif

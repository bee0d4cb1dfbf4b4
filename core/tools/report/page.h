/* SPDX-License-Identifier: MIT */
#ifndef FW_TOOLS_REPORT_PAGE_H
#define FW_TOOLS_REPORT_PAGE_H

#include <cjson/cJSON.h>

#include "base/str.h"

/* The pieces of the page. All texts are escaped here and nowhere else. */

void page_begin(struct fw_str *page, const char *title);
void page_end(struct fw_str *page);

/* A text as character data or as an attribute's value. */
void page_text(struct fw_str *page, const char *text);

/* <TAG CLASS>text</TAG>; no class if NULL. */
void page_element(struct fw_str *page, const char *tag, const char *class, const char *text);

/* A row of two cells, a name and a value; no row for an empty value. */
void page_fact(struct fw_str *page, const char *name, const char *value);

/* A cell with a number of bytes; an empty one for 0. */
void page_bytes(struct fw_str *page, double bytes);

/* A JSON value as a person writes it: strings without quotes, lists joined, nothing for null. The
 * caller's to free.
 */
char *page_value(const cJSON *value);

#endif

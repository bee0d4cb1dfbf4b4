/* SPDX-License-Identifier: MIT */
#ifndef FW_BENCH_TABLE_H
#define FW_BENCH_TABLE_H

#include <cjson/cJSON.h>

/* What a person sees of a result (summary.h), on stdout. */
void fw_table_print(const cJSON *result);

/* "31.2 ms" */
enum { FW_TABLE_CELL = 32 };
void fw_table_time(double microseconds, char ret_text[FW_TABLE_CELL]);

/* The sentences below it: noise, outliers, verdicts, history. */
void fw_words_print(const cJSON *result);

#endif

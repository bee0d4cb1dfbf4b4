/* SPDX-License-Identifier: MIT */
#ifndef FW_BENCH_HISTORY_H
#define FW_BENCH_HISTORY_H

#include <cjson/cJSON.h>

#include "base/error.h"

/*
 * All results of a host, one JSON document a line, in RUN_ROOT/.bench/FINGERPRINT.jsonl. A line
 * that cannot be read is said on stderr and passed over.
 */

/* Adds "history" to each stage of `result` that has been measured before on the same data, in the
 * same way: how many of the latest 100 results there are, their median, where this one stands. */
int fw_history_look(const char *path, const cJSON *result, struct fw_error *err);

/* Appends the result at once: two programs that end together do not mix their lines. */
int fw_history_add(const char *path, const cJSON *result, struct fw_error *err);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef FW_BENCH_DOCUMENT_H
#define FW_BENCH_DOCUMENT_H

#include <cjson/cJSON.h>

#include "host.h"
#include "lab.h"
#include "options.h"

/* A result as a whole (docs/reference/bench.md): what it was made with and on, then "stages". */
cJSON *fw_document_create(const struct fw_lab *lab, const struct fw_bench_options *options,
                          const struct fw_bench_host *host, struct fw_error *err);

/* The lines above the table. */
void fw_document_print_head(const cJSON *result);

/* Writes RUN_ROOT/.bench/NAME/TIME.json and adds a line to the host's history, once its part in
 * that is known. *ret_path is the caller's to free. */
int fw_document_keep(const struct fw_lab *lab, cJSON *result, char **ret_path,
                     struct fw_error *err);

/* An earlier result, for --vs. FW_EXIT_USAGE when the file is none. */
int fw_document_load(const char *path, cJSON **ret_result, struct fw_error *err);

/* The stage of a result, or NULL. */
cJSON *fw_document_stage(const cJSON *result, const char *name);

#endif

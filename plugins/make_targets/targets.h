/* SPDX-License-Identifier: MIT */
#ifndef MAKE_TARGETS_TARGETS_H
#define MAKE_TARGETS_TARGETS_H

#include <stdbool.h>

#include <fw/stage.h>

#include "source/source.h"

enum { TARGETS_HORIZONS_MAX = 32 };

/** One instance of the stage. */
struct targets {
    const struct fw_host *host;
    const struct fw_task *task;
    struct fw_sql_handle sql;
    struct fw_source *data;
    int64_t context;
    int64_t horizons[TARGETS_HORIZONS_MAX]; /**< ascending */
    size_t n_horizons;
    int64_t n_rows;
    struct fw_text load, write;
    bool is_loaded;
    struct fw_sql_job *job;
};

/* rows.c */

/** Makes the statement that loads the rows in the order of days. */
fw_status targets_load(struct targets *targets);

/** Once they are loaded: refuses what has no label, then makes the statement that writes. */
fw_status targets_check(struct targets *targets);

/** What MANIFEST.json says; after the output is written. */
fw_status targets_manifest(const struct targets *targets);

extern const struct fw_stage make_targets_stage;

#endif

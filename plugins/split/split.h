/* SPDX-License-Identifier: MIT */
#ifndef SPLIT_SPLIT_H
#define SPLIT_SPLIT_H

#include <stdbool.h>

#include <fw/stage.h>

#include "source/source.h"

enum { SPLIT_REGIONS = 3 };
extern const char *const split_names[SPLIT_REGIONS];

/** Rows of the data, [from, to), and the day that the region begins on. */
struct split_region {
    int64_t from, to;
    char first_day[16]; /**< "" for the first region */
};

/** One instance of the stage. */
struct split {
    const struct fw_host *host;
    const struct fw_task *task;
    struct fw_sql_handle sql;
    struct fw_source *targets;
    struct split_region regions[SPLIT_REGIONS];
    struct fw_text load, write;
    bool is_loaded;
    int64_t n_targets;
    struct fw_sql_job *job;
};

/* regions.c */

/** Makes the statement that loads the targets. */
fw_status split_load(struct split *split);

/** Once they are loaded: finds the regions, then makes the statement that writes. */
fw_status split_place(struct split *split);

/** Refuses a region without samples, and says what MANIFEST.json has to say. */
fw_status split_manifest(const struct split *split);

extern const struct fw_stage split_stage;

#endif

/* SPDX-License-Identifier: MIT */
#ifndef SNAPSHOT_SETTINGS_H
#define SNAPSHOT_SETTINGS_H

#include <stdbool.h>

#include <fw/param.h>
#include <fw/task.h>

/** The stage's parameter table. */
enum { SNAPSHOT_N_PARAMS = 16 };
extern const struct fw_param snapshot_params[SNAPSHOT_N_PARAMS];

/** A list of texts; names NULL and n 0 when the list is not given. */
struct snapshot_names {
    const char *const *names;
    size_t n;
};

/** The parameters of one task. Strings are the task's. */
struct snapshot_settings {
    const char *platform_column;
    const char *offer_column;
    const char *snapshot_column;
    const char *day_column;
    const char *time_column;
    const char *processed_column;
    struct snapshot_names columns;
    struct snapshot_names can_drop;
    int64_t limit_rows; /**< 0: all */
    int64_t chunk_rows; /**< 0: the stage chooses */
    int64_t part_rows;
    bool compat;
    const char *csv_delimiter; /**< NULL: by the file's name */
    const char *csv_quote;     /**< NULL: '"'; "": none */
    const char *csv_null;      /**< NULL: the empty field */
    bool csv_all_text;
};

void snapshot_settings_read(struct snapshot_settings *ret_settings, const struct fw_task *task);

bool snapshot_names_has(const struct snapshot_names *list, const char *name);

#endif

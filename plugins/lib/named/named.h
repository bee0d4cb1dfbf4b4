/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_NAMED_NAMED_H
#define FW_LIB_NAMED_NAMED_H

#include <fw/task.h>

#include "source/source.h"

/**
 * Columns of an input that the stage's parameters name: "date_column" and the like, each a text
 * with a default. Nothing is owned. [stage thread]
 */
struct fw_named {
    const struct fw_host *host;
    const struct fw_task *task;
    const struct fw_source *source;
};

/** By the parameter's value, else by it without regard to case; FW_E_MISSING says what there is. */
fw_status fw_named_column(const struct fw_named *named, const char *parameter,
                          const struct fw_source_column **ret_column);

/** The same by `name`; `parameter` is what the fault calls it. */
fw_status fw_named_find(const struct fw_host *host, const struct fw_source *source,
                        const char *name, const char *parameter,
                        const struct fw_source_column **ret_column);

/**
 * Appends SQL for the calendar day of the column, in UTC where its times have a zone, NULL where it
 * says none: a DATE. `format_parameter` names the format of dates that are text, as in strptime;
 * its value "" stands for 2019-03-01 (lib/instant).
 */
fw_status fw_named_day(const struct fw_named *named, const char *parameter,
                       const char *format_parameter, struct fw_text *text);

/** Appends SQL for the column as a DOUBLE, NULL where it is no number or not a finite one. */
fw_status fw_named_number(const struct fw_named *named, const char *parameter,
                          struct fw_text *text);

#endif

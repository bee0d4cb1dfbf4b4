/* SPDX-License-Identifier: MIT */
#ifndef FW_SQL_VIEWS_H
#define FW_SQL_VIEWS_H

#include <fw/task.h>

#include "source/source.h"
#include "sql/sql.h"

/** The open sources behind the views, one for each input port. Zero-initialise. */
struct sql_views {
    struct fw_source **sources;
    size_t n_sources;
};

/**
 * Makes each input port a view of its name with the table's columns, rows in the order of the
 * files; with `filename`, a further column holds each row's file, relative to the input's folder.
 */
fw_status sql_views_create(const struct fw_sql_handle *sql, const struct fw_task *task,
                           struct sql_views *ret_views);

/** Accepts a half-made one. */
void sql_views_finish(struct sql_views *views);

#endif

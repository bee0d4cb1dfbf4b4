/* SPDX-License-Identifier: MIT */
#ifndef SYNTH_ENTITY_H
#define SYNTH_ENTITY_H

#include "plan.h"
#include "sql/sql.h"

/**
 * The table `entity`: one row per offer with all that does not change from crawl to
 * crawl, so that a row costs little more than copying. Columns: e, platform, offer_id, cik,
 * first_day, goal, pace, f0 .. for the free columns, n0 .. for the nested ones (raw only).
 */
fw_status synth_entity_create(const struct fw_sql_handle *sql, const struct synth_plan *plan);

/** Adds the entities first .. end - 1. */
fw_status synth_entity_add(const struct fw_sql_handle *sql, const struct synth_plan *plan,
                           int64_t first, int64_t end);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef AUDIT_OFFER_DAY_OFFER_DAY_H
#define AUDIT_OFFER_DAY_OFFER_DAY_H

#include <fw/stage.h>
#include <fw/task.h>

#include "offer/keys.h"
#include "pairs/pairs.h"
#include "report/report.h"

enum { OFFER_DAY_RAW, OFFER_DAY_CORE, OFFER_DAY_N_TABLES };
extern const char *const offer_day_ports[OFFER_DAY_N_TABLES];

/**
 * One instance of the stage. An offer-day is (platform, offer, day), two texts and a
 * date: a bar in one of the texts does not make two offers one.
 */
struct offer_day {
    const struct fw_host *host;
    const struct fw_task *task;
    struct fw_sql_handle sql;
    struct fw_source *sources[OFFER_DAY_N_TABLES];
    const char *names[OFFER_DAY_N_TABLES][3]; /**< of the columns that are read */
    struct fw_pairs_table pairs[OFFER_DAY_N_TABLES];
    struct fw_pairs_match match;
    struct fw_text folder;
    struct fw_fold_input inputs[OFFER_DAY_N_TABLES];
    struct fw_fold_table made[2 * OFFER_DAY_N_TABLES + 2];
    struct fw_fold *fold;
    struct fw_pairs_facts facts;
    struct fw_report report;
};

/* plan.c */

/** Finds the keys and the day of a table. */
fw_status offer_day_find_columns(struct offer_day *audit, int table);

/** Opens the fold over both tables. */
fw_status offer_day_plan_open(struct offer_day *audit);

/* decide.c */

/** At the end: the reports and the verdict. */
fw_status offer_day_decide(struct offer_day *audit);

#endif

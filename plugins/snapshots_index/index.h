/* SPDX-License-Identifier: MIT */
#ifndef SNAPSHOTS_INDEX_INDEX_H
#define SNAPSHOTS_INDEX_INDEX_H

#include <stdbool.h>

#include <fw/stage.h>

#include "fold/fold.h"
#include "source/source.h"
#include "sql/sql.h"

/** The columns that are read, in this order. */
enum { INDEX_ENTITY, INDEX_PLATFORM, INDEX_OFFER, INDEX_CIK, INDEX_INSTANT, INDEX_N_COLUMNS };

/** The tables that are made, in this order. */
enum { INDEX_OFFER_DAY, INDEX_CIK_DAY, INDEX_FACTS, INDEX_N_TABLES };

/** One instance of the stage. */
struct index {
    const struct fw_host *host;
    const struct fw_task *task;
    bool compat;
    bool normalize_cik;
    struct fw_sql_handle sql;
    struct fw_source *daily;
    const struct fw_source_column *columns[INDEX_N_COLUMNS];
    const char *names[INDEX_N_COLUMNS];
    struct fw_text folder;
    struct fw_fold_input input;
    struct fw_fold_table tables[INDEX_N_TABLES];
    struct fw_fold *fold;
};

/* rows.c: SQL */

/** Distinct rows of a chunk, and counts of those that are dropped. */
void index_keep(const void *self, const char *rows, struct fw_text *select);

void index_make_offer_day(const void *self, const struct fw_fold *fold, struct fw_text *select);
void index_make_cik_day(const void *self, const struct fw_fold *fold, struct fw_text *select);

/** One row: dropped_cik, dropped_ts, offer_day_rows, cik_day_rows, unique_cik. */
void index_make_facts(const void *self, const struct fw_fold *fold, struct fw_text *select);

/* manifest.c */

/** Sets the manifest's fields and rows at the end. */
fw_status index_manifest_write(const struct index *index);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef OFFERS_TEXT_TEXTS_H
#define OFFERS_TEXT_TEXTS_H

#include <stdbool.h>

#include <fw/stage.h>
#include <fw/task.h>

#include "offer/keys.h"
#include "source/source.h"
#include "sql/sql.h"
#include "wide/wide.h"

/** What parts say of their rows. */
enum { TEXTS_BAD_TS, TEXTS_ALL_NULL, TEXTS_ENTITIES };

/**
 * One instance of the stage. A row of the raw table takes part when it has keys, a day and a text;
 * of those of an entity and day the newest is kept, as the snapshot does it. Losers
 * of a chunk are left behind in it, the rest is decided part by part.
 */
struct texts {
    const struct fw_host *host;
    const struct fw_task *task;
    bool compat;
    int64_t limit_rows; /**< 0: all */
    struct fw_sql_handle sql;
    struct fw_source *source;

    struct fw_offer_keys keys;
    const struct fw_source_column **columns; /**< with texts, in the order asked for */
    size_t n_columns;
    const char **missing; /**< asked for and not in the table */
    size_t n_missing;

    const char **names; /**< of all these columns, those of the entity first */
    size_t n_entity_names, n_names;
    struct fw_text entity; /**< SQL */
    struct fw_wide_output output;
    struct fw_wide *wide;
};

/* columns.c */

/** Finds the columns in the table; FW_E_MISSING names what cannot be done without. */
fw_status texts_columns_find(struct texts *texts);
void texts_columns_finish(struct texts *texts);

/* rows.c: SQL */
void texts_take(const void *self, const struct fw_wide_rows *rows, struct fw_text *select);
void texts_probe(const void *self, const struct fw_wide_part *part, struct fw_text *select);
void texts_finish(const void *self, const struct fw_wide_part *part, struct fw_text *select);

/* manifest.c */

/** Sets the manifest's fields and rows at the end. */
fw_status texts_manifest_write(const struct texts *texts);

#endif

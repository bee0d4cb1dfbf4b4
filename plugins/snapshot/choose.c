/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "offer/offer.h"
#include "snapshot.h"

/*
 * Rows are compared by (processed, crawled, file, row) as a struct of integers; an unknown time
 * sorts before all others, so that it loses.
 */
static void append_place(const struct snapshot_columns *columns, struct fw_text *sql)
{
    fw_text_append(sql, "{");
    if (columns->processed != NULL) {
        fw_text_append(sql, "'processed': ");
        fw_offer_append_sortable(sql, columns->processed);
        fw_text_append(sql, ", ");
    }
    if (columns->time != NULL) {
        fw_text_append(sql, "'crawled': ");
        fw_offer_append_sortable(sql, columns->time);
        fw_text_append(sql, ", ");
    }
    fw_text_append(sql, "'file': " FW_SOURCE_FILE "::BIGINT, 'row': " FW_SOURCE_ROW "} AS place");
}

/*
 * The best row of each entity and instant among these rows, and the best of those with a nested
 * value. Rows without an instant stay in, as a group of their own, so that they are counted.
 */
static void take(const void *self, const struct fw_wide_rows *rows, struct fw_text *sql)
{
    const struct snapshot *s = self;

    fw_text_appendf(sql,
                    "SELECT entity, instant, max(place) AS core, max(place) FILTER (present) AS "
                    "extra, count(*) AS n FROM (SELECT %s AS entity, ",
                    fw_text_get(&s->entity));
    fw_instant_append(sql, s->columns.instant);
    fw_text_append(sql, " AS instant, ");
    append_place(&s->columns, sql);
    fw_text_append(sql, ", ");
    snapshot_present_append(s, rows, sql);
    fw_text_appendf(sql, " AS present FROM %s) GROUP BY entity, instant", rows->select);
}

static void finish(const void *self, const struct fw_wide_part *part, struct fw_text *sql)
{
    (void)self;
    fw_text_appendf(sql,
                    "SELECT entity, instant, max(core) AS core, max(extra) AS extra, "
                    "sum(n)::BIGINT AS n FROM %s GROUP BY entity, instant ORDER BY entity, instant",
                    part->rows);
}

/* Which columns the choice is made on: those of the entity first. */
static fw_status find_names(struct snapshot *s)
{
    const struct snapshot_columns *columns = &s->columns;
    const struct fw_source_column *keys[] = {columns->platform, columns->offer, columns->instant,
                                             columns->processed, columns->time};
    size_t n_nested = s->extras != NULL ? columns->n_nested : 0;

    s->choice_names = calloc(FW_COUNT(keys) + n_nested, sizeof *s->choice_names);
    if (s->choice_names == NULL) {
        return fw_fault_nomem(s->host);
    }
    for (size_t i = 0; i < FW_COUNT(keys); i++) {
        bool is_new = keys[i] != NULL;
        for (size_t k = 0; k < i && is_new; k++) {
            is_new = keys[k] != keys[i];
        }
        if (is_new) {
            s->choice_names[s->n_choice_names++] = keys[i]->name;
        }
    }
    for (size_t i = 0; i < n_nested; i++) {
        s->choice_names[s->n_choice_names++] = columns->nested[i]->name;
    }
    return FW_OK;
}

fw_status snapshot_choose_open(struct snapshot *s)
{
    size_t n_keys = s->columns.platform != s->columns.offer ? 2 : 1;
    fw_status status = find_names(s);

    if (status == FW_OK) {
        status = snapshot_present_open(s);
    }
    fw_offer_append_entity(&s->entity, s->columns.platform, s->columns.offer);
    if (status != FW_OK || s->entity.failed) {
        return status != FW_OK ? status : fw_fault_nomem(s->host);
    }
    struct fw_wide_columns all = {s->choice_names, s->n_choice_names};
    s->choice_to = (struct fw_output){.name = "choice", .path = fw_text_get(&s->choice_path)};
    s->choice_output = (struct fw_wide_output){&s->choice_to, all, finish};
    const struct fw_wide_plan plan = {
        .sql = &s->sql,
        .source = s->source,
        .entity = fw_text_get(&s->entity),
        .census_columns = {s->choice_names, n_keys},
        .enter = s->present != NULL ? snapshot_present_enter : NULL,
        .take = take,
        .take_columns = all,
        .entity_column = "entity",
        .outputs = &s->choice_output,
        .n_outputs = 1,
        .n_columns_out = 8,
        .chunk_rows = s->settings.chunk_rows,
        .self = s,
    };
    return fw_wide_open(&plan, &s->choose);
}

/*
 * The chosen rows in the order in which they lie in the raw table. Mostly the same row serves the
 * core and the extras.
 */
void snapshot_choose_append_picks(const struct snapshot *s, struct fw_text *sql)
{
    fw_text_append(sql, "COPY (WITH chosen AS (SELECT entity, instant, core, extra FROM ");
    fw_source_scan(s->choice, NULL, sql);
    fw_text_append(sql,
                   " WHERE instant IS NOT NULL) SELECT entity, instant, core.file AS raw_file, "
                   "core.row AS raw_row, true AS is_core, COALESCE(extra.file = core.file AND "
                   "extra.row = core.row, false) AS is_extra FROM chosen UNION ALL SELECT entity, "
                   "instant, extra.file, extra.row, false, true FROM chosen WHERE extra.file <> "
                   "core.file OR extra.row <> core.row ORDER BY raw_file, raw_row) TO ");
    fw_text_literal(sql, fw_text_get(&s->picks_path));
    fw_text_append(sql, " (FORMAT parquet, ROW_GROUP_SIZE 16384, USE_TMP_FILE false)");
}

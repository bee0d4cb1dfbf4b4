/* SPDX-License-Identifier: MIT */
#include "coerce.h"
#include "phases.h"

/*
 * Rows are compared by (processed, crawled, file, row) as a struct of integers; an unknown time
 * sorts before all others, so that it loses (freeze §3.2).
 */
static void append_order(const struct snapshot *s, struct fw_text *sql)
{
    fw_text_append(sql, "{");
    if (s->columns.processed != NULL) {
        fw_text_append(sql, "'processed': ");
        snapshot_coerce_sortable(sql, s->columns.processed);
        fw_text_append(sql, ", ");
    }
    if (s->columns.time != NULL) {
        fw_text_append(sql, "'crawled': ");
        snapshot_coerce_sortable(sql, s->columns.time);
        fw_text_append(sql, ", ");
    }
    fw_text_append(sql, "'file': " FW_SOURCE_FILE "::BIGINT, 'row': " FW_SOURCE_ROW
                        "::BIGINT} AS place");
}

static void append_present(const struct snapshot *s, struct fw_text *sql)
{
    fw_text_append(sql, s->extras == NULL || s->columns.n_nested == 0 ? "false" : "(");
    for (size_t i = 0; s->extras != NULL && i < s->columns.n_nested; i++) {
        fw_text_append(sql, i > 0 ? " OR " : "");
        snapshot_coerce_present(sql, s->columns.nested[i]);
        fw_text_append(sql, i + 1 == s->columns.n_nested ? ")" : "");
    }
    fw_text_append(sql, " AS present");
}

/*
 * The best row of each entity and instant in one slice, and the best among those with a nested
 * value. Rows without a key stay in, as groups of their own, so that they are counted.
 */
void snapshot_keys_select(const struct snapshot *s, size_t index, struct fw_text *sql)
{
    fw_text_append(sql, "SELECT entity, instant, max(place) AS core, "
                        "max(place) FILTER (present) AS extra, count(*) AS n FROM (SELECT ");
    snapshot_coerce_entity(sql, &s->columns);
    fw_text_append(sql, " AS entity, ");
    snapshot_coerce_instant(sql, s->columns.instant);
    fw_text_append(sql, " AS instant, ");
    append_order(s, sql);
    fw_text_append(sql, ", ");
    append_present(s, sql);
    fw_text_append(sql, " FROM ");
    fw_source_scan(s->source, &s->slices.items[index], sql);
    fw_text_append(sql, ") GROUP BY entity, instant");
}

/* Split by entity, so that the groups of one statement fit into memory. */
void snapshot_merge_select(const struct snapshot *s, size_t index, struct fw_text *sql)
{
    fw_text_append(sql, "SELECT entity, instant, max(core) AS core, max(extra) AS extra FROM ");
    snapshot_append_files(s, SNAPSHOT_PHASE_KEYS, sql);
    fw_text_append(sql, " WHERE entity IS NOT NULL AND instant IS NOT NULL");
    if (s->n_merges > 1) {
        fw_text_appendf(sql, " AND hash(entity) %% %zu = %zu", s->n_merges, index);
    }
    fw_text_append(sql, " GROUP BY entity, instant");
}

/* A row's number in this file is its rank. */
void snapshot_rank_select(const struct snapshot *s, size_t index, struct fw_text *sql)
{
    (void)index;
    fw_text_append(sql, "SELECT entity, instant, core.file AS core_file, core.row AS core_row, "
                        "extra.file AS extra_file, extra.row AS extra_row FROM ");
    snapshot_append_files(s, SNAPSHOT_PHASE_MERGE, sql);
    fw_text_append(sql, " ORDER BY entity, instant");
}

/* Mostly the same raw row serves the core and the extras. */
void snapshot_pick_select(const struct snapshot *s, size_t index, struct fw_text *sql)
{
    (void)index;
    fw_text_append(sql, "WITH ranked AS (SELECT *, file_row_number AS rank FROM ");
    snapshot_append_files(s, SNAPSHOT_PHASE_RANK, sql);
    fw_text_append(sql, ") SELECT * FROM (SELECT core_file AS " FW_SOURCE_FILE
                        ", core_row AS " FW_SOURCE_ROW ", rank AS fw_rank, true AS fw_core, "
                        "COALESCE(extra_file = core_file AND extra_row = core_row, false) "
                        "AS fw_extra FROM ranked UNION ALL "
                        "SELECT extra_file, extra_row, rank, false, true FROM ranked "
                        "WHERE extra_file <> core_file OR extra_row <> core_row) "
                        "ORDER BY " FW_SOURCE_FILE ", " FW_SOURCE_ROW);
}

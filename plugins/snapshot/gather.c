/* SPDX-License-Identifier: MIT */
#include <inttypes.h>

#include "coerce.h"
#include "phases.h"

/*
 * The columns of a gathered row: fw_rank, fw_core, fw_extra, the five keys, the core's columns by
 * name, and for nested column i fw_json_i and fw_len_i (by number, so that no raw column's name is
 * hit).
 */
static void append_day(const struct snapshot_columns *columns, struct fw_text *sql)
{
    if (columns->compat && columns->day != NULL) {
        snapshot_coerce_text(sql, columns->day);
        return;
    }
    fw_text_append(sql, columns->compat ? "CAST(" : "");
    fw_text_append(sql, "CAST(");
    if (columns->day != NULL && columns->day != columns->instant) {
        fw_text_append(sql, "COALESCE(");
        snapshot_coerce_instant(sql, columns->day);
        fw_text_append(sql, ", ");
    }
    snapshot_coerce_instant(sql, columns->instant);
    fw_text_append(sql, columns->day != NULL && columns->day != columns->instant ? ")" : "");
    fw_text_append(sql, " AS DATE)");
    fw_text_append(sql, columns->compat ? " AS VARCHAR)" : "");
}

static void append_keys(const struct snapshot_columns *columns, struct fw_text *sql)
{
    struct fw_text instant = {0};
    snapshot_coerce_instant(&instant, columns->instant);
    snapshot_coerce_entity(sql, columns);
    fw_text_append(sql, " AS entity_id, ");
    snapshot_coerce_text(sql, columns->platform);
    fw_text_append(sql, " AS platform_name, ");
    snapshot_coerce_text(sql, columns->offer);
    fw_text_append(sql, " AS offer_id, ");
    if (columns->compat) {
        snapshot_coerce_utc_text(sql, fw_text_get(&instant));
    } else {
        fw_text_append(sql, fw_text_get(&instant));
    }
    fw_text_append(sql, " AS snapshot_ts, ");
    append_day(columns, sql);
    fw_text_append(sql, " AS crawled_date_day");
    sql->failed = sql->failed || instant.failed;
    fw_text_finish(&instant);
}

static void append_nested(const struct snapshot_columns *columns, size_t i, struct fw_text *sql)
{
    const char *name = columns->nested[i]->name;
    fw_text_append(sql, ", CASE WHEN fw_extra THEN fw_canonical_json(");
    fw_text_identifier(sql, name);
    fw_text_appendf(sql, ") END AS fw_json_%zu, CASE WHEN fw_extra THEN fw_json_length(", i);
    fw_text_identifier(sql, name);
    fw_text_appendf(sql, ") END AS fw_len_%zu", i);
}

static void append_picks(const struct snapshot *s, const struct snapshot_unit *unit,
                         struct fw_text *sql)
{
    fw_text_append(sql, "(SELECT * FROM ");
    snapshot_append_files(s, SNAPSHOT_PHASE_PICK, sql);
    fw_text_appendf(sql,
                    " WHERE " FW_SOURCE_FILE " BETWEEN %" PRId64 " AND %" PRId64
                    " AND (" FW_SOURCE_FILE " > %" PRId64 " OR " FW_SOURCE_ROW " >= %" PRId64 ")"
                    " AND (" FW_SOURCE_FILE " < %" PRId64 " OR " FW_SOURCE_ROW " <= %" PRId64 "))",
                    unit->first_file, unit->last_file, unit->first_file, unit->first_row,
                    unit->last_file, unit->last_row);
}

void snapshot_gather_select(const struct snapshot *s, size_t index, struct fw_text *sql)
{
    const struct snapshot_columns *columns = &s->columns;
    const struct snapshot_unit *unit = &s->units[index];
    fw_text_append(sql, "SELECT fw_rank, fw_core, fw_extra, ");
    append_keys(columns, sql);
    for (size_t i = 0; i < columns->n_scalars; i++) {
        fw_text_append(sql, ", ");
        snapshot_coerce_scalar(sql, columns->scalars[i], columns);
        fw_text_append(sql, " AS ");
        fw_text_identifier(sql, columns->scalars[i]->name);
    }
    for (size_t i = 0; s->extras != NULL && i < columns->n_nested; i++) {
        append_nested(columns, i, sql);
    }
    fw_text_append(sql, " FROM ");
    fw_source_scan(s->source, &unit->slice, sql);
    fw_text_append(sql, " JOIN ");
    append_picks(s, unit, sql);
    fw_text_append(sql, " USING (" FW_SOURCE_FILE ", " FW_SOURCE_ROW ")");
    if (snapshot_sorts_runs(s)) {
        fw_text_append(sql, " ORDER BY fw_rank");
    }
}

/* SPDX-License-Identifier: MIT */
#include "coerce.h"
#include "snapshot.h"

/*
 * Rows of a chunk: winners, and raw rows between them where the engine reads these, a step's worth
 * and about a hundred chunks at the most.
 */
enum { WANTED_CHUNKS = 64, MIN_RAW_ROWS = 131072, MAX_RAW_ROWS = 2097152 };
enum { CHUNK_PICKS = 16384, CHUNK_RAW_ROWS = 524288 };

static void append_day(const struct snapshot_columns *columns, struct fw_text *sql)
{
    bool has_other = columns->day != NULL && columns->day != columns->instant;

    if (columns->compat && columns->day != NULL) {
        fw_offer_append_text(sql, columns->day);
        return;
    }
    fw_text_append(sql, columns->compat ? "CAST(CAST(" : "CAST(");
    if (has_other) {
        fw_text_append(sql, "COALESCE(");
        fw_instant_append(sql, columns->day);
        fw_text_append(sql, ", ");
    }
    fw_text_append(sql, has_other ? "fw_instant) AS DATE)" : "fw_instant AS DATE)");
    fw_text_append(sql, columns->compat ? " AS VARCHAR)" : "");
}

static void append_keys(const struct snapshot_columns *columns, struct fw_text *sql)
{
    fw_text_append(sql, "fw_entity AS entity_id, ");
    fw_offer_append_text(sql, columns->platform);
    fw_text_append(sql, " AS platform_name, ");
    fw_offer_append_text(sql, columns->offer);
    fw_text_append(sql, " AS offer_id, ");
    if (columns->compat) {
        fw_offer_append_utc_text(sql, "fw_instant");
    } else {
        fw_text_append(sql, "fw_instant");
    }
    fw_text_append(sql, " AS snapshot_ts, ");
    append_day(columns, sql);
    fw_text_append(sql, " AS crawled_date_day");
}

/* By number, so that no raw column's name is hit. */
static void append_nested(const struct snapshot_columns *columns, size_t i, struct fw_text *sql)
{
    fw_text_append(sql, ", CASE WHEN fw_extra THEN fw_canonical_json(");
    fw_text_identifier(sql, columns->nested[i]->name);
    fw_text_appendf(sql, ") END AS fw_json_%zu, CASE WHEN fw_extra THEN ", i);
    snapshot_coerce_length(sql, columns->nested[i]);
    fw_text_appendf(sql, " END AS fw_len_%zu", i);
}

/* Picks with their rows in full; `rows` are picks, whose order is that of the raw rows. */
static void take(const void *self, const struct fw_wide_rows *rows, struct fw_text *sql)
{
    const struct snapshot *s = self;
    const struct snapshot_columns *columns = &s->columns;

    fw_text_append(sql, "SELECT fw_instant, fw_core, fw_extra, ");
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
    fw_picked_scan(s->raw, rows->at, sql);
    fw_text_appendf(sql,
                    " AS fw_raw JOIN (SELECT entity AS fw_entity, instant AS fw_instant, raw_file, "
                    "raw_row, is_core AS fw_core, is_extra AS fw_extra FROM %s) AS fw_picks ON "
                    "fw_raw." FW_SOURCE_FILE " = fw_picks.raw_file AND fw_raw." FW_SOURCE_ROW
                    " = fw_picks.raw_row",
                    rows->select);
}

static void finish_core(const void *self, const struct fw_wide_part *part, struct fw_text *sql)
{
    const struct snapshot *s = self;

    fw_text_append(sql, "SELECT ");
    fw_text_identifiers(sql, snapshot_keys, SNAPSHOT_N_KEYS);
    for (size_t i = 0; i < s->columns.n_scalars; i++) {
        fw_text_append(sql, ", ");
        fw_text_identifier(sql, s->columns.scalars[i]->name);
    }
    fw_text_appendf(sql, " FROM %s WHERE fw_core", part->rows);
}

static void append_derived(const char *name, const char *suffix, struct fw_text *sql)
{
    struct fw_text derived = {0};

    fw_text_appendf(&derived, "%s__%s", name, suffix);
    fw_text_append(sql, " AS ");
    fw_text_identifier(sql, fw_text_get(&derived));
    sql->failed |= derived.failed;
    fw_text_finish(&derived);
}

static void finish_extras(const void *self, const struct fw_wide_part *part, struct fw_text *sql)
{
    const struct snapshot *s = self;

    fw_text_append(sql, "SELECT ");
    fw_text_identifiers(sql, snapshot_keys, SNAPSHOT_N_KEYS);
    for (size_t i = 0; i < s->columns.n_nested; i++) {
        const char *name = s->columns.nested[i]->name;
        fw_text_appendf(sql, ", fw_json_%zu", i);
        append_derived(name, "json", sql);
        fw_text_appendf(sql, ", fw_len_%zu", i);
        append_derived(name, "len", sql);
        fw_text_appendf(sql, ", sha1(fw_json_%zu)", i);
        append_derived(name, "hash", sql);
    }
    fw_text_appendf(sql, " FROM %s WHERE fw_extra", part->rows);
}

/* The plain latest row of each entity, not the last value of each column. */
static void finish_static(const void *self, const struct fw_wide_part *part, struct fw_text *sql)
{
    static const char *const wanted[] = {"cik", "link", "hash_id", "datetime_open_offering",
                                         "datetime_close_offering"};
    const struct snapshot *s = self;
    const char *names[2 + FW_COUNT(wanted)] = {"platform_name", "offer_id"};
    size_t n = 2;

    for (size_t i = 0; i < FW_COUNT(wanted); i++) {
        if (snapshot_columns_scalar(&s->columns, wanted[i]) != NULL) {
            names[n++] = wanted[i];
        }
    }
    fw_text_append(sql, "SELECT entity_id, ");
    for (size_t i = 0; i < n; i++) {
        fw_text_appendf(sql, "latest.%s AS %s, ", names[i], names[i]);
    }
    fw_text_append(sql, "latest.snapshot_ts AS static_snapshot_ts FROM (SELECT entity_id, arg_max({"
                        "'snapshot_ts': snapshot_ts");
    for (size_t i = 0; i < n; i++) {
        fw_text_appendf(sql, ", '%s': %s", names[i], names[i]);
    }
    fw_text_appendf(sql,
                    "}, fw_instant) AS latest FROM %s WHERE fw_core GROUP BY entity_id) ORDER BY "
                    "entity_id",
                    part->rows);
}

static int64_t picks_in(const struct snapshot *s, int64_t raw_rows)
{
    int64_t scanned = s->facts.rows_scanned > 0 ? s->facts.rows_scanned : 1;

    return (int64_t)((double)raw_rows * (double)s->n_picks / (double)scanned) + 1;
}

static int64_t chunk_picks(const struct snapshot *s)
{
    int64_t raw = s->facts.rows_scanned / WANTED_CHUNKS;

    if (s->settings.chunk_rows > 0) {
        return picks_in(s, s->settings.chunk_rows);
    }
    raw = raw < MIN_RAW_ROWS ? MIN_RAW_ROWS : raw > MAX_RAW_ROWS ? MAX_RAW_ROWS : raw;
    int64_t picks = picks_in(s, raw), most = picks_in(s, CHUNK_RAW_ROWS);
    most = most < CHUNK_PICKS ? most : CHUNK_PICKS;
    return picks > most ? picks : most;
}

static void set_outputs(struct snapshot *s)
{
    s->outputs[s->n_outputs++] = (struct fw_wide_output){.to = s->core, .finish = finish_core};
    if (s->extras != NULL) {
        s->outputs[s->n_outputs++] =
            (struct fw_wide_output){.to = s->extras, .finish = finish_extras};
    }
    s->outputs[s->n_outputs++] =
        (struct fw_wide_output){.to = s->static_rows, .finish = finish_static};
}

fw_status snapshot_gather_open(struct snapshot *s)
{
    static const char *const names[] = {"entity", "is_core"};
    const char *path = fw_text_get(&s->picks_path);
    size_t n_nested = s->extras != NULL ? s->columns.n_nested : 0;
    fw_status status = fw_source_open(&s->sql, &path, 1, NULL, &s->picks);

    if (status == FW_OK) {
        status = fw_source_count(s->picks, &s->n_picks);
    }
    if (status == FW_OK) {
        status = snapshot_picks_open_raw(s);
    }
    if (status != FW_OK) {
        return status;
    }
    set_outputs(s);
    const struct fw_wide_plan plan = {
        .sql = &s->sql,
        .source = s->picks,
        .other = s->source,
        .entity = "entity",
        .weight = "count(*) FILTER (is_core)",
        .census_columns = {names, FW_COUNT(names)},
        .enter = snapshot_picks_enter,
        .take = take,
        .take_is_heavy = true,
        .entity_column = "entity_id",
        .order = "fw_instant",
        .outputs = s->outputs,
        .n_outputs = s->n_outputs,
        .n_columns_out = SNAPSHOT_N_KEYS + s->columns.n_scalars + 2 * n_nested,
        .part_rows = s->settings.part_rows,
        .chunk_rows = chunk_picks(s),
        .self = s,
    };
    return fw_wide_open(&plan, &s->gather);
}

/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdlib.h>

#include "coerce.h"
#include "snapshot.h"

/* Picks from one mark to the next, see struct snapshot. */
enum { PICKS_A_MARK = 1024 };

/* Raw rows that one chunk is read from: a step's worth, and about a hundred runs at the most. */
enum { WANTED_CHUNKS = 64, MIN_RAW_ROWS = 131072, MAX_RAW_ROWS = 2097152 };

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

/* The raw rows from the first of these picks up to the one after the last of them. */
static void append_raw(const struct snapshot *s, const struct fw_wide_rows *rows,
                       struct fw_text *sql)
{
    size_t first = (size_t)(rows->first_row / PICKS_A_MARK);
    size_t end = (size_t)((rows->first_row + rows->n_rows + PICKS_A_MARK - 1) / PICKS_A_MARK);

    if (rows->n_rows > 0) {
        fw_source_scan_range(s->source, NULL, 0, s->marks[first],
                             s->marks[end < s->n_marks ? end : s->n_marks - 1], sql);
    } else {
        fw_source_scan(s->source, NULL, sql);
    }
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
    append_raw(s, rows, sql);
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

/* The plain latest row of each entity, not the last value of each column (freeze §3.6). */
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

/* The place of every PICKS_A_MARKth pick, and that after the last pick. */
static void fill_marks(struct snapshot *s, const struct fw_sql_grid *grid)
{
    for (size_t i = 0; i < grid->n_rows; i++) {
        s->marks[s->n_marks++] =
            (struct fw_source_place){strtoull(fw_sql_cell(grid, i, 0), NULL, 10),
                                     strtoll(fw_sql_cell(grid, i, 1), NULL, 10)};
    }
    if (s->n_picks > 0) {
        if ((s->n_picks - 1) % PICKS_A_MARK == 0) {
            s->marks[s->n_marks] = s->marks[s->n_marks - 1];
            s->n_marks++;
        }
        s->marks[s->n_marks - 1].row++;
    }
}

static fw_status read_marks(struct snapshot *s)
{
    struct fw_sql_grid grid = {0};
    struct fw_text query = {0};

    fw_text_append(&query, "SELECT raw_file, raw_row FROM ");
    fw_source_scan(s->picks, NULL, &query);
    fw_text_appendf(&query,
                    " WHERE " FW_SOURCE_ROW " %% %d = 0 OR " FW_SOURCE_ROW " = %" PRId64
                    " ORDER BY " FW_SOURCE_ROW,
                    PICKS_A_MARK, s->n_picks - 1);
    fw_status status =
        query.failed ? fw_fault_nomem(s->host) : fw_sql_grid(&s->sql, &grid, fw_text_get(&query));
    fw_text_finish(&query);
    s->marks = calloc(grid.n_rows + 2, sizeof *s->marks);
    if (status == FW_OK && s->marks == NULL) {
        status = fw_fault_nomem(s->host);
    }
    if (status == FW_OK) {
        fill_marks(s, &grid);
    }
    fw_sql_grid_finish(&grid);
    return status;
}

/* How many picks lie in a chunk's worth of raw rows. */
static int64_t chunk_picks(const struct snapshot *s)
{
    int64_t scanned = s->facts.rows_scanned > 0 ? s->facts.rows_scanned : 1;
    int64_t raw = s->settings.chunk_rows;

    if (raw == 0) {
        raw = scanned / WANTED_CHUNKS;
        raw = raw < MIN_RAW_ROWS ? MIN_RAW_ROWS : raw > MAX_RAW_ROWS ? MAX_RAW_ROWS : raw;
    }
    double picks = (double)raw * (double)s->n_picks / (double)scanned;
    return ((int64_t)picks / PICKS_A_MARK + 1) * PICKS_A_MARK;
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
        status = read_marks(s);
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

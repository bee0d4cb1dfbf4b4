/* SPDX-License-Identifier: MIT */
#include "plan.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <fw/service/budget.h>

#include "phases.h"

/* A group of the merge holds a name, an instant and two places, with the engine's overhead. */
enum { GROUP_BYTES = 400 };

/* Bounds of a unit; between them it takes a third of the engine's memory. */
enum { MIN_UNIT_ROWS = 4096, MAX_UNIT_ROWS = 131072 };

/* A position in the raw table is file * ROWS_PER_FILE + row; picks are counted in blocks. */
#define ROWS_PER_FILE (INT64_C(1) << 40)
#define BLOCK_ROWS    INT64_C(8192)

static const struct fw_limits *limits(const struct snapshot *s)
{
    const struct fw_budget *budget = s->host->service(s->host, FW_BUDGET_ID);
    return budget->limits(s->host);
}

static int64_t bounded(int64_t value, int64_t low, int64_t high)
{
    return value < low ? low : value > high ? high : value;
}

static int64_t cell(const struct fw_sql_grid *grid, size_t row, size_t column)
{
    const char *text = fw_sql_cell(grid, row, column);
    return text != NULL ? strtoll(text, NULL, 10) : 0;
}

static fw_status run(const struct snapshot *s, const struct fw_text *query,
                     struct fw_sql_grid *ret_grid)
{
    return query->failed ? fw_fault_nomem(s->host)
                         : fw_sql_grid(&s->sql, ret_grid, fw_text_get(query));
}

fw_status snapshot_plan_merges(const struct snapshot *s, size_t *ret_n)
{
    struct fw_text query = {0};
    struct fw_sql_grid grid = {0};
    fw_text_append(&query, "SELECT count(*) FROM ");
    snapshot_append_files(s, SNAPSHOT_PHASE_KEYS, &query);
    fw_status status = run(s, &query, &grid);
    if (status == FW_OK) {
        int64_t groups = (int64_t)(limits(s)->engine_bytes / 2 / GROUP_BYTES);
        int64_t merges = cell(&grid, 0, 0) / (groups > 0 ? groups : 1) + 1;
        *ret_n = (size_t)bounded(merges * limits(s)->partition_factor, 1, 4096);
    }
    fw_sql_grid_finish(&grid);
    fw_text_finish(&query);
    return status;
}

static fw_status copy_text(const struct snapshot *s, const char *text, char **ret_copy)
{
    *ret_copy = text != NULL ? strdup(text) : NULL;
    return text != NULL && *ret_copy == NULL ? fw_fault_nomem(s->host) : FW_OK;
}

static fw_status count_scanned(struct snapshot *s)
{
    struct fw_text query = {0};
    struct fw_sql_grid grid = {0};
    fw_text_append(&query, "SELECT sum(n), sum(n) FILTER (entity IS NULL), "
                           "sum(n) FILTER (entity IS NOT NULL AND instant IS NULL) FROM ");
    snapshot_append_files(s, SNAPSHOT_PHASE_KEYS, &query);
    fw_status status = run(s, &query, &grid);
    if (status == FW_OK) {
        s->facts.rows_scanned = cell(&grid, 0, 0);
        s->facts.rows_dropped_null_key = cell(&grid, 0, 1);
        s->facts.rows_dropped_bad_ts = cell(&grid, 0, 2);
    }
    fw_sql_grid_finish(&grid);
    fw_text_finish(&query);
    return status;
}

static fw_status count_emitted(struct snapshot *s)
{
    struct fw_text query = {0};
    struct fw_sql_grid grid = {0};
    fw_text_append(&query, "SELECT count(*), count(DISTINCT entity), min(instant)::DATE, "
                           "max(instant)::DATE, count(extra_row) FROM ");
    snapshot_append_files(s, SNAPSHOT_PHASE_RANK, &query);
    fw_status status = run(s, &query, &grid);
    if (status == FW_OK) {
        int64_t part_rows = s->settings.part_rows;
        s->facts.rows_emitted = cell(&grid, 0, 0);
        s->facts.n_entities = cell(&grid, 0, 1);
        s->facts.n_extras = cell(&grid, 0, 4);
        s->n_parts = (size_t)((s->facts.rows_emitted + part_rows - 1) / part_rows);
        s->n_parts += s->n_parts == 0 ? 1 : 0; /* an empty table still has its columns */
        status = copy_text(s, fw_sql_cell(&grid, 0, 2), &s->facts.date_min);
    }
    if (status == FW_OK) {
        status = copy_text(s, fw_sql_cell(&grid, 0, 3), &s->facts.date_max);
    }
    fw_sql_grid_finish(&grid);
    fw_text_finish(&query);
    return status;
}

/* Slice, first and last position and number of picks, of each block that has any, in order. */
static fw_status find_blocks(const struct snapshot *s, struct fw_sql_grid *ret_blocks)
{
    struct fw_text query = {0};
    fw_text_appendf(&query,
                    "SELECT slice, min(position), max(position), count(*) FROM "
                    "(SELECT " FW_SOURCE_FILE "::BIGINT * %" PRId64 " + " FW_SOURCE_ROW
                    " AS position FROM ",
                    ROWS_PER_FILE);
    snapshot_append_files(s, SNAPSHOT_PHASE_PICK, &query);
    fw_text_append(&query, ") picks ASOF JOIN (VALUES ");
    for (size_t i = 0; i < s->slices.n; i++) {
        const struct fw_source_slice *slice = &s->slices.items[i];
        fw_text_appendf(&query, "%s(%" PRId64 ", %zu)", i > 0 ? ", " : "",
                        (int64_t)slice->first_file * ROWS_PER_FILE + slice->first_row, i);
    }
    fw_text_appendf(&query,
                    ") slices(first, slice) ON position >= first "
                    "GROUP BY slice, position // %" PRId64 " ORDER BY 2",
                    BLOCK_ROWS);
    fw_status status = run(s, &query, ret_blocks);
    fw_text_finish(&query);
    return status;
}

int64_t snapshot_plan_unit_rows(const struct snapshot *s)
{
    /* The reference's guess at a row's bytes (freeze §3.1). */
    int64_t row_bytes = 48 * (int64_t)s->source->n_columns;
    row_bytes = row_bytes < 1500 ? 1500 : row_bytes;
    int64_t bytes = (int64_t)(limits(s)->engine_bytes / 3 / limits(s)->partition_factor);
    return bounded(bytes / row_bytes, MIN_UNIT_ROWS, MAX_UNIT_ROWS);
}

/* One file's rows from the first pick to the last, or the whole files that they lie in. */
static void close_unit(struct snapshot_unit *unit)
{
    unit->slice = (struct fw_source_slice){
        .first_file = (size_t)unit->first_file,
        .n_files = (size_t)(unit->last_file - unit->first_file + 1),
    };
    if (unit->slice.n_files == 1) {
        unit->slice.first_row = unit->first_row;
        unit->slice.n_rows = unit->last_row - unit->first_row + 1;
    }
}

static void fill_units(struct snapshot *s, const struct fw_sql_grid *blocks)
{
    int64_t rows = 0;
    struct snapshot_unit *unit = NULL;
    for (size_t i = 0; i < blocks->n_rows; i++) {
        int64_t first = cell(blocks, i, 1);
        int64_t last = cell(blocks, i, 2);
        int64_t n = cell(blocks, i, 3);
        if (unit == NULL || cell(blocks, i, 0) != cell(blocks, i - 1, 0) ||
            rows + n > s->unit_rows) {
            unit = &s->units[s->n_units++];
            unit->first_file = first / ROWS_PER_FILE;
            unit->first_row = first % ROWS_PER_FILE;
            rows = 0;
        }
        unit->last_file = last / ROWS_PER_FILE;
        unit->last_row = last % ROWS_PER_FILE;
        rows += n;
        close_unit(unit);
    }
}

static fw_status plan_units(struct snapshot *s)
{
    struct fw_sql_grid blocks = {0};
    fw_status status = find_blocks(s, &blocks);
    if (status != FW_OK) {
        return status;
    }
    s->unit_rows = s->unit_rows > 0 ? s->unit_rows : snapshot_plan_unit_rows(s);
    s->units = calloc(blocks.n_rows + 1, sizeof *s->units);
    if (s->units == NULL) {
        status = fw_fault_nomem(s->host);
    } else {
        fill_units(s, &blocks);
    }
    if (status == FW_OK && s->n_units == 0) {
        /* Without picks one unit gathers nothing, so that the columns' types are there. */
        s->units[0] = (struct snapshot_unit){.slice = s->slices.items[0], .last_file = -1};
        s->n_units = 1;
    }
    fw_sql_grid_finish(&blocks);
    return status;
}

fw_status snapshot_plan(struct snapshot *s)
{
    fw_status status = FW_OK;
    if (s->phase >= SNAPSHOT_PHASE_MERGE && s->n_merges == 0) {
        status = snapshot_plan_merges(s, &s->n_merges);
    }
    if (s->phase < SNAPSHOT_PHASE_GATHER || s->planned || status != FW_OK) {
        return status;
    }
    status = count_scanned(s);
    if (status == FW_OK) {
        status = count_emitted(s);
    }
    if (status == FW_OK) {
        status = plan_units(s);
    }
    s->planned = status == FW_OK;
    return status;
}

void snapshot_plan_finish(struct snapshot *s)
{
    free(s->facts.date_min);
    free(s->facts.date_max);
    free(s->units);
    s->facts = (struct snapshot_facts){0};
    s->units = NULL;
    s->n_units = 0;
    s->unit_rows = 0;
    s->planned = false;
}

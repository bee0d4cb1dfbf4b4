/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "internal.h"
#include "sql/stream.h"

fw_status fw_wide_open(const struct fw_wide_plan *plan, struct fw_wide **ret_wide)
{
    struct fw_wide *wide = calloc(1, sizeof *wide);

    if (wide == NULL) {
        return fw_fault_nomem(plan->sql->host);
    }
    wide->plan = *plan;
    wide->host = plan->sql->host;
    wide_layout_init(wide);
    *ret_wide = wide;
    return FW_OK;
}

void fw_wide_close(struct fw_wide *wide)
{
    if (wide == NULL) {
        return;
    }
    wide->plan.sql->api->finish(wide->job);
    fw_parquet_join_close(wide->join);
    wide_census_finish(wide);
    free(wide->files);
    fw_scatter_close(wide->scatter);
    if (wide->schema.release != NULL) {
        wide->schema.release(&wide->schema);
    }
    if (wide->folded.release != NULL) {
        wide->folded.release(&wide->folded);
    }
    free(wide);
}

/*
 * Statements read the same few files again and again, whose footers the engine had better keep. Of
 * many files each is read by few statements, and three quarters of a megabyte apiece, outside any
 * limit of the engine, is what makes memory grow with the rows.
 */
enum { FEW_FILES = 64 };

static bool reads_few_files(const struct fw_wide *wide)
{
    const struct fw_source *other = wide->plan.other;

    return wide->plan.source->n_files + (other != NULL ? other->n_files : 0) <= FEW_FILES;
}

/*
 * Planning a scan of 133 columns takes longer than reading a part's first rows when the optimizer
 * looks at the statistics of every column of every row group, and they change nothing here. Joins
 * stay as they are written, since a guess that swaps them would put the wide side into memory.
 */
static fw_status set_engine(const struct fw_wide *wide)
{
    return fw_sql_execf(wide->plan.sql,
                        "SET threads = 1; SET GLOBAL parquet_metadata_cache = %s; "
                        "SET disabled_optimizers = "
                        "'statistics_propagation,join_order,build_side_probe_side'; "
                        "SET arrow_lossless_conversion = true",
                        reads_few_files(wide) ? "true" : "false");
}

fw_status wide_begin(struct fw_wide *wide)
{
    wide->files = calloc(wide->n_parts * wide->plan.n_outputs, sizeof *wide->files);
    if (wide->files == NULL) {
        return fw_fault_nomem(wide->host);
    }
    wide->in_order = wide->in_order && !wide->plan.take_is_heavy;
    wide_layout_fit(wide);
    wide->phase = wide->in_order ? WIDE_PARTS : WIDE_SPREAD;
    fw_status status = set_engine(wide);
    return status == FW_OK && !wide->in_order ? wide_spread_open(wide) : status;
}

const char **wide_texts_get(const struct fw_text *texts, size_t n)
{
    const char **strings = calloc(n + 1, sizeof *strings);
    bool failed = strings == NULL;

    for (size_t i = 0; i < n && !failed; i++) {
        strings[i] = fw_text_get(&texts[i]);
        failed = texts[i].failed;
    }
    if (failed) {
        free(strings);
    }
    return failed ? NULL : strings;
}

fw_status wide_exec(const struct fw_wide *wide, const struct fw_text *statements, size_t n,
                    uint64_t *ret_rows)
{
    const struct fw_sql_handle *sql = wide->plan.sql;
    const char **texts = wide_texts_get(statements, n);
    fw_status status = texts != NULL ? sql->api->exec_parallel(sql->session, texts, n, ret_rows)
                                     : fw_fault_nomem(wide->host);

    free(texts);
    return status;
}

fw_status wide_schema_of(const struct fw_wide *wide, const struct fw_text *query,
                         struct ArrowSchema *ret_schema)
{
    const struct fw_sql_handle *sql = wide->plan.sql;
    struct ArrowArrayStream stream;
    fw_status status = query->failed ? fw_fault_nomem(wide->host)
                                     : sql->api->query(sql->session, fw_text_get(query), &stream);

    if (status == FW_OK) {
        int code = stream.get_schema(&stream, ret_schema);
        status = code != 0 ? fw_stream_fault(wide->host, &stream, code) : FW_OK;
        stream.release(&stream);
    }
    return status;
}

void wide_texts_finish(struct fw_text *texts, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        fw_text_finish(&texts[i]);
    }
}

/*
 * A census is not saved. A restored one is taken at one go: pieces of it would get nowhere where
 * every step is followed by a restart.
 */
static fw_status take_census(struct fw_wide *wide)
{
    fw_status status;

    do {
        status = wide_census_step(wide);
    } while (status == FW_MORE && wide->is_restored);
    if (status == FW_OK) {
        status = wide_begin(wide);
    }
    if (status == FW_OK) {
        status = wide_place_prepare(wide);
    }
    return status == FW_OK ? FW_MORE : status;
}

/* One step, and on to the next phase when this one is over. */
static fw_status advance(struct fw_wide *wide)
{
    fw_status status = FW_OK;

    switch (wide->phase) {
    case WIDE_CENSUS:
        return take_census(wide);
    case WIDE_SPREAD:
        status = wide_spread_step(wide);
        break;
    case WIDE_PARTS:
        status = wide_part_step(wide);
        break;
    case WIDE_JOIN:
        status = wide_join_step(wide);
        break;
    case WIDE_DONE:
        return FW_OK;
    }
    if (status == FW_OK) {
        wide->phase++;
        return wide->phase == WIDE_DONE ? FW_OK : FW_MORE;
    }
    return status;
}

static uint64_t items_done(const struct fw_wide *wide)
{
    int64_t rows = 0;

    for (size_t i = 0; i < wide->next_part; i++) {
        rows += wide->parts[i].n_rows;
    }
    return (uint64_t)rows;
}

fw_status fw_wide_step(struct fw_wide *wide, struct fw_step *ret)
{
    fw_status status = advance(wide);

    if (status >= 0) {
        /* Spreading rows is about as much work as gathering them. */
        uint64_t rows = (uint64_t)wide->rows_named;
        ret->items = items_done(wide);
        ret->done = ret->items + (uint64_t)wide->next_row;
        ret->total = wide->phase == WIDE_CENSUS ? 0
                     : wide->in_order           ? rows
                                                : rows + (uint64_t)wide->end_row;
        ret->unit = "rows";
    }
    return status;
}

bool fw_wide_in_order(const struct fw_wide *wide)
{
    return wide->in_order;
}

int64_t fw_wide_rows_in(const struct fw_wide *wide)
{
    return wide->rows_in;
}

int64_t fw_wide_rows_unnamed(const struct fw_wide *wide)
{
    return wide->rows_in - wide->rows_named;
}

int64_t fw_wide_entities(const struct fw_wide *wide)
{
    return wide->n_entities;
}

size_t fw_wide_parts(const struct fw_wide *wide)
{
    return wide->n_parts;
}

const char *fw_wide_part_start(const struct fw_wide *wide, size_t part)
{
    return wide->parts[part].start;
}

int64_t fw_wide_rows_out(const struct fw_wide *wide, size_t output)
{
    int64_t rows = 0;

    for (size_t part = 0; part < wide->next_part; part++) {
        rows += wide_part_file(wide, part, output)->n_rows;
    }
    return rows;
}

int64_t fw_wide_fact(const struct fw_wide *wide, size_t fact)
{
    return wide->facts[fact];
}

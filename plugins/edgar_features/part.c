/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdlib.h>

#include <fw/service/budget.h>

#include "rows.h"
#include "sql/copy.h"
#include "sql/stream.h"
#include "wide/wide.h"

static void append_folder(const struct edgar *edgar, const struct edgar_part *part,
                          struct fw_text *path)
{
    fw_text_appendf(path, "%s/snapshot_year=%04" PRId32, edgar->output->path, part->year);
}

void edgar_part_path(const struct edgar *edgar, const struct edgar_part *part, struct fw_text *path)
{
    append_folder(edgar, part, path);
    fw_text_appendf(path, "/part-%" PRId32 ".parquet", part->number);
}

static fw_status make_folder(const struct edgar *edgar, const struct edgar_part *part)
{
    struct fw_text path = {0};

    append_folder(edgar, part, &path);
    fw_status status = path.failed ? fw_fault_nomem(edgar->host)
                                   : fw_wide_make_folder(edgar->host, fw_text_get(&path));
    fw_text_finish(&path);
    return status;
}

static fw_status query_rows(const struct edgar *edgar, const struct edgar_part *part,
                            struct ArrowArrayStream *stream)
{
    struct fw_text text = {0};

    fw_text_append(&text, "SELECT fw_k, day FROM ");
    edgar_intake_append(edgar, &edgar->index, &text);
    fw_text_appendf(&text,
                    " JOIN fw_ciks ON fw_cik = cik WHERE day >= %" PRId32 " AND day <= %" PRId32
                    " ORDER BY day, fw_k",
                    part->first_day, part->last_day);
    fw_status status = text.failed
                           ? fw_fault_nomem(edgar->host)
                           : edgar->sql.api->query(edgar->sql.session, fw_text_get(&text), stream);
    fw_text_finish(&text);
    return status;
}

static void keep_rows(struct edgar_rows *rows, const struct ArrowArray *batch)
{
    const struct ArrowArray *ciks = batch->children[0], *days = batch->children[1];
    const int32_t *cik = (const int32_t *)ciks->buffers[1] + ciks->offset;
    const int32_t *day = (const int32_t *)days->buffers[1] + days->offset;

    for (int64_t i = 0; i < batch->length && rows->n < rows->capacity; i++) {
        rows->ciks[rows->n] = cik[i];
        rows->days[rows->n] = day[i];
        rows->n++;
    }
}

static fw_status read_rows(struct edgar_rows *rows, const struct edgar_part *part)
{
    const struct edgar *edgar = rows->edgar;
    struct ArrowArrayStream stream;
    struct ArrowArray batch;
    int code = 0;

    rows->capacity = (size_t)part->n_rows;
    rows->ciks = calloc(rows->capacity, sizeof *rows->ciks);
    rows->days = calloc(rows->capacity, sizeof *rows->days);
    if (rows->ciks == NULL || rows->days == NULL) {
        return fw_fault_nomem(edgar->host);
    }
    fw_status status = query_rows(edgar, part, &stream);
    if (status != FW_OK) {
        return status;
    }
    while ((code = stream.get_next(&stream, &batch)) == 0 && batch.release != NULL) {
        keep_rows(rows, &batch);
        batch.release(&batch);
    }
    status = code == 0 ? FW_OK : fw_stream_fault(edgar->host, &stream, code);
    stream.release(&stream);
    return status;
}

/* What is known before the first day is worked in at once, the rest waits for its rows. */
static fw_status prepare(struct edgar_rows *rows, const struct edgar_part *part)
{
    struct edgar *edgar = rows->edgar;
    int32_t day = part->n_rows > 0 ? part->first_day : part->last_day;
    fw_status status = edgar_filings_read(edgar, edgar_timeline_cutoff(edgar, day), NULL);

    if (status != FW_OK || part->n_rows == 0) {
        return status;
    }
    rows->tracks = edgar_tracks_copy(edgar->tracks);
    if (rows->tracks == NULL) {
        return fw_fault_nomem(edgar->host);
    }
    status =
        edgar_filings_read(edgar, edgar_timeline_cutoff(edgar, part->last_day), &rows->filings);
    if (status == FW_OK) {
        status = read_rows(rows, part);
    }
    if (status == FW_OK && !edgar_filings_apply(&rows->filings, edgar->tracks)) {
        status = fw_fault_nomem(edgar->host);
    }
    return status == FW_OK ? make_folder(edgar, part) : status;
}

static void append_view(size_t i, struct fw_text *text)
{
    fw_text_appendf(text, "fw_rows_%zu", i);
}

static fw_status attach(struct edgar_rows *rows, size_t i)
{
    const struct edgar *edgar = rows->edgar;
    struct ArrowArrayStream stream;
    struct fw_text view = {0};

    append_view(i, &view);
    if (view.failed) {
        return fw_fault_nomem(edgar->host);
    }
    edgar_rows_stream(rows, &stream);
    fw_status status = edgar->sql.api->attach(edgar->sql.session, fw_text_get(&view), &stream);
    rows->attached = status == FW_OK;
    fw_text_finish(&view);
    return status;
}

static fw_status detach(struct edgar_rows *rows, size_t i)
{
    const struct edgar *edgar = rows->edgar;
    struct fw_text view = {0};

    append_view(i, &view);
    fw_status status =
        rows->attached ? edgar->sql.api->detach(edgar->sql.session, fw_text_get(&view)) : FW_OK;
    fw_text_finish(&view);
    return status;
}

static void append_copy(const struct edgar *edgar, const struct edgar_part *part, size_t i,
                        struct fw_text *text)
{
    struct fw_text path = {0}, query = {0};

    edgar_part_path(edgar, part, &path);
    fw_text_append(&query, "SELECT * FROM ");
    append_view(i, &query);
    fw_text_append(text, "COPY (");
    fw_sql_append_in_order(text, fw_text_get(&query));
    fw_text_append(text, ") ");
    fw_sql_append_to_parquet(text, fw_text_get(&path), FW_SQL_WIDE_COLUMNS);
    text->failed = text->failed || path.failed || query.failed;
    fw_text_finish(&path);
    fw_text_finish(&query);
}

/* The files of the parts side by side; each has one thread, so that its bytes are repeatable. */
static fw_status copy(struct edgar *edgar, const struct edgar_part *parts, size_t n)
{
    struct fw_text *copies = calloc(n, sizeof *copies);
    const char **statements = calloc(n, sizeof *statements);
    bool failed = copies == NULL || statements == NULL;
    size_t n_copies = 0;

    for (size_t i = 0; i < n && !failed; i++) {
        if (parts[i].n_rows > 0) {
            append_copy(edgar, &parts[i], i, &copies[n_copies]);
            failed = copies[n_copies].failed;
            statements[n_copies] = fw_text_get(&copies[n_copies]);
            n_copies++;
        }
    }
    fw_status status =
        failed ? fw_fault_nomem(edgar->host)
               : edgar->sql.api->exec_parallel(edgar->sql.session, statements, n_copies, NULL);
    for (size_t i = 0; copies != NULL && i < n; i++) {
        fw_text_finish(&copies[i]);
    }
    free(copies);
    free(statements);
    return status;
}

static fw_status note(const struct edgar_rows *rows, const struct edgar_part *part)
{
    struct edgar *edgar = rows->edgar;
    struct fw_text path = {0};
    fw_status status = FW_OK;

    if (part->n_rows == 0) {
        return FW_OK;
    }
    edgar_part_path(edgar, part, &path);
    if (path.failed) {
        status = fw_fault_nomem(edgar->host);
    } else if (rows->next_row != (size_t)part->n_rows) {
        status = fw_faultf(edgar->host, FW_E_INTERNAL, fw_text_get(&path), NULL,
                           "%zu rows were written where the index has %" PRId64, rows->next_row,
                           part->n_rows);
    } else {
        status = edgar_state_add(edgar, fw_text_get(&path));
    }
    fw_text_finish(&path);
    return status;
}

static fw_status write(struct edgar *edgar, struct edgar_rows *rows, size_t n)
{
    const struct edgar_part *parts = &edgar->parts[edgar->n_parts_done];
    fw_status status = FW_OK;

    for (size_t i = 0; i < n && status == FW_OK; i++) {
        rows[i].edgar = edgar;
        status = prepare(&rows[i], &parts[i]);
        if (status == FW_OK && parts[i].n_rows > 0) {
            status = attach(&rows[i], i);
        }
    }
    if (status == FW_OK) {
        status = copy(edgar, parts, n);
    }
    for (size_t i = 0; i < n; i++) {
        fw_status detached = detach(&rows[i], i);
        status = status == FW_OK ? detached : status;
    }
    for (size_t i = 0; i < n && status == FW_OK; i++) {
        status = note(&rows[i], &parts[i]);
    }
    return status;
}

fw_status edgar_parts_write(struct edgar *edgar)
{
    const struct fw_budget *budget = edgar->host->service(edgar->host, FW_BUDGET_ID);
    size_t threads = budget->limits(edgar->host)->threads;
    size_t left = edgar->n_parts - edgar->n_parts_done;
    size_t n = left < threads ? left : threads;
    struct edgar_rows *rows = calloc(n, sizeof *rows);

    if (rows == NULL) {
        return fw_fault_nomem(edgar->host);
    }
    fw_status status = write(edgar, rows, n);
    for (size_t i = 0; i < n; i++) {
        edgar_rows_finish(&rows[i]);
    }
    free(rows);
    edgar->n_parts_done += status == FW_OK ? n : 0;
    return status;
}

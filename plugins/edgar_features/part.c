/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdlib.h>

#include "rows.h"
#include "sql/copy.h"
#include "sql/stream.h"
#include "wide/wide.h"

#define VIEW "fw_rows"

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

static fw_status copy(struct edgar_rows *rows, const struct edgar_part *part, const char *path)
{
    const struct edgar *edgar = rows->edgar;
    struct ArrowArrayStream stream;
    struct fw_text text = {0};

    edgar_rows_stream(rows, &stream);
    fw_status status = edgar->sql.api->attach(edgar->sql.session, VIEW, &stream);
    if (status != FW_OK) {
        return status;
    }
    fw_text_append(&text, "COPY (");
    fw_sql_append_in_order(&text, "SELECT * FROM " VIEW);
    fw_text_append(&text, ") ");
    fw_sql_append_to_parquet(&text, path, FW_SQL_WIDE_COLUMNS);
    status = fw_sql_exec_text(&edgar->sql, &text);
    fw_text_finish(&text);
    fw_status detached = edgar->sql.api->detach(edgar->sql.session, VIEW);
    status = status == FW_OK ? detached : status;
    if (status == FW_OK && rows->next_row != (size_t)part->n_rows) {
        return fw_faultf(edgar->host, FW_E_INTERNAL, path, NULL,
                         "%zu rows were written where the index has %" PRId64, rows->next_row,
                         part->n_rows);
    }
    return status;
}

static fw_status write_file(struct edgar_rows *rows, const struct edgar_part *part)
{
    struct edgar *edgar = rows->edgar;
    struct fw_text path = {0};
    fw_status status = make_folder(edgar, part);

    edgar_part_path(edgar, part, &path);
    if (status == FW_OK) {
        status = path.failed ? fw_fault_nomem(edgar->host) : copy(rows, part, fw_text_get(&path));
    }
    if (status == FW_OK) {
        status = edgar_state_add(edgar, fw_text_get(&path));
    }
    fw_text_finish(&path);
    return status;
}

/* What is known before the first day is worked in at once, the rest between the rows. */
fw_status edgar_part_write(struct edgar *edgar, const struct edgar_part *part)
{
    struct edgar_rows rows = {.edgar = edgar};
    int32_t day = part->n_rows > 0 ? part->first_day : part->last_day;
    fw_status status = edgar_filings_read(edgar, edgar_timeline_cutoff(edgar, day), NULL);

    if (status != FW_OK || part->n_rows == 0) {
        return status;
    }
    status = edgar_filings_read(edgar, edgar_timeline_cutoff(edgar, part->last_day), &rows.filings);
    if (status == FW_OK) {
        status = read_rows(&rows, part);
    }
    if (status == FW_OK) {
        status = write_file(&rows, part);
    }
    if (status == FW_OK && !edgar_rows_work_in(&rows, edgar->applied_us)) {
        status = fw_fault_nomem(edgar->host);
    }
    edgar_filings_finish(&rows.filings);
    free(rows.ciks);
    free(rows.days);
    return status;
}

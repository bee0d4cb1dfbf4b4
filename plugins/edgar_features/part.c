/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdlib.h>

#include <fw/service/budget.h>

#include "group.h"
#include "sql/stream.h"
#include "wide/wide.h"

/* A part on its way into its file, as many row groups at a time as there are threads. */
struct writer {
    struct edgar *edgar;
    const struct edgar_part *part;
    struct fw_parquet_file file;
    struct edgar_filings filings; /* those that become known on its days */
    size_t next_filing;
    struct edgar_group *groups;
    size_t n_groups, n_full;
    int64_t n_rows;
};

void edgar_part_path(const struct edgar *edgar, int32_t year, int32_t number, struct fw_text *path)
{
    fw_text_appendf(path, "%s/snapshot_year=%04" PRId32, edgar->output->path, year);
    if (number >= 0) {
        fw_text_appendf(path, "/part-%" PRId32 ".parquet", number);
    }
}

static fw_status flush(struct writer *writer, size_t n)
{
    fw_status status = n > 0 ? edgar_groups_encode(writer->groups, n) : FW_OK;

    for (size_t i = 0; i < n && status == FW_OK; i++) {
        status = fw_parquet_append(&writer->file, writer->groups[i].block);
        edgar_group_clear(&writer->groups[i]);
    }
    writer->n_full = 0;
    return status;
}

/* The group that has room for one row more. */
static fw_status next_group(struct writer *writer, struct edgar_group **ret_group)
{
    fw_status status = FW_OK;

    if (writer->groups[writer->n_full].n_rows == FW_PARQUET_GROUP_ROWS &&
        ++writer->n_full == writer->n_groups) {
        status = flush(writer, writer->n_groups);
    }
    *ret_group = &writer->groups[writer->n_full];
    return status;
}

/* All filings up to the day's cutoff, and none after it. */
static bool work_in(struct writer *writer, int32_t day)
{
    const struct edgar_filings *filings = &writer->filings;
    struct edgar_tracks *tracks = writer->edgar->tracks;
    const int64_t cutoff_us = edgar_timeline_cutoff(writer->edgar, day);
    size_t *next = &writer->next_filing;

    for (; *next < filings->n && filings->filed_us[*next] <= cutoff_us; (*next)++) {
        size_t cik = (size_t)filings->ciks[*next];
        if (!edgar_tracks_add(tracks, cik, filings->filed_us[*next],
                              filings->values + *next * tracks->n_features)) {
            return false;
        }
    }
    return true;
}

static int32_t number(const struct ArrowArray *column, int64_t i)
{
    return ((const int32_t *)column->buffers[1])[column->offset + i];
}

/* Columns as in append_rows. */
static struct edgar_row row_of(const struct edgar *edgar, const struct ArrowArray *batch, int64_t i)
{
    struct edgar_row row = {.cik = number(batch->children[0], i),
                            .day = number(batch->children[1], i)};

    if (edgar_cutoff_is_given(edgar)) {
        const struct ArrowArray *at = batch->children[2];
        row.at_us = ((const int64_t *)at->buffers[1])[at->offset + i];
    } else {
        row.at_us = edgar_timeline_cutoff(edgar, row.day);
    }
    if (edgar->by_offer) {
        row.offer = number(batch->children[batch->n_children - 1], i);
    }
    return row;
}

static fw_status take_rows(struct writer *writer, const struct ArrowArray *batch)
{
    struct edgar_group *group;

    for (int64_t i = 0; i < batch->length; i++, writer->n_rows++) {
        struct edgar_row row = row_of(writer->edgar, batch, i);
        fw_status status = next_group(writer, &group);
        if (status != FW_OK) {
            return status;
        }
        if (!work_in(writer, row.day)) {
            return fw_fault_nomem(writer->edgar->host);
        }
        edgar_group_add(group, &row);
    }
    return FW_OK;
}

static void append_rows(const struct writer *writer, struct fw_text *query)
{
    const char *at = edgar_cutoff_is_given(writer->edgar) ? ", upto" : "";
    const char *offer = writer->edgar->by_offer ? ", o" : "";

    fw_text_appendf(query,
                    "SELECT k, day%s%s FROM fw_rows WHERE day >= %" PRId32 " AND day <= %" PRId32
                    " ORDER BY day, k%s%s",
                    at, offer, writer->part->first_day, writer->part->last_day, offer, at);
}

static fw_status write_rows(struct writer *writer)
{
    const struct edgar *edgar = writer->edgar;
    struct ArrowArrayStream stream;
    struct ArrowArray batch;
    struct fw_text query = {0};
    int code = 0;

    append_rows(writer, &query);
    fw_status status =
        query.failed ? fw_fault_nomem(edgar->host)
                     : edgar->sql.api->query(edgar->sql.session, fw_text_get(&query), &stream);
    fw_text_finish(&query);
    if (status != FW_OK) {
        return status;
    }
    while (status == FW_OK && (code = stream.get_next(&stream, &batch)) == 0 &&
           batch.release != NULL) {
        status = take_rows(writer, &batch);
        batch.release(&batch);
    }
    if (status == FW_OK && code != 0) {
        status = fw_stream_fault(edgar->host, &stream, code);
    }
    stream.release(&stream);
    if (status == FW_OK) {
        status = flush(writer, writer->n_full + (writer->groups[writer->n_full].n_rows > 0));
    }
    /* Days after the last row have filings, too. */
    return status != FW_OK || work_in(writer, writer->part->last_day) ? status
                                                                      : fw_fault_nomem(edgar->host);
}

/* What is known before the first day is worked in at once, the rest waits for its rows. */
static fw_status read_filings(struct writer *writer)
{
    struct edgar *edgar = writer->edgar;
    const struct edgar_part *part = writer->part;
    int32_t first = part->n_rows > 0 ? part->first_day : part->last_day;
    fw_status status = edgar_filings_read(edgar, edgar_timeline_cutoff(edgar, first), NULL);

    if (status == FW_OK && part->n_rows > 0) {
        status = edgar_filings_read(edgar, edgar_timeline_cutoff(edgar, part->last_day),
                                    &writer->filings);
    }
    return status;
}

static fw_status make_groups(struct writer *writer)
{
    struct edgar *edgar = writer->edgar;
    const struct fw_budget *budget = edgar->host->service(edgar->host, FW_BUDGET_ID);
    size_t n = budget->limits(edgar->host)->threads;

    writer->groups = calloc(n, sizeof *writer->groups);
    if (writer->groups == NULL) {
        return fw_fault_nomem(edgar->host);
    }
    while (writer->n_groups < n) {
        if (!edgar_group_init(&writer->groups[writer->n_groups++], edgar)) {
            return fw_fault_nomem(edgar->host);
        }
    }
    return FW_OK;
}

static fw_status write_file(struct writer *writer, const char *folder, const char *path)
{
    struct edgar *edgar = writer->edgar;
    fw_status status = make_groups(writer);

    if (status == FW_OK) {
        status = fw_wide_make_folder(edgar->host, folder);
    }
    if (status == FW_OK) {
        size_t first = edgar->first_column;
        status = fw_parquet_open(&writer->file, edgar->host, path, edgar->columns + first,
                                 edgar->n_columns - first);
        status = fw_parquet_close(&writer->file, status == FW_OK ? write_rows(writer) : status);
    }
    if (status == FW_OK && writer->n_rows != writer->part->n_rows) {
        status = fw_faultf(edgar->host, FW_E_INTERNAL, path, NULL,
                           "%" PRId64 " rows were written where the index has %" PRId64,
                           writer->n_rows, writer->part->n_rows);
    }
    return status == FW_OK ? edgar_state_add(edgar, writer->part->year, writer->part->number)
                           : status;
}

static fw_status write_part(struct writer *writer)
{
    const struct edgar_part *part = writer->part;
    struct fw_text folder = {0}, path = {0};
    fw_status status = read_filings(writer);

    if (status == FW_OK && part->n_rows > 0) {
        edgar_part_path(writer->edgar, part->year, -1, &folder);
        edgar_part_path(writer->edgar, part->year, part->number, &path);
        status = folder.failed || path.failed
                     ? fw_fault_nomem(writer->edgar->host)
                     : write_file(writer, fw_text_get(&folder), fw_text_get(&path));
    }
    fw_text_finish(&folder);
    fw_text_finish(&path);
    return status;
}

fw_status edgar_part_write(struct edgar *edgar)
{
    struct writer writer = {.edgar = edgar, .part = &edgar->parts[edgar->n_parts_done]};
    fw_status status = write_part(&writer);

    for (size_t i = 0; i < writer.n_groups; i++) {
        edgar_group_finish(&writer.groups[i]);
    }
    free(writer.groups);
    edgar_filings_finish(&writer.filings);
    edgar->n_parts_done += status == FW_OK;
    return status;
}

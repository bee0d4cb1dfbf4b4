/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "edgar.h"
#include "sql/stream.h"

/* A filing that was read and may still be replaced by the next one. */
struct reader {
    struct edgar *edgar;
    struct edgar_filings *filings; /* NULL: they are worked in */
    bool pending;
    int32_t cik;
    int64_t filed_us;
    double *values;
};

static void append_query(const struct edgar *edgar, int64_t to_us, struct fw_text *query)
{
    fw_text_append(query, "SELECT k, filed");
    for (size_t i = 0; i < edgar->n_features; i++) {
        fw_text_appendf(query, ", v%zu", i);
    }
    fw_text_appendf(query,
                    " FROM fw_filings WHERE filed > %" PRId64 " AND filed <= %" PRId64
                    " ORDER BY filed, k, accepted NULLS FIRST, accession NULLS FIRST, fw_file, "
                    "fw_row",
                    edgar->applied_us, to_us);
}

static bool is_valid(const struct ArrowArray *column, int64_t row)
{
    const uint8_t *validity = column->buffers[0];
    int64_t bit = row + column->offset;

    return validity == NULL || (validity[bit / 8] >> (bit % 8) & 1) != 0;
}

/* NaN stands for a text that is no number; the reference keeps infinite ones. */
static double value_of(struct edgar *edgar, const struct ArrowArray *column, int64_t row)
{
    const double *values = column->buffers[1];
    double value = values[row + column->offset];

    if (!is_valid(column, row)) {
        return NAN;
    }
    if (isnan(value)) {
        edgar->n_not_numbers++;
    } else if (!isfinite(value)) {
        edgar->n_not_finite++;
        return edgar->rules.compat ? value : NAN;
    }
    return value;
}

static bool grow(struct edgar_filings *filings, size_t n_features)
{
    size_t capacity = filings->capacity * 2 + 1024;
    int32_t *ciks = reallocarray(filings->ciks, capacity, sizeof *ciks);
    filings->ciks = ciks != NULL ? ciks : filings->ciks;
    int64_t *filed_us = reallocarray(filings->filed_us, capacity, sizeof *filed_us);
    filings->filed_us = filed_us != NULL ? filed_us : filings->filed_us;
    double *values = reallocarray(filings->values, capacity, n_features * sizeof *values);
    filings->values = values != NULL ? values : filings->values;

    if (ciks == NULL || filed_us == NULL || values == NULL) {
        return false;
    }
    filings->capacity = capacity;
    return true;
}

static bool keep(struct reader *reader)
{
    struct edgar_filings *filings = reader->filings;
    size_t n_features = reader->edgar->n_features;

    if (filings->n == filings->capacity && !grow(filings, n_features)) {
        return false;
    }
    filings->ciks[filings->n] = reader->cik;
    filings->filed_us[filings->n] = reader->filed_us;
    memcpy(filings->values + filings->n * n_features, reader->values,
           n_features * sizeof *reader->values);
    filings->n++;
    return true;
}

static bool flush(struct reader *reader)
{
    bool done = true;

    if (reader->pending) {
        reader->pending = false;
        done = reader->filings != NULL
                   ? keep(reader)
                   : edgar_tracks_add(reader->edgar->tracks, (size_t)reader->cik, reader->filed_us,
                                      reader->values);
    }
    return done;
}

static bool read_row(struct reader *reader, const struct ArrowArray *batch, int64_t row)
{
    const struct ArrowArray *ciks = batch->children[0], *filed = batch->children[1];
    int32_t cik = ((const int32_t *)ciks->buffers[1])[row + ciks->offset];
    int64_t filed_us = ((const int64_t *)filed->buffers[1])[row + filed->offset];

    if (reader->pending && cik == reader->cik && filed_us == reader->filed_us) {
        reader->edgar->n_same_instant++;
        reader->pending = false;
    }
    if (!flush(reader)) {
        return false;
    }
    reader->pending = true;
    reader->cik = cik;
    reader->filed_us = filed_us;
    reader->edgar->n_filings++;
    for (size_t i = 0; i < reader->edgar->n_features; i++) {
        reader->values[i] = value_of(reader->edgar, batch->children[2 + i], row);
    }
    return true;
}

static fw_status read_stream(struct reader *reader, struct ArrowArrayStream *stream)
{
    const struct fw_host *host = reader->edgar->host;
    struct ArrowArray batch;
    int code = 0;

    while ((code = stream->get_next(stream, &batch)) == 0 && batch.release != NULL) {
        bool good = true;
        for (int64_t row = 0; row < batch.length && good; row++) {
            good = read_row(reader, &batch, row);
        }
        batch.release(&batch);
        if (!good) {
            return fw_fault_nomem(host);
        }
    }
    if (code != 0) {
        return fw_stream_fault(host, stream, code);
    }
    return flush(reader) ? FW_OK : fw_fault_nomem(host);
}

static fw_status query(const struct edgar *edgar, int64_t to_us, struct ArrowArrayStream *stream)
{
    struct fw_text text = {0};

    append_query(edgar, to_us, &text);
    fw_status status = text.failed
                           ? fw_fault_nomem(edgar->host)
                           : edgar->sql.api->query(edgar->sql.session, fw_text_get(&text), stream);
    fw_text_finish(&text);
    return status;
}

fw_status edgar_filings_read(struct edgar *edgar, int64_t to_us, struct edgar_filings *ret_filings)
{
    struct reader reader = {.edgar = edgar, .filings = ret_filings};
    struct ArrowArrayStream stream;

    if (to_us <= edgar->applied_us) {
        return FW_OK;
    }
    reader.values = calloc(edgar->n_features, sizeof *reader.values);
    if (reader.values == NULL) {
        return fw_fault_nomem(edgar->host);
    }
    fw_status status = query(edgar, to_us, &stream);
    if (status == FW_OK) {
        status = read_stream(&reader, &stream);
        stream.release(&stream);
    }
    free(reader.values);
    edgar->applied_us = to_us;
    return status;
}

void edgar_filings_finish(struct edgar_filings *filings)
{
    free(filings->ciks);
    free(filings->filed_us);
    free(filings->values);
    *filings = (struct edgar_filings){0};
}

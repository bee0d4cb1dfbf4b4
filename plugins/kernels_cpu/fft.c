/* SPDX-License-Identifier: MIT */
#include "fft.h"

#include <stdlib.h>
#include <string.h>

#include "fft_line.h"
#include "kernels/check.h"
#include "kernels/ops.h"
#include "session.h"

/* Two dimensions are lines one way and then the other, cut into tasks here, so that bits do not
 * depend on the threads. Columns are carried to scratch memory this many at a time: a cache
 * line or two of each row. */
#define FFT_COLUMNS 8

struct transform {
    const struct fw_fft *op;
    struct crew *crew;
    uint64_t real; /* bytes */
    uint64_t half; /* complex columns */
    const struct fft_line *row;
    const struct fft_line *column;
    const char *in;
    char *out;
    double row_scale;
    double column_scale;
    const char *columns_in;
    char *columns_out;
    const char *rows_in;
};

const char *fft_library(void)
{
    return fft_line_library() ? fft_line_library() : "no FFTW";
}

void fft_forget(struct fw_kernels_session *session)
{
    while (session->lines != NULL) {
        struct fft_line *next = session->lines->next;
        fft_line_destroy(session->lines);
        session->lines = next;
    }
}

static const struct fft_line *line_for(struct fw_kernels_session *session, uint32_t dtype,
                                       uint32_t kind, uint64_t n)
{
    struct fft_line *line;

    for (line = session->lines; line != NULL; line = line->next) {
        if (line->dtype == dtype && line->kind == kind && line->n == n) {
            return line;
        }
    }
    line = fft_line_create(dtype, kind, n);
    if (line != NULL) {
        line->next = session->lines;
        session->lines = line;
    }
    return line;
}

static uint64_t rounded(uint64_t bytes)
{
    return (bytes + 63) / 64 * 64;
}

static void copy_scaled(const struct transform *t, const void *from, void *to, uint64_t n,
                        double scale)
{
    if (scale == 1) {
        memcpy(to, from, n * t->real);
    } else if (t->real == 8) {
        for (uint64_t i = 0; i < n; i++) {
            ((double *)to)[i] = ((const double *)from)[i] * scale;
        }
    } else {
        for (uint64_t i = 0; i < n; i++) {
            ((float *)to)[i] = ((const float *)from)[i] * (float)scale;
        }
    }
}

static void run_rows(void *arg, uint64_t begin, uint64_t end, uint32_t worker)
{
    const struct transform *t = arg;
    uint64_t cols = t->op->cols, in = t->op->kind == FW_FFT_REAL ? cols : 2 * t->half;
    uint64_t out = t->op->kind == FW_FFT_TO_REAL ? cols : 2 * t->half;
    char *scratch = crew_scratch(t->crew, worker), *result = scratch;

    if (t->op->kind >= FW_FFT_REAL) {
        result += rounded(2 * t->half * t->real);
    }
    for (uint64_t row = begin; row < end; row++) {
        memcpy(scratch, t->rows_in + row * in * t->real, in * t->real);
        fft_line_run(t->row, scratch, result);
        copy_scaled(t, result, t->out + row * out * t->real, out, t->row_scale);
    }
}

/* Up to FFT_COLUMNS columns of one image, from the one place to the other. */
static void run_columns(void *arg, uint64_t task, uint32_t worker)
{
    const struct transform *t = arg;
    uint64_t strips = (t->half + FFT_COLUMNS - 1) / FFT_COLUMNS, complex = 2 * t->real;
    uint64_t rows = t->op->rows, first = task % strips * FFT_COLUMNS;
    uint64_t n = t->half - first < FFT_COLUMNS ? t->half - first : FFT_COLUMNS;
    uint64_t begin = (task / strips * rows * t->half + first) * complex;
    uint64_t pitch = rounded(rows * complex);
    char *scratch = crew_scratch(t->crew, worker);

    for (uint64_t r = 0; r < rows; r++) {
        for (uint64_t c = 0; c < n; c++) {
            memcpy(scratch + c * pitch + r * complex,
                   t->columns_in + begin + (r * t->half + c) * complex, complex);
        }
    }
    for (uint64_t c = 0; c < n; c++) {
        fft_line_run(t->column, scratch + c * pitch, scratch + c * pitch);
        copy_scaled(t, scratch + c * pitch, scratch + c * pitch, 2 * rows, t->column_scale);
    }
    for (uint64_t r = 0; r < rows; r++) {
        for (uint64_t c = 0; c < n; c++) {
            memcpy(t->columns_out + begin + (r * t->half + c) * complex,
                   scratch + c * pitch + r * complex, complex);
        }
    }
}

static void rows_pass(struct fw_kernels_session *session, struct transform *t)
{
    session_each(session, t->op->batch * t->op->rows, 4096 / t->op->cols + 1, run_rows, t);
}

static void columns_pass(struct fw_kernels_session *session, struct transform *t)
{
    uint64_t strips = (t->half + FFT_COLUMNS - 1) / FFT_COLUMNS;

    crew_run(session->crew, t->op->batch * strips, run_columns, t);
}

/* Towards real images columns come first, into memory of their own: `in` is not written to. */
static fw_status to_real(struct fw_kernels_session *session, struct transform *t)
{
    char *spare = NULL;

    t->rows_in = t->in;
    if (t->op->rows > 1) {
        spare =
            session_temporary(session, "fft", t->op->batch * t->op->rows * t->half * 2 * t->real);
        if (spare == NULL) {
            return FW_E_NOMEM;
        }
        t->columns_in = t->in;
        t->columns_out = spare;
        t->rows_in = spare;
        columns_pass(session, t);
    }
    t->row_scale = t->op->scale;
    rows_pass(session, t);
    free(spare);
    return FW_OK;
}

static fw_status run(struct fw_kernels_session *session, struct transform *t)
{
    const struct fw_fft *op = t->op;
    bool inverse = op->kind == FW_FFT_INVERSE || op->kind == FW_FFT_TO_REAL;
    uint64_t line = 2 * rounded(2 * t->half * t->real);
    uint64_t strip = FFT_COLUMNS * rounded(op->rows * 2 * t->real);
    fw_status status = session_scratch(session, "fft", line > strip ? line : strip);

    if (status != FW_OK) {
        return status;
    }
    t->row = line_for(session, op->dtype, op->kind, op->cols);
    t->column = line_for(session, op->dtype, inverse ? FW_FFT_INVERSE : FW_FFT_FORWARD, op->rows);
    if (t->row == NULL || t->column == NULL) {
        return FW_FAIL(session->host, FW_E_NOMEM, .what = "out of memory for a transform's plan",
                       .where = "fft");
    }
    t->row_scale = 1;
    t->column_scale = 1;
    if (op->kind == FW_FFT_TO_REAL) {
        return to_real(session, t);
    }
    t->rows_in = t->in;
    t->row_scale = op->rows > 1 ? 1 : op->scale;
    rows_pass(session, t);
    if (op->rows > 1) {
        t->columns_in = t->out;
        t->columns_out = t->out;
        t->column_scale = op->scale;
        columns_pass(session, t);
    }
    return FW_OK;
}

fw_status op_fft(struct fw_kernels_session *session, const struct fw_fft *op)
{
    struct fw_call call = fw_call_begin(session->host, session, "fft", op->struct_size, sizeof *op);
    const struct fw_fft_at at = fw_check_fft(&call, op);
    struct transform t = {.op = op,
                          .crew = session->crew,
                          .real = call.element,
                          .half = at.half,
                          .in = at.in,
                          .out = at.out};

    if (call.status != FW_OK || at.real == 0) {
        return call.status;
    }
    if (fft_line_library() == NULL) {
        return FW_FAIL(session->host, FW_E_UNSUPPORTED, .what = "built without FFTW",
                       .where = "fft", .remedy = "build with libfftw3-dev installed");
    }
    return run(session, &t);
}

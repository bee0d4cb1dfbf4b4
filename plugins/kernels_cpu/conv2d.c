/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "conv_filter.h"
#include "kernels/check.h"
#include "kernels/ops.h"
#include "session.h"
#include "slide.h"
#include "winograd.h"

/* One convolution: what was asked for, and where. */
struct convolution {
    struct fw_kernels_session *session;
    const struct fw_conv2d *op;
    struct fw_conv2d_at at;
    const struct simd *simd;
};

/* What both directions of sliding have in common. */
static struct slide begin_slide(const struct convolution *c)
{
    return (struct slide){
        .simd = c->simd,
        .batch = c->op->batch,
        .store.alpha = c->op->alpha,
        .store.beta = c->op->beta,
        .row_step = 1,
        .col_step = 1,
    };
}

static fw_status forward(const struct convolution *c)
{
    const struct fw_conv2d *op = c->op;
    uint64_t n_taps = (uint64_t)op->kernel_rows * op->kernel_cols;
    struct slide slide = begin_slide(c);
    struct slide_tap *taps = session_temporary(c->session, "conv2d", n_taps * sizeof *taps);
    fw_status status;

    if (taps == NULL) {
        return FW_E_NOMEM;
    }
    for (uint64_t t = 0; t < n_taps; t++) {
        taps[t] =
            (struct slide_tap){.row = t / op->kernel_cols, .col = t % op->kernel_cols, .filter = t};
    }
    slide.input = c->at.input;
    slide.filter = c->at.filter;
    slide.store.row_bias = c->at.bias;
    slide.store.c = c->at.output;
    slide.channels = op->in_channels;
    slide.in_rows = op->in_rows;
    slide.in_cols = op->in_cols;
    slide.first_row = -(int64_t)op->pad_rows;
    slide.first_col = -(int64_t)op->pad_cols;
    slide.row_step = op->stride_rows;
    slide.col_step = op->stride_cols;
    slide.rows = c->at.rows;
    slide.cols = c->at.cols;
    slide.taps = taps;
    slide.n_taps = n_taps;
    slide.span_rows = op->kernel_rows;
    slide.span_cols = op->kernel_cols;
    slide.filter_row = op->in_channels * n_taps;
    slide.filter_channel = n_taps;
    slide.out_image = op->out_channels * c->at.rows * c->at.cols;
    slide.out_row = c->at.cols;
    slide.out_col = 1;
    slide.store.rows = op->out_channels;
    slide.store.row_stride = c->at.rows * c->at.cols;
    slide.store.col_stride = 1;
    slide.store.relu = op->post == FW_POST_RELU;
    status = slide_run(c->session, &slide);
    free(taps);
    return status;
}

/*
 * One dimension of one phase of the input's gradient: the places first, first + stride, ... see
 * the same taps phase, phase + stride, ... of the filter, and neighbouring places see neighbouring
 * places of the output.
 */
struct phase {
    uint64_t first;
    uint64_t places;
    uint64_t tap;
    uint64_t taps;
    int64_t source; /* of the output, which the last tap sees from the first place */
};

static struct phase phase_of(uint64_t phase, uint64_t in, uint64_t kernel, uint64_t stride,
                             uint64_t pad)
{
    struct phase p = {.tap = (phase + pad) % stride};

    p.first = phase;
    p.places = phase < in ? (in - phase - 1) / stride + 1 : 0;
    p.taps = p.tap < kernel ? (kernel - p.tap - 1) / stride + 1 : 0;
    p.source = (int64_t)((phase + pad - p.tap) / stride) - (int64_t)p.taps + 1;
    return p;
}

static void set_phase(struct slide *slide, const struct fw_conv2d *op, const struct phase *rows,
                      const struct phase *cols, struct slide_tap *taps)
{
    slide->first_row = rows->source;
    slide->first_col = cols->source;
    slide->rows = rows->places;
    slide->cols = cols->places;
    slide->taps = taps;
    slide->n_taps = rows->taps * cols->taps;
    slide->span_rows = rows->taps > 0 ? rows->taps : 1;
    slide->span_cols = cols->taps > 0 ? cols->taps : 1;
    for (uint64_t t = 0; t < slide->n_taps; t++) {
        uint64_t r = t / cols->taps, q = t % cols->taps;
        taps[t] = (struct slide_tap){
            .row = rows->taps - 1 - r,
            .col = cols->taps - 1 - q,
            .filter = (rows->tap + r * op->stride_rows) * op->kernel_cols + cols->tap +
                      q * op->stride_cols,
        };
    }
}

static void clear_piece(void *arg, uint64_t begin, uint64_t end, uint32_t worker)
{
    (void)worker;
    memset((char *)arg + begin, 0, end - begin);
}

/* Pixels that no tap sees, as there are where a filter is shorter than its stride, have no
 * gradient: whether they are done with, all at once instead of phase by phase. */
static bool settle_unseen(const struct convolution *c)
{
    const struct fw_conv2d *op = c->op;
    uint64_t pixels = (uint64_t)op->batch * op->in_channels * op->in_rows * op->in_cols;

    if ((op->kernel_rows >= op->stride_rows && op->kernel_cols >= op->stride_cols) ||
        (op->beta != 0 && op->beta != 1)) {
        return false;
    }
    if (op->beta == 0) {
        session_each(c->session, pixels * c->simd->element, UINT64_C(1) << 20, clear_piece,
                     c->at.input);
    }
    return true;
}

static fw_status run_phases(const struct convolution *c, struct slide slide, struct slide_tap *taps)
{
    const struct fw_conv2d *op = c->op;
    bool unseen_settled = settle_unseen(c);
    char *input = slide.store.c;
    fw_status status = FW_OK;

    for (uint64_t r = 0; r < op->stride_rows && status == FW_OK; r++) {
        for (uint64_t q = 0; q < op->stride_cols && status == FW_OK; q++) {
            struct phase rows =
                phase_of(r, op->in_rows, op->kernel_rows, op->stride_rows, op->pad_rows);
            struct phase cols =
                phase_of(q, op->in_cols, op->kernel_cols, op->stride_cols, op->pad_cols);
            if (unseen_settled && rows.taps * cols.taps == 0) {
                continue;
            }
            set_phase(&slide, op, &rows, &cols, taps);
            slide.store.c = input + (r * op->in_cols + q) * c->simd->element;
            status = slide_run(c->session, &slide);
        }
    }
    return status;
}

static fw_status backward_data(const struct convolution *c)
{
    const struct fw_conv2d *op = c->op;
    uint64_t kernel = (uint64_t)op->kernel_rows * op->kernel_cols;
    struct slide slide = begin_slide(c);
    struct slide_tap *taps = session_temporary(c->session, "conv2d", kernel * sizeof *taps);
    fw_status status;

    if (taps == NULL) {
        return FW_E_NOMEM;
    }
    slide.input = c->at.output;
    slide.filter = c->at.filter;
    slide.store.c = c->at.input;
    slide.channels = op->out_channels;
    slide.in_rows = c->at.rows;
    slide.in_cols = c->at.cols;
    slide.filter_row = kernel;
    slide.filter_channel = op->in_channels * kernel;
    slide.out_image = (uint64_t)op->in_channels * op->in_rows * op->in_cols;
    slide.out_row = (uint64_t)op->stride_rows * op->in_cols;
    slide.out_col = op->stride_cols;
    slide.store.rows = op->in_channels;
    slide.store.row_stride = (uint64_t)op->in_rows * op->in_cols;
    slide.store.col_stride = op->stride_cols;
    status = run_phases(c, slide, taps);
    free(taps);
    return status;
}

static bool suits_winograd(const struct fw_conv2d *op, const struct fw_conv2d_at *at)
{
    return op->kernel_rows == 3 && op->kernel_cols == 3 && op->stride_rows == 1 &&
           op->stride_cols == 1 &&
           winograd_suits(at->rows, at->cols, op->in_channels, op->out_channels);
}

fw_status op_conv2d(struct fw_kernels_session *session, const struct fw_conv2d *op)
{
    struct fw_call call =
        fw_call_begin(session->host, session, "conv2d", op->struct_size, sizeof *op);
    const struct convolution c = {.session = session,
                                  .op = op,
                                  .at = fw_check_conv2d(&call, op),
                                  .simd = session_simd(session, op->dtype)};

    if (call.status != FW_OK) {
        return call.status;
    }
    switch (op->direction) {
    case FW_CONV_FORWARD:
        return forward(&c);
    case FW_CONV_BACKWARD_DATA:
        return backward_data(&c);
    default:
        if (suits_winograd(op, &c.at)) {
            return winograd_filter(session, op, &c.at);
        }
        return conv_filter(session, op, &c.at);
    }
}

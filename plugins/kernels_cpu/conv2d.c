/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "call.h"
#include "conv_filter.h"
#include "ops.h"
#include "slide.h"

struct shape {
    uint64_t rows; /* of the output */
    uint64_t cols;
    uint64_t input; /* elements */
    uint64_t filter;
    uint64_t output;
};

static struct shape check_shape(struct call *call, const struct fw_conv2d *op)
{
    uint64_t rows = (uint64_t)op->in_rows + 2 * (uint64_t)op->pad_rows;
    uint64_t cols = (uint64_t)op->in_cols + 2 * (uint64_t)op->pad_cols;
    struct shape shape = {0};

    call_expect(call, op->direction <= FW_CONV_BACKWARD_FILTER, "a direction of 0, 1 or 2",
                op->direction);
    call_expect(call, op->post == 0 || (op->post == 1 && op->direction == FW_CONV_FORWARD),
                "post 0, or 1 forward", op->post);
    call_expect(call, op->stride_rows > 0, "stride_rows of at least 1", op->stride_rows);
    call_expect(call, op->stride_cols > 0, "stride_cols of at least 1", op->stride_cols);
    call_expect(call, op->kernel_rows > 0 && op->kernel_rows <= rows,
                "kernel_rows of at least 1, and not more than the padded image", op->kernel_rows);
    call_expect(call, op->kernel_cols > 0 && op->kernel_cols <= cols,
                "kernel_cols of at least 1, and not more than the padded image", op->kernel_cols);
    if (call->status == FW_OK) {
        shape.rows = (rows - op->kernel_rows) / op->stride_rows + 1;
        shape.cols = (cols - op->kernel_cols) / op->stride_cols + 1;
        shape.input = call_times(call_times(op->batch, op->in_channels),
                                 call_times(op->in_rows, op->in_cols));
        shape.filter = call_times(call_times(op->out_channels, op->in_channels),
                                  call_times(op->kernel_rows, op->kernel_cols));
        shape.output =
            call_times(call_times(op->batch, op->out_channels), call_times(shape.rows, shape.cols));
    }
    return shape;
}

/* What both directions of sliding have in common. */
static struct slide begin_slide(const struct call *call, const struct fw_conv2d *op)
{
    return (struct slide){
        .simd = call->simd,
        .batch = op->batch,
        .store.alpha = op->alpha,
        .store.beta = op->beta,
        .row_step = 1,
        .col_step = 1,
    };
}

static fw_status forward(struct call *call, const struct fw_conv2d *op, const struct shape *shape)
{
    uint64_t element = call->simd->element, n_taps = (uint64_t)op->kernel_rows * op->kernel_cols;
    struct slide slide = begin_slide(call, op);
    struct slide_tap *taps = NULL;
    fw_status status = FW_E_NOMEM;

    slide.input = call_operand(call, "input", op->input, shape->input, element);
    slide.filter = call_operand(call, "filter", op->filter, shape->filter, element);
    slide.store.row_bias = call_optional(call, "bias", op->bias, op->out_channels, element);
    slide.store.c = call_operand(call, "output", op->output, shape->output, element);
    if (call->status != FW_OK) {
        return call->status;
    }
    taps = session_temporary(call->session, call->op, n_taps * sizeof *taps);
    if (taps == NULL) {
        return FW_E_NOMEM;
    }
    for (uint64_t t = 0; t < n_taps; t++) {
        taps[t] =
            (struct slide_tap){.row = t / op->kernel_cols, .col = t % op->kernel_cols, .filter = t};
    }
    slide.channels = op->in_channels;
    slide.in_rows = op->in_rows;
    slide.in_cols = op->in_cols;
    slide.first_row = -(int64_t)op->pad_rows;
    slide.first_col = -(int64_t)op->pad_cols;
    slide.row_step = op->stride_rows;
    slide.col_step = op->stride_cols;
    slide.rows = shape->rows;
    slide.cols = shape->cols;
    slide.taps = taps;
    slide.n_taps = n_taps;
    slide.span_rows = op->kernel_rows;
    slide.span_cols = op->kernel_cols;
    slide.filter_row = op->in_channels * n_taps;
    slide.filter_channel = n_taps;
    slide.out_image = op->out_channels * shape->rows * shape->cols;
    slide.out_row = shape->cols;
    slide.out_col = 1;
    slide.store.rows = op->out_channels;
    slide.store.row_stride = shape->rows * shape->cols;
    slide.store.col_stride = 1;
    slide.store.relu = op->post == FW_POST_RELU;
    status = slide_run(call->session, &slide);
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

static fw_status run_phases(struct call *call, const struct fw_conv2d *op, struct slide slide,
                            struct slide_tap *taps)
{
    char *input = slide.store.c;
    fw_status status = FW_OK;

    for (uint64_t r = 0; r < op->stride_rows && status == FW_OK; r++) {
        for (uint64_t q = 0; q < op->stride_cols && status == FW_OK; q++) {
            struct phase rows =
                phase_of(r, op->in_rows, op->kernel_rows, op->stride_rows, op->pad_rows);
            struct phase cols =
                phase_of(q, op->in_cols, op->kernel_cols, op->stride_cols, op->pad_cols);
            set_phase(&slide, op, &rows, &cols, taps);
            slide.store.c = input + (r * op->in_cols + q) * call->simd->element;
            status = slide_run(call->session, &slide);
        }
    }
    return status;
}

static fw_status backward_data(struct call *call, const struct fw_conv2d *op,
                               const struct shape *shape)
{
    uint64_t element = call->simd->element, kernel = (uint64_t)op->kernel_rows * op->kernel_cols;
    struct slide slide = begin_slide(call, op);
    struct slide_tap *taps = NULL;
    fw_status status = FW_E_NOMEM;

    slide.input = call_operand(call, "output", op->output, shape->output, element);
    slide.filter = call_operand(call, "filter", op->filter, shape->filter, element);
    slide.store.c = call_operand(call, "input", op->input, shape->input, element);
    if (call->status != FW_OK) {
        return call->status;
    }
    slide.channels = op->out_channels;
    slide.in_rows = shape->rows;
    slide.in_cols = shape->cols;
    slide.filter_row = kernel;
    slide.filter_channel = op->in_channels * kernel;
    slide.out_image = (uint64_t)op->in_channels * op->in_rows * op->in_cols;
    slide.out_row = (uint64_t)op->stride_rows * op->in_cols;
    slide.out_col = op->stride_cols;
    slide.store.rows = op->in_channels;
    slide.store.row_stride = (uint64_t)op->in_rows * op->in_cols;
    slide.store.col_stride = op->stride_cols;
    taps = session_temporary(call->session, call->op, kernel * sizeof *taps);
    if (taps != NULL) {
        status = run_phases(call, op, slide, taps);
    }
    free(taps);
    return status;
}

fw_status op_conv2d(struct fw_kernels_session *session, const struct fw_conv2d *op)
{
    struct call call = call_begin(session, "conv2d", op->struct_size, sizeof *op);
    struct shape shape;

    call_dtype(&call, op->dtype);
    shape = check_shape(&call, op);
    if (call.status != FW_OK) {
        return call.status;
    }
    switch (op->direction) {
    case FW_CONV_FORWARD:
        return forward(&call, op, &shape);
    case FW_CONV_BACKWARD_DATA:
        return backward_data(&call, op, &shape);
    default:
        return conv_filter(&call, op, shape.rows, shape.cols);
    }
}

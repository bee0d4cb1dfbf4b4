/* SPDX-License-Identifier: MIT */
#include <math.h>

#include "kernels/check.h"
#include "kernels/ops.h"
#include "session.h"

struct rows {
    const struct fw_softmax *op;
    const struct simd *simd;
    char *x;
    char *y;
    const char *dy;
    const int32_t *label;
    char *loss;
    struct crew *crew;
};

static double get(const struct rows *rows, const char *array, uint64_t i)
{
    return rows->simd->element == 8 ? ((const double *)(const void *)array)[i]
                                    : (double)((const float *)(const void *)array)[i];
}

static void put(const struct rows *rows, char *array, uint64_t i, double value)
{
    if (rows->simd->element == 8) {
        ((double *)(void *)array)[i] = value;
    } else {
        ((float *)(void *)array)[i] = (float)value;
    }
}

/* y = factor * a. */
static void scale_row(const struct rows *rows, const void *a, double factor, void *y)
{
    struct simd_map map = {
        .kind = FW_MAP_LINEAR, .n = rows->op->cols, .alpha = factor, .a = a, .out = y};

    rows->simd->map(&map);
}

/* y = softmax(scale * x) of a row; the logarithm of the sum of exponentials is returned. */
static double soften(const struct rows *rows, const char *x, char *y)
{
    struct simd_extreme best = {.value = -HUGE_VAL, .index = -1};
    uint64_t cols = rows->op->cols;
    double scale = rows->op->scale, top, sum;

    rows->simd->extreme(scale < 0 ? FW_REDUCE_MIN : FW_REDUCE_MAX, x, cols, &best);
    top = best.value * scale;
    sum = rows->simd->exponentials(x, scale, top, cols, y);
    scale_row(rows, y, 1 / sum, y);
    return top + log(sum);
}

static void forward_rows(void *arg, uint64_t begin, uint64_t end, uint32_t worker)
{
    const struct rows *rows = arg;
    uint64_t bytes = rows->op->cols * rows->simd->element;

    (void)worker;
    for (uint64_t row = begin; row < end; row++) {
        (void)soften(rows, rows->x + row * bytes, rows->y + row * bytes);
    }
}

static void backward_rows(void *arg, uint64_t begin, uint64_t end, uint32_t worker)
{
    const struct rows *rows = arg;
    uint64_t cols = rows->op->cols, bytes = cols * rows->simd->element;
    double scale = rows->op->scale;

    (void)worker;
    for (uint64_t row = begin; row < end; row++) {
        const char *y = rows->y + row * bytes, *dy = rows->dy + row * bytes;
        double sum = rows->simd->dot(y, dy, 0, cols);
        for (uint64_t i = 0; i < cols; i++) {
            put(rows, rows->x + row * bytes, i, scale * get(rows, y, i) * (get(rows, dy, i) - sum));
        }
    }
}

static void entropy_rows(void *arg, uint64_t begin, uint64_t end, uint32_t worker)
{
    const struct rows *rows = arg;
    uint64_t cols = rows->op->cols, bytes = cols * rows->simd->element;

    for (uint64_t row = begin; row < end; row++) {
        char *y = rows->y ? rows->y + row * bytes : crew_scratch(rows->crew, worker);
        const char *x = rows->x + row * bytes;
        int32_t label = rows->label[row];
        double total = soften(rows, x, y), loss = 0;
        if (label >= 0) {
            loss = (uint64_t)label < cols ? total - rows->op->scale * get(rows, x, (uint64_t)label)
                                          : NAN;
        }
        put(rows, rows->loss, row, loss);
    }
}

static void entropy_backward_rows(void *arg, uint64_t begin, uint64_t end, uint32_t worker)
{
    const struct rows *rows = arg;
    uint64_t cols = rows->op->cols, bytes = cols * rows->simd->element;

    (void)worker;
    for (uint64_t row = begin; row < end; row++) {
        char *x = rows->x + row * bytes;
        int32_t label = rows->label[row];
        double factor = label < 0 ? 0 : (uint64_t)label < cols ? rows->op->scale : NAN;
        scale_row(rows, rows->y + row * bytes, factor, x);
        if (label >= 0 && (uint64_t)label < cols) {
            put(rows, x, (uint64_t)label,
                factor * (get(rows, rows->y + row * bytes, (uint64_t)label) - 1));
        }
    }
}

fw_status op_softmax(struct fw_kernels_session *session, const struct fw_softmax *op)
{
    static session_piece *const pieces[] = {forward_rows, backward_rows, entropy_rows,
                                            entropy_backward_rows};
    struct fw_call call =
        fw_call_begin(session->host, session, "softmax", op->struct_size, sizeof *op);
    const struct fw_softmax_at at = fw_check_softmax(&call, op);
    struct rows rows = {.op = op,
                        .x = at.x,
                        .y = at.y,
                        .dy = at.dy,
                        .label = at.label,
                        .loss = at.loss,
                        .crew = session->crew};

    if (call.status != FW_OK) {
        return call.status;
    }
    rows.simd = session_simd(session, op->dtype);
    if (op->kind == FW_CROSS_ENTROPY && rows.y == NULL) {
        call.status = session_scratch(session, "softmax", op->cols * call.element);
    }
    if (call.status == FW_OK && op->cols > 0) {
        session_each(session, op->rows, 4096 / op->cols + 1, pieces[op->kind], &rows);
    }
    return call.status;
}

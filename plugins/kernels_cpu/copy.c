/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "kernels/check.h"
#include "kernels/ops.h"
#include "session.h"

struct copying {
    const struct fw_copy *op;
    const char *in;
    char *out;
    uint64_t in_element;
    uint64_t out_element;
};

static double load(const char *from, uint32_t type)
{
    switch (type) {
    case FW_F64:
        return *(const double *)(const void *)from;
    case FW_F32:
        return (double)*(const float *)(const void *)from;
    case FW_I32:
        return *(const int32_t *)(const void *)from;
    default:
        return *(const uint8_t *)from;
    }
}

static double clamped(double value, double low, double high)
{
    return isnan(value) ? 0 : fmin(fmax(nearbyint(value), low), high);
}

static void keep(char *to, uint32_t type, double value)
{
    switch (type) {
    case FW_F64:
        *(double *)(void *)to = value;
        break;
    case FW_F32:
        *(float *)(void *)to = (float)value;
        break;
    case FW_I32:
        *(int32_t *)(void *)to = (int32_t)clamped(value, INT32_MIN, INT32_MAX);
        break;
    default:
        *(uint8_t *)to = (uint8_t)clamped(value, 0, UINT8_MAX);
        break;
    }
}

/* One line along the last dimension. */
static void copy_line(const struct copying *c, const char *in, char *out)
{
    const struct fw_copy *op = c->op;
    uint64_t n = op->shape[3], in_step = op->in_stride[3] * c->in_element;
    uint64_t out_step = op->out_stride[3] * c->out_element;

    if (op->in_type != op->out_type) {
        for (uint64_t i = 0; i < n; i++) {
            keep(out + i * out_step, op->out_type, load(in + i * in_step, op->in_type));
        }
    } else if (op->in_stride[3] == 1 && op->out_stride[3] == 1) {
        memcpy(out, in, n * c->in_element);
    } else if (c->in_element == 4) {
        for (uint64_t i = 0; i < n; i++) {
            memcpy(out + i * out_step, in + i * in_step, 4);
        }
    } else {
        for (uint64_t i = 0; i < n; i++) {
            memcpy(out + i * out_step, in + i * in_step, c->in_element);
        }
    }
}

static void copy_lines(void *arg, uint64_t begin, uint64_t end, uint32_t worker)
{
    const struct copying *c = arg;
    const struct fw_copy *op = c->op;

    (void)worker;
    for (uint64_t line = begin; line < end; line++) {
        uint64_t at[3] = {line / op->shape[2] / op->shape[1], line / op->shape[2] % op->shape[1],
                          line % op->shape[2]};
        uint64_t in = 0, out = 0;
        for (int d = 0; d < 3; d++) {
            in += at[d] * op->in_stride[d];
            out += at[d] * op->out_stride[d];
        }
        copy_line(c, c->in + in * c->in_element, c->out + out * c->out_element);
    }
}

fw_status op_copy(struct fw_kernels_session *session, const struct fw_copy *op)
{
    struct fw_call call =
        fw_call_begin(session->host, session, "copy", op->struct_size, sizeof *op);
    const struct fw_copy_at at = fw_check_copy(&call, op);
    struct copying c = {.op = op,
                        .in = at.in,
                        .out = at.out,
                        .in_element = at.in_element,
                        .out_element = at.out_element};

    if (call.status == FW_OK && op->shape[3] > 0) {
        session_each(session, op->shape[0] * op->shape[1] * op->shape[2], 16384 / op->shape[3] + 1,
                     copy_lines, &c);
    }
    return call.status;
}

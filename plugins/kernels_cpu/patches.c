/* SPDX-License-Identifier: MIT */
#include <math.h>

#include "kernels/check.h"
#include "kernels/ops.h"
#include "session.h"

/* Rows of the image that a task stitches: each pixel belongs to one task, which adds the patches in
 * order, so that no two threads write to one pixel. */
#define PATCH_ROWS 16

struct patches {
    const struct fw_patches *op;
    uint64_t crop;
    uint64_t front; /* what is cut off in front */
    const char *patches;
    char *gathered;
    const double *at;
    double *stitched;
    double *weight;
    const char *image;
};

static double get(const struct patches *p, const char *array, uint64_t i)
{
    return p->op->dtype == FW_F64 ? ((const double *)(const void *)array)[i]
                                  : (double)((const float *)(const void *)array)[i];
}

/* The neighbours of a place and how much of it is the second one's. A place that is not a number
 * or far away is outside. */
static int64_t split(double place, double *ret_fraction)
{
    double whole = floor(place);

    if (!(fabs(place) < 1e15)) {
        *ret_fraction = 0;
        return INT64_MIN / 2;
    }
    *ret_fraction = place - whole;
    return (int64_t)whole;
}

/* The part of row r of the image that pixels of one row of a patch fall on, with weight w. */
static void stitch_row(const struct patches *p, uint64_t patch, uint64_t row, uint64_t r, double w)
{
    const struct fw_patches *op = p->op;
    double fraction;
    int64_t col = split((double)p->front + p->at[2 * patch + 1], &fraction);
    uint64_t from = ((patch * op->side + p->front + row) * op->side + p->front) * op->parts;

    for (uint64_t q = 0; q < p->crop; q++) {
        for (int corner = 0; corner < 2; corner++) {
            int64_t to = col + (int64_t)q + corner;
            double share = w * (corner ? fraction : 1 - fraction);
            if (to < 0 || to >= (int64_t)op->cols || share == 0) {
                continue;
            }
            uint64_t pixel = r * op->cols + (uint64_t)to;
            for (uint64_t c = 0; c < op->parts; c++) {
                p->stitched[pixel * op->parts + c] +=
                    share * get(p, p->patches, from + q * op->parts + c);
            }
            p->weight[pixel] += share;
        }
    }
}

/* Rows begin ... end of the image. */
static void stitch_band(void *arg, uint64_t begin, uint64_t end, uint32_t worker)
{
    const struct patches *p = arg;

    (void)worker;
    for (uint64_t patch = 0; patch < p->op->n; patch++) {
        double fraction;
        int64_t first = split((double)p->front + p->at[2 * patch], &fraction);
        int64_t low = first > (int64_t)begin ? first : (int64_t)begin;
        int64_t high = first + (int64_t)p->crop + 1;
        high = high < (int64_t)end ? high : (int64_t)end;
        for (int64_t r = low; r < high; r++) {
            uint64_t row = (uint64_t)(r - first);
            if (row > 0 && fraction > 0) {
                stitch_row(p, patch, row - 1, (uint64_t)r, fraction);
            }
            if (row < p->crop) {
                stitch_row(p, patch, row, (uint64_t)r, 1 - fraction);
            }
        }
    }
}

static double sample(const struct patches *p, int64_t row, int64_t col, uint64_t part)
{
    const struct fw_patches *op = p->op;

    if (row < 0 || col < 0 || row >= (int64_t)op->rows || col >= (int64_t)op->cols) {
        return 0;
    }
    return get(p, p->image, ((uint64_t)row * op->cols + (uint64_t)col) * op->parts + part);
}

static void gather_patch(void *arg, uint64_t patch, uint32_t worker)
{
    const struct patches *p = arg;
    const struct fw_patches *op = p->op;
    double down, right;
    int64_t row = split(p->at[2 * patch], &down), col = split(p->at[2 * patch + 1], &right);

    (void)worker;
    for (uint64_t i = 0; i < op->side * op->side * op->parts; i++) {
        int64_t r = row + (int64_t)(i / op->parts / op->side);
        int64_t q = col + (int64_t)(i / op->parts % op->side);
        uint64_t part = i % op->parts;
        double upper = (1 - right) * sample(p, r, q, part) + right * sample(p, r, q + 1, part);
        double lower =
            (1 - right) * sample(p, r + 1, q, part) + right * sample(p, r + 1, q + 1, part);
        double value = (1 - down) * upper + down * lower;
        uint64_t to = patch * op->side * op->side * op->parts + i;
        if (op->dtype == FW_F64) {
            ((double *)(void *)p->gathered)[to] = value;
        } else {
            ((float *)(void *)p->gathered)[to] = (float)value;
        }
    }
}

fw_status op_patches(struct fw_kernels_session *session, const struct fw_patches *op)
{
    struct fw_call call =
        fw_call_begin(session->host, session, "patches", op->struct_size, sizeof *op);
    const struct fw_patches_at at = fw_check_patches(&call, op);
    struct patches p = {.op = op,
                        .crop = at.crop,
                        .front = at.front,
                        .patches = at.patches,
                        .gathered = at.patches,
                        .at = at.at,
                        .stitched = at.image,
                        .weight = at.weight,
                        .image = at.image};

    if (call.status != FW_OK) {
        return call.status;
    }
    if (op->kind == FW_PATCHES_GATHER) {
        crew_run(session->crew, op->n, gather_patch, &p);
    } else {
        session_each(session, op->rows, PATCH_ROWS, stitch_band, &p);
    }
    return FW_OK;
}

/* SPDX-License-Identifier: MIT */
#include "check.h"

struct fw_fft_at fw_check_fft(struct fw_call *call, const struct fw_fft *op)
{
    uint64_t images = fw_call_times(op->batch, op->rows), complex;
    struct fw_fft_at at = {.half = op->kind >= FW_FFT_REAL ? op->cols / 2 + 1 : op->cols,
                           .real = fw_call_times(images, op->cols)};

    fw_call_dtype(call, op->dtype);
    fw_call_expect(call, op->kind <= FW_FFT_TO_REAL, "a kind of FW_FFT_", op->kind);
    fw_call_expect(call, op->rows <= INT32_MAX, "fewer than 2^31 rows", op->rows);
    fw_call_expect(call, op->cols <= INT32_MAX, "fewer than 2^31 columns", op->cols);
    complex = fw_call_times(images, 2 * at.half);
    at.in = fw_call_operand(call, "in", op->in, op->kind == FW_FFT_REAL ? at.real : complex,
                            call->element);
    at.out = fw_call_operand(call, "out", op->out, op->kind == FW_FFT_TO_REAL ? at.real : complex,
                             call->element);
    return at;
}

struct fw_box_sum_at fw_check_box_sum(struct fw_call *call, const struct fw_box_sum *op)
{
    uint64_t n = fw_call_times(fw_call_times(op->batch, op->rows), op->cols);
    struct fw_box_sum_at at = {0};

    fw_call_dtype(call, op->dtype);
    fw_call_expect(call, op->out_type == FW_F32 || op->out_type == FW_F64,
                   "out_type FW_F32 (1) or FW_F64 (2)", op->out_type);
    fw_call_expect(call, op->window > 0 && op->window <= op->rows && op->window <= op->cols,
                   "a window of at least 1 and not larger than the image", op->window);
    if (call->status != FW_OK) {
        return at;
    }
    at.rows = op->rows - op->window + 1;
    at.cols = op->cols - op->window + 1;
    at.a = fw_call_operand(call, "a", op->a, n, call->element);
    at.b = fw_call_optional(call, "b", op->b, n, call->element);
    at.out = fw_call_operand(call, "out", op->out,
                             fw_call_times(op->batch, fw_call_times(at.rows, at.cols)),
                             fw_call_element(op->out_type));
    return at;
}

struct fw_patches_at fw_check_patches(struct fw_call *call, const struct fw_patches *op)
{
    struct fw_patches_at at = {.crop = op->crop > 0 ? op->crop : op->side};
    uint64_t pixels = fw_call_times(op->rows, op->cols), image = fw_call_times(pixels, op->parts);
    uint64_t n = fw_call_times(fw_call_times(op->n, op->parts), fw_call_times(op->side, op->side));
    bool stitch = op->kind == FW_PATCHES_STITCH;

    fw_call_dtype(call, op->dtype);
    fw_call_expect(call, op->kind <= FW_PATCHES_STITCH, "a kind of 0 or 1", op->kind);
    fw_call_expect(call, op->parts == 1 || op->parts == 2, "1 or 2 parts", op->parts);
    fw_call_expect(call, at.crop <= op->side, "a crop not larger than the side", op->crop);
    at.patches = fw_call_operand(call, "patches", op->patches, n, call->element);
    at.at = fw_call_operand(call, "at", op->at, fw_call_times(op->n, 2), sizeof(double));
    at.image =
        fw_call_operand(call, "image", op->image, image, stitch ? sizeof(double) : call->element);
    if (stitch) {
        at.weight = fw_call_operand(call, "weight", op->weight, pixels, sizeof(double));
        at.front = (op->side - at.crop) / 2;
    }
    return at;
}

struct fw_ranks_at fw_check_ranks(struct fw_call *call, const struct fw_ranks *op)
{
    uint64_t n = fw_call_times(op->rows, op->n);
    struct fw_ranks_at at = {0};

    fw_call_dtype(call, op->dtype);
    fw_call_expect(call, op->n <= INT32_MAX, "fewer than 2^31 values in a row", op->n);
    at.x = fw_call_operand(call, "x", op->x, n, call->element);
    at.out = fw_call_operand(call, "out", op->out, n, sizeof(double));
    return at;
}

struct fw_bootstrap_at fw_check_bootstrap(struct fw_call *call, const struct fw_bootstrap *op)
{
    struct fw_bootstrap_at at = {0};

    fw_call_expect(call, op->block > 0, "blocks of at least 1", op->block);
    fw_call_expect(call, op->n > 0 && op->n <= INT32_MAX, "1 to 2^31 - 1 samples", op->n);
    at.score =
        fw_call_operand(call, "score", op->score, fw_call_times(op->models, op->n), sizeof(double));
    at.label = fw_call_operand(call, "label", op->label, op->n, sizeof(int32_t));
    at.out = fw_call_operand(call, "out", op->out, fw_call_times(op->resamples, op->models),
                             sizeof(double));
    return at;
}

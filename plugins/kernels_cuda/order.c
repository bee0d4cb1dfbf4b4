/* SPDX-License-Identifier: MIT */
#include "kernels/ops.h"
#include "session.h"

/* Resamples that are counted at once take no more memory than this, but for the first. */
#define COUNTS_BYTES (UINT64_C(256) << 20)

/* Sorts rows of args->n values of args->x between two arrays of items, which `items` has room for;
 * the sorted one is args->from. */
static fw_status sort_rows(struct fw_kernels_session *session, uint32_t dtype,
                           struct sort_args *args, struct sort_item *items)
{
    uint64_t n = args->rows * args->n;

    args->to = items;
    CUDA_TRY(session_each(session, KERNEL_OF(sort_keys, dtype), n, args));
    args->from = items;
    args->to = items + n;
    for (args->width = 1; args->width < args->n; args->width *= 2) {
        struct sort_item *sorted = args->to;
        CUDA_TRY(session_each(session, KERNEL_sort_merge, n, args));
        args->to = args->from;
        args->from = sorted;
    }
    return FW_OK;
}

fw_status op_ranks(struct fw_kernels_session *session, const struct fw_ranks *op)
{
    struct fw_call call = session_call(session, "ranks", op->struct_size, sizeof *op);
    const struct fw_ranks_at at = fw_check_ranks(&call, op);
    struct sort_args args = {.rows = op->rows, .n = op->n, .x = at.x, .out = at.out};
    uint64_t n = op->rows * op->n;
    void *items = NULL;

    if (call.status != FW_OK || n == 0) {
        return call.status;
    }
    CUDA_TRY(session_scratch(session, fw_call_times(2 * n, sizeof(struct sort_item)), &items));
    CUDA_TRY(sort_rows(session, op->dtype, &args, items));
    return session_each(session, KERNEL_sort_ranks, n, &args);
}

/* Some of the resamples: counts are drawn, and then each model's AUC is taken from them. */
static fw_status resample(struct fw_kernels_session *s, struct bootstrap_args *args)
{
    CUDA_TRY(CUDA_CALL(s, PART_DRIVER, cuMemsetD8Async, device_address(args->counts), 0,
                       args->resamples * args->n * sizeof *args->counts, s->stream));
    CUDA_TRY(session_each(s, KERNEL_resample, args->resamples * args->n, args));
    return session_launch(s, KERNEL_resample_auc, args->resamples * args->models, args);
}

static fw_status bootstrap(struct fw_kernels_session *s, const struct fw_bootstrap *op,
                           const struct fw_bootstrap_at *at)
{
    uint64_t items = 2 * op->models * op->n, each = op->n + op->models * (op->n + 1);
    uint64_t together = COUNTS_BYTES / (each * sizeof(uint32_t)) + 1;
    struct sort_args sort = {.rows = op->models, .n = op->n, .x = at->score};
    struct bootstrap_args args = {.models = op->models,
                                  .n = op->n,
                                  .block = op->block,
                                  .blocks = ceiling(op->n, op->block),
                                  .seed = op->seed,
                                  .label = at->label};
    void *memory = NULL;

    together = together < op->resamples ? together : op->resamples;
    CUDA_TRY(session_scratch(
        s, items * sizeof(struct sort_item) + together * each * sizeof(uint32_t), &memory));
    CUDA_TRY(sort_rows(s, FW_F64, &sort, memory));
    args.order = sort.from;
    args.counts = (uint32_t *)(void *)((struct sort_item *)memory + items);
    args.below = args.counts + together * op->n;
    for (uint64_t done = 0; done < op->resamples; done += args.resamples) {
        args.first = op->first + done;
        args.resamples = op->resamples - done < together ? op->resamples - done : together;
        args.out = (double *)at->out + done * op->models;
        CUDA_TRY(resample(s, &args));
    }
    return FW_OK;
}

fw_status op_bootstrap(struct fw_kernels_session *session, const struct fw_bootstrap *op)
{
    struct fw_call call = session_call(session, "bootstrap", op->struct_size, sizeof *op);
    const struct fw_bootstrap_at at = fw_check_bootstrap(&call, op);

    if (call.status != FW_OK || op->models == 0 || op->resamples == 0) {
        return call.status;
    }
    return bootstrap(session, op, &at);
}

/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "internal.h"
#include "team/team.h"

struct gathering {
    struct fw_wide *wide;
    const struct wide_batch *batch; /* of parts; NULL: rows are spread */
    const struct wide_chunk *chunks;
    fw_status *statuses;
};

static fw_status gather(const struct fw_wide *wide, const struct wide_chunk *chunk,
                        struct ArrowArray *ret_rows)
{
    struct fw_wide_rows rows = {
        .first_row = chunk->first_row, .n_rows = chunk->n_rows, .at = chunk->at};
    struct fw_source_slice *slices =
        wide_slice_list(wide, chunk->first_row, chunk->n_rows, &rows.n_slices);

    rows.slices = slices;
    fw_status status = slices != NULL ? wide->plan.gather->rows(wide->plan.self, &rows, ret_rows)
                                      : fw_fault_nomem(wide->host);
    free(slices);
    return status;
}

static fw_status spread(struct fw_wide *wide, const struct wide_chunk *chunk)
{
    struct ArrowArray rows;
    fw_status status = gather(wide, chunk, &rows);

    if (status == FW_OK) {
        status = fw_scatter_add(wide->scatter, chunk->at, &rows);
    }
    return status == FW_OK ? fw_scatter_flush(wide->scatter, chunk->at) : status;
}

static fw_status fold(const struct wide_batch *batch, const struct wide_chunk *chunk)
{
    const struct fw_wide_plan *plan = &batch->wide->plan;
    struct ArrowArray rows;
    fw_status status = chunk->n_rows > 0 ? gather(batch->wide, chunk, &rows) : FW_OK;

    if (status == FW_OK && chunk->n_rows > 0) {
        status = plan->fold->take(plan->self, &batch->kept[chunk->at], &rows);
    }
    return status == FW_OK ? plan->fold->take(plan->self, &batch->kept[chunk->at], NULL) : status;
}

static void work(void *arg, size_t task)
{
    const struct gathering *gathering = arg;
    const struct wide_chunk *chunk = &gathering->chunks[task];

    gathering->statuses[task] =
        gathering->batch != NULL ? fold(gathering->batch, chunk) : spread(gathering->wide, chunk);
}

static fw_status run(struct gathering *gathering, size_t n)
{
    fw_status status = FW_OK;

    gathering->statuses = calloc(n + 1, sizeof *gathering->statuses);
    if (gathering->statuses == NULL) {
        return fw_fault_nomem(gathering->wide->host);
    }
    fw_team_run(n, n, work, gathering);
    for (size_t i = 0; i < n && status == FW_OK; i++) {
        status = gathering->statuses[i];
    }
    free(gathering->statuses);
    return status;
}

fw_status wide_gather_spread(struct fw_wide *wide, const struct wide_chunk *chunks, size_t n)
{
    struct gathering gathering = {.wide = wide, .chunks = chunks};

    return run(&gathering, n);
}

fw_status wide_gather_parts(const struct wide_batch *batch)
{
    struct wide_chunk *chunks = calloc(batch->n + 1, sizeof *chunks);
    struct gathering gathering = {.wide = batch->wide, .batch = batch, .chunks = chunks};

    if (chunks == NULL) {
        return fw_fault_nomem(batch->wide->host);
    }
    for (size_t i = 0; i < batch->n; i++) {
        const struct wide_range *part = &batch->wide->parts[batch->wide->next_part + i];
        chunks[i] = (struct wide_chunk){i, part->first_row, part->end_row - part->first_row};
    }
    fw_status status = run(&gathering, batch->n);
    free(chunks);
    return status;
}

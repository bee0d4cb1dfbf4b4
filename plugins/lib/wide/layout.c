/* SPDX-License-Identifier: MIT */
#include <fw/service/budget.h>

#include "internal.h"

/*
 * Bytes that a cell of a chunk takes, texts included: 25 measured on 133 columns of which 88 were
 * texts of 40 bytes on average, as the engine decodes it and once more as a batch.
 */
enum { BYTES_PER_CELL = 64 };

enum {
    CELLS_PER_PART = 1 << 22,
    MIN_PART_ROWS = 1 << 14,
    MAX_PART_ROWS = 1 << 18,
    GROUPS_PER_PART = 4,
    MIN_CHUNK_ROWS = 1 << 11,
    MAX_CHUNK_ROWS = 1 << 17
};

/* More than that of a wide table is not decoded and spread in a second and a half. */
enum { CELLS_PER_CHUNK = 1 << 23 };

static int64_t natural_part_rows(const struct fw_wide_plan *plan)
{
    int64_t rows = MIN_PART_ROWS;

    while (rows < MAX_PART_ROWS && rows * (int64_t)plan->n_columns_out < CELLS_PER_PART) {
        rows *= 2;
    }
    return rows;
}

void wide_layout_init(struct fw_wide *wide)
{
    int64_t natural = natural_part_rows(&wide->plan);

    wide->part_rows = wide->plan.part_rows > 0 ? wide->plan.part_rows : natural;
    wide->row_group_rows = natural / GROUPS_PER_PART;
}

static int64_t clamp(int64_t value, int64_t min, int64_t max)
{
    return value < min ? min : value > max ? max : value;
}

/*
 * Chunks are cut to the threads. Where rows are spread and gathered, that takes as much memory as
 * the engine may, of which little is used then.
 */
void wide_layout_fit(struct fw_wide *wide)
{
    const struct fw_budget *budget = wide->host->service(wide->host, FW_BUDGET_ID);
    const struct fw_limits *limits = budget->limits(wide->host);
    int64_t row_bytes = (int64_t)wide->plan.n_columns_out * BYTES_PER_CELL;
    int64_t engine = (int64_t)limits->engine_bytes;
    int64_t threads = limits->threads;
    int64_t rows = engine / threads / row_bytes / limits->partition_factor;
    int64_t most =
        clamp(CELLS_PER_CHUNK / (int64_t)wide->plan.n_columns_out, MIN_CHUNK_ROWS, MAX_CHUNK_ROWS);

    wide->n_chunks_at_once = wide->n_parts_at_once = (size_t)threads;
    wide->share_bytes = limits->engine_bytes / 2 / limits->threads / limits->partition_factor;
    wide->chunk_rows = clamp(rows, MIN_CHUNK_ROWS, most);
    if (wide->plan.chunk_rows > 0 && wide->plan.chunk_rows < wide->chunk_rows) {
        wide->chunk_rows = wide->plan.chunk_rows;
    }
}

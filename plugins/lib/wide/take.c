/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "internal.h"

/* What the callbacks are told of a chunk, and what that lies in. */
struct told {
    struct fw_wide_rows rows;
    struct fw_source_slice *slices;
    struct fw_text select;
};

static void tell(const struct fw_wide *wide, const struct fw_wide_columns *columns,
                 const struct wide_chunk *chunk, struct told *ret_told)
{
    struct told told = {0};

    told.slices = wide_slice_list(wide, chunk->first_row, chunk->n_rows, &told.rows.n_slices);
    told.select.failed = told.slices == NULL;
    wide_slice_append(wide, columns, chunk->first_row, chunk->n_rows, &told.select);
    told.rows.select = fw_text_get(&told.select);
    told.rows.slices = told.slices;
    told.rows.at = chunk->at;
    told.rows.first_row = chunk->first_row;
    told.rows.n_rows = chunk->n_rows;
    *ret_told = told;
}

static void finish(struct told *told)
{
    fw_text_finish(&told->select);
    free(told->slices);
}

void wide_take_append(const struct fw_wide *wide, const struct fw_wide_columns *columns,
                      const struct wide_chunk *chunk, struct fw_text *text)
{
    struct told told;

    if (wide->plan.take == NULL) {
        wide_slice_append(wide, columns, chunk->first_row, chunk->n_rows, text);
        return;
    }
    tell(wide, columns, chunk, &told);
    fw_text_append(text, "(");
    wide->plan.take(wide->plan.self, &told.rows, text);
    fw_text_append(text, ")");
    text->failed |= told.select.failed;
    finish(&told);
}

fw_status wide_take_enter(const struct fw_wide *wide, const struct wide_chunk *chunk)
{
    struct told told;

    if (wide->plan.enter == NULL) {
        return FW_OK;
    }
    tell(wide, &wide->plan.take_columns, chunk, &told);
    fw_status status = told.select.failed ? fw_fault_nomem(wide->host)
                                          : wide->plan.enter(wide->plan.self, &told.rows);
    finish(&told);
    return status;
}

/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_ROWS_ROWS_H
#define FW_LIB_ROWS_ROWS_H

#include <stddef.h>

#include <fw/arrow.h>

/** A column of numbers, none of which is missing. */
struct fw_rows_column {
    const char *name;
    const char *format; /**< Arrow's: "l" int64_t, "g" double, "tdD" int32_t */
};

/** Rows that a stage has itself and the engine is to read, once. */
struct fw_rows {
    const struct fw_rows_column *columns;
    size_t n_columns;

    /** Puts up to `room` rows, column by column, and says how many; 0: there are no more. [one
        thread at a time] */
    size_t (*fill)(void *self, void *const *columns, size_t room);
    void (*finish)(void *self); /**< at the stream's release; NULL: nothing to be done */
    void *self;
};

/** A stream for fw.sql/1's `attach`. `rows` and what it points to must outlive it. */
void fw_rows_stream(const struct fw_rows *rows, struct ArrowArrayStream *ret_stream);

#endif

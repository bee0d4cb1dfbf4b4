/* SPDX-License-Identifier: MIT */
#ifndef FW_SERVICE_TABLE_H
#define FW_SERVICE_TABLE_H

#include "fw/arrow.h"
#include "fw/host.h"
#include "fw/task.h"

FW_BEGIN_DECLS

#define FW_TABLE_ID "fw.table/1"

/**
 * Tables as Arrow streams, for stages that want rows and no SQL. Provided by a plugin.
 * Batches hold at most a few thousand rows. [stage thread]
 */
struct fw_table {
    uint32_t struct_size;
    uint32_t reserved;

    /**
     * Opens an input port of kind table, whatever its format (Parquet file or folder, Delta
     * table, CSV or TSV, plain or gz; several paths are read one after another). `columns`,
     * n of them, limits and orders the columns; n = 0 gives all. A column that is not there is
     * FW_E_MISSING. Rows come in the order of the files. The stream is the caller's to release,
     * before the instance is gone; a failing get_next has recorded its fault.
     */
    fw_status (*read)(const struct fw_host *host, const struct fw_input *input,
                      const char *const *columns, uint64_t n_columns,
                      struct ArrowArrayStream *ret_stream);

    /**
     * Writes a stream as part number `part` of an output port of kind table. A single-file
     * output (see fw/port.h) takes part 0 alone. Parquet; bytes depend on the rows alone.
     * A part that is there already is replaced, as after a restore. Takes the stream, also on
     * failure. *ret_rows may be NULL.
     */
    fw_status (*write)(const struct fw_host *host, const struct fw_output *output, uint32_t part,
                       struct ArrowArrayStream *stream, uint64_t *ret_rows);
};
FW_ASSERT_NO_TAIL(struct fw_table, write);

FW_END_DECLS

#endif

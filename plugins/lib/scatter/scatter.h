/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_SCATTER_SCATTER_H
#define FW_LIB_SCATTER_SCATTER_H

#include <stddef.h>
#include <stdint.h>

#include <fw/arrow.h>
#include <fw/host.h>

#include "sql/text.h"

/**
 * Brings rows in any order to their parts, through files, and gives each part back in order.
 *
 * Rows come as Arrow batches. Batches are kept until they fill the memory that a slot has; then
 * a segment is written: column by column the cells of each part, texts as a dictionary of the
 * part's distinct ones. A part is read column by column out of all segments, its rows gathered in
 * the order of the keys; a text is not copied, a view of the dictionary is given.
 *
 * Files are appended to and never changed; what their sizes and checksums say is what a restart
 * goes on from. They are temporary: of this machine's byte order, and nobody else's to read.
 *
 * Failures have recorded a fault: FW_E_NOMEM, FW_E_NOSPACE, FW_E_IO, FW_E_UNSUPPORTED for a column
 * type that is not known, FW_E_DATA for a row without an entity or a file that is damaged.
 */
struct fw_scatter;

struct fw_scatter_plan {
    const char *folder; /**< there already; files in it are scatter-N.rows */

    /** The first entity of each part, in binary order. What sorts before all is of the first. */
    const char *const *starts;
    size_t n_parts; /**< 1 or more */

    /* Columns: rows of a part are in order of the first, then of the others that are there. */
    const char *entity; /**< a text */
    const char *order;  /**< integers, dates or timestamps, NULL last; NULL: none */
    const char *file;   /**< integers, as `order` */
    const char *row;

    size_t n_slots;      /**< how many threads add rows at once */
    uint64_t slot_bytes; /**< that batches of a slot take before they are written */
    uint64_t part_bytes; /**< that one read of a part should not go far beyond */
    uint64_t max_bytes;  /**< of all files; 0: no limit */
};

/** Copies the plan and the schema of the rows. [stage thread, as all that does not say otherwise]
 */
fw_status fw_scatter_open(const struct fw_host *host, const struct fw_scatter_plan *plan,
                          const struct ArrowSchema *schema, struct fw_scatter **ret_scatter);

/** Accepts NULL. Files stay. No part may be open. */
void fw_scatter_close(struct fw_scatter *scatter);

/** Takes a batch, also on failure. [any thread, one at a time for a slot] */
fw_status fw_scatter_add(struct fw_scatter *scatter, size_t slot, struct ArrowArray *batch);

/** Writes what the slot still keeps. After that its rows can be read and saved. [as add] */
fw_status fw_scatter_flush(struct fw_scatter *scatter, size_t slot);

/** Bytes of all files. */
uint64_t fw_scatter_bytes(const struct fw_scatter *scatter);

/** Appends lines that say how far the files go. Nothing may be kept in a slot. */
void fw_scatter_save(const struct fw_scatter *scatter, struct fw_text *text);

/**
 * Goes on from there: files are read and compared with their checksums, what was written after the
 * save is cut off. FW_E_STATE when a file is not as it was. *ret_used: how much of `text` it read.
 */
fw_status fw_scatter_restore(struct fw_scatter *scatter, const char *text, size_t *ret_used);

/** The rows of one part. */
struct fw_scatter_part;

/** Reads nothing yet. */
fw_status fw_scatter_part_open(struct fw_scatter *scatter, size_t part,
                               struct fw_scatter_part **ret_part);

/** Accepts NULL. No stream of it may be alive; batches may. */
void fw_scatter_part_close(struct fw_scatter_part *part);

/** The columns as `read` gives them: texts are views ("vu", "vz"). */
int fw_scatter_schema(const struct fw_scatter *scatter, struct ArrowSchema *ret_schema);

/**
 * Reads columns of a part, a struct fw_scatter_part, in order; as often as needed. Batches are of
 * a multiple of 2,048 rows but for the last. 0, or an errno code. [any thread, several at once]
 */
int fw_scatter_part_read(void *part, const uint64_t *columns, uint64_t n_columns,
                         struct ArrowArrayStream *ret_stream);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_SCATTER_INTERNAL_H
#define FW_LIB_SCATTER_INTERNAL_H

#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#include "scatter.h"

/* shape.c: what a column's cells look like. */

enum scatter_kind {
    SCATTER_NULL,
    SCATTER_BITS,
    SCATTER_FIXED,
    SCATTER_BYTES,
    SCATTER_LIST,
    SCATTER_FIXED_LIST,
    SCATTER_STRUCT
};

struct scatter_shape {
    enum scatter_kind kind;
    size_t width; /**< bytes of a fixed cell, elements of a fixed-size list */
    size_t n_children;
    struct scatter_shape *children;
};

/** `column` names it in the fault. Finish in any case. */
fw_status scatter_shape_init(struct scatter_shape *shape, const struct fw_host *host,
                             const struct ArrowSchema *schema, const char *column);
void scatter_shape_finish(struct scatter_shape *shape);

/* schema.c */

/** A deep copy whose texts are views when asked for. 0 or ENOMEM. */
int scatter_schema_copy(const struct ArrowSchema *schema, bool views,
                        struct ArrowSchema *ret_schema);

/* cells.c: the cells of one array, wherever they lie; nothing is owned but the children. */

struct scatter_cells {
    const uint8_t *validity; /**< bits; NULL: no cell is NULL */
    uint64_t offset;         /**< of row 0 in everything below and in the validity */
    const uint8_t *values;   /**< fixed cells, or bits */
    const uint8_t *index;    /**< numbers of the texts' entries in `offsets`; NULL: their rows */
    size_t index_width;      /**< bytes of such a number: 1, 2 or 4 */
    const int32_t *offsets;  /**< of texts in `bytes`, or of lists in their child */
    const char *bytes;
    uint64_t n_rows, n_entries;
    struct scatter_cells *children;
};

/** Of an array, `offset` rows on. False when there is no memory. Finish in any case. */
bool scatter_cells_of_array(struct scatter_cells *cells, const struct scatter_shape *shape,
                            const struct ArrowArray *array, int64_t offset);

/** Of what pack.c wrote. EINVAL when it is not that; ENOMEM. Finish in any case. */
int scatter_cells_of_bytes(struct scatter_cells *cells, const struct scatter_shape *shape,
                           const uint8_t *bytes, size_t size);
void scatter_cells_finish(struct scatter_cells *cells, const struct scatter_shape *shape);

static inline bool scatter_bit(const uint8_t *bits, uint64_t at)
{
    return (bits[at / 8] >> at % 8 & 1) != 0;
}

static inline bool scatter_is_null(const struct scatter_cells *cells, uint64_t row)
{
    return cells->validity != NULL && !scatter_bit(cells->validity, cells->offset + row);
}

/** Bytes of a number that tells so many entries apart. */
static inline size_t scatter_index_width(uint64_t n_entries)
{
    return n_entries <= 1 << 8 ? 1 : n_entries <= 1 << 16 ? 2 : 4;
}

/** Which entry a row's text is. */
static inline uint64_t scatter_entry_of(const struct scatter_cells *cells, uint64_t row)
{
    uint64_t at = cells->offset + row;
    uint32_t entry = 0;

    if (cells->index == NULL) {
        return at;
    }
    if (cells->index_width == 2) {
        memcpy(&entry, cells->index + 2 * at, 2);
    } else if (cells->index_width == 1) {
        entry = cells->index[at];
    } else {
        memcpy(&entry, cells->index + 4 * at, 4);
    }
    return entry;
}

/** Bytes that an array's cells take. */
uint64_t scatter_array_bytes(const struct scatter_shape *shape, const struct ArrowArray *array);

/* A row of one of several sources. */

static inline uint64_t scatter_ref(size_t source, uint64_t row)
{
    return (uint64_t)source << 32 | row;
}

static inline size_t scatter_ref_source(uint64_t ref)
{
    return ref >> 32;
}

static inline uint64_t scatter_ref_row(uint64_t ref)
{
    return (uint32_t)ref;
}

/** Rows that are to follow each other, out of several arrays of one shape. */
struct scatter_rows {
    const struct scatter_cells *const *sources;
    size_t n_sources;
    const uint64_t *refs;
    size_t n;
};

/**
 * The child number `child` of all sources, with room for its refs, which are the rows' own: of a
 * struct. False when there is no memory. Finish in any case.
 */
bool scatter_rows_of_child(const struct scatter_rows *rows, size_t child,
                           struct scatter_rows *ret_rows);

/** The elements of lists, of `width` each or, where that is 0, by the offsets. */
bool scatter_rows_of_elements(const struct scatter_rows *rows, size_t width,
                              struct scatter_rows *ret_rows);

/** Also frees the refs, unless they are those of `parent`. */
void scatter_rows_finish(struct scatter_rows *rows, const struct scatter_rows *parent);

bool scatter_rows_have_null(const struct scatter_rows *rows);
void scatter_rows_validity(const struct scatter_rows *rows, uint8_t *zeroed_bits);
void scatter_rows_bits(const struct scatter_rows *rows, uint8_t *zeroed_bits);
void scatter_rows_fixed(const struct scatter_rows *rows, size_t width, uint8_t *values);

/** Offsets of n + 1 lists; false when they do not fit. */
bool scatter_rows_offsets(const struct scatter_rows *rows, int32_t *offsets);

/* bytes.c */

struct scatter_bytes {
    uint8_t *data;
    size_t size, capacity;
};

/** Appends `size` bytes, rounded up to 8, and returns them; NULL when there is no memory. */
uint8_t *scatter_bytes_append(struct scatter_bytes *bytes, size_t size);

/* hash.c */

uint64_t scatter_hash(const char *bytes, size_t size);

/** Goes on with a checksum; `size` is a multiple of 8. */
uint64_t scatter_sum(uint64_t sum, const void *bytes, size_t size);

/* pack.c: cells as bytes. */

struct scatter_entry {
    const char *bytes;
    uint32_t size, hash;
};

/** Zero-initialised; keeps its memory from column to column. */
struct scatter_packer {
    struct scatter_bytes out;
    uint32_t *table; /**< entry + 1 by hash */
    size_t n_table;  /**< a power of two */
    struct scatter_entry *entries;
    uint32_t *index; /**< of each row */
    size_t n_rows;   /**< that entries and index have room for */
};

/** Appends the rows to `out`. 0, ENOMEM, or EOVERFLOW for 2 GiB of text in one piece. */
int scatter_pack(struct scatter_packer *packer, const struct scatter_shape *shape,
                 const struct scatter_rows *rows);
void scatter_packer_finish(struct scatter_packer *packer);

/* gather.c: cells as Arrow arrays. */

/** What arrays refer to; the last that drops it frees it. */
struct scatter_arena {
    size_t n_users; /**< atomic */
    void **blocks;
    size_t n_blocks, n_room;
    uint64_t n_bytes;
};

struct scatter_arena *scatter_arena_create(void);
void scatter_arena_drop(struct scatter_arena *arena);

/** Zeroed memory; NULL when there is none. */
void *scatter_arena_alloc(struct scatter_arena *arena, size_t size);

/** Memory that is not zeroed. */
void *scatter_arena_alloc_raw(struct scatter_arena *arena, size_t size);

/**
 * The rows as an array. Texts stay where their sources have them, or are copied. 0, ENOMEM or
 * EOVERFLOW. The array is to be released in any case, if it has a release.
 */
int scatter_gather(const struct scatter_shape *shape, const struct scatter_rows *rows,
                   bool copies_texts, struct scatter_arena *arena, struct ArrowArray *ret_array);

/** An array of n rows that uses the arena; its release drops it. */
void scatter_array_init(struct ArrowArray *array, struct scatter_arena *arena, size_t n);

/* file.c: one slot's file. */

struct scatter_segment {
    uint64_t index; /**< where its index begins */
    uint64_t n_rows;
};

struct scatter_file {
    char *path;
    int fd; /**< -1 before the first write */
    uint64_t n_bytes, sum;
    struct scatter_segment *segments;
    size_t n_segments;
};

fw_status scatter_file_write(struct scatter_file *file, const struct fw_host *host,
                             const void *bytes, size_t size);
fw_status scatter_file_read(const struct scatter_file *file, const struct fw_host *host,
                            uint64_t at, void *bytes, size_t size);

/** Ends a segment: writes its index, n numbers, and what finds it again. */
fw_status scatter_file_end_segment(struct scatter_file *file, const struct fw_host *host,
                                   const uint64_t *index, size_t n, uint64_t n_rows);

/** Opens an earlier file whose n_bytes and sum are known; finds its segments. FW_E_STATE. */
fw_status scatter_file_restore(struct scatter_file *file, const struct fw_host *host);
void scatter_file_finish(struct scatter_file *file);

/* slot.c */

struct scatter_slot {
    struct scatter_file file;
    struct ArrowArray *batches;
    size_t n_batches, n_room;
    uint32_t *parts; /**< of each row of all batches */
    size_t n_rows, n_rows_room;
    uint64_t n_bytes; /**< that the batches take */
    struct scatter_packer packer;
};

void scatter_slot_finish(struct scatter_slot *slot);

/* scatter.c */

struct fw_scatter {
    const struct fw_host *host;
    struct fw_scatter_plan plan;
    char **starts;
    uint32_t *start_sizes;
    struct ArrowSchema schema; /**< of what is read */
    struct scatter_shape *shapes;
    size_t n_columns;
    size_t entity;    /**< a column */
    size_t orders[3]; /**< columns to sort by after that */
    size_t n_orders;
    uint64_t n_bytes; /**< of all files, atomic */
    struct scatter_slot *slots;
    size_t n_slots;
};

/* order.c */

/** The order of a part's rows: refs into the cells of its segments. */
fw_status scatter_order(struct fw_scatter_part *part, uint64_t **ret_refs, size_t *ret_n);

/* part.c */

/** One segment's share in a part. */
struct scatter_piece {
    const struct scatter_file *file;
    uint64_t *ends; /**< 2 n_columns numbers: where each column begins, then where it ends */
};

struct fw_scatter_part {
    struct fw_scatter *scatter;
    size_t part;
    pthread_mutex_t mutex; /**< for what follows, until `is_known` */
    bool is_known;
    struct scatter_piece *pieces;
    size_t n_pieces;
    uint64_t *refs;
    size_t n_rows;
};

/** One column of a part, out of all its pieces. */
struct scatter_column {
    struct scatter_cells *cells;
    const struct scatter_cells **sources;
    uint64_t n_bytes;
};

/** Reads it into the arena. Finish in any case. */
fw_status scatter_column_read(struct scatter_column *column, const struct fw_scatter_part *part,
                              size_t index, struct scatter_arena *arena);
void scatter_column_finish(struct scatter_column *column, const struct fw_scatter_part *part,
                           size_t index);
uint64_t scatter_column_bytes(const struct fw_scatter_part *part, size_t index);

/** Finds the pieces and the order, once. */
fw_status scatter_part_know(struct fw_scatter_part *part);

#endif

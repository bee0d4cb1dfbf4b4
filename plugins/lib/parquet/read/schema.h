/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_PARQUET_READ_SCHEMA_H
#define FW_LIB_PARQUET_READ_SCHEMA_H

#include <stddef.h>
#include <stdint.h>

#include <stdbool.h>

#include "parquet/thrift.h"

/* parquet.thrift's Type. */
enum parquet_physical {
    PARQUET_BOOLEAN,
    PARQUET_INT32,
    PARQUET_INT64,
    PARQUET_INT96,
    PARQUET_FLOAT,
    PARQUET_DOUBLE,
    PARQUET_BYTE_ARRAY,
    PARQUET_FIXED
};

/** How a value of the file becomes what Arrow holds. */
enum parquet_cell {
    PARQUET_CELL_BIT,
    PARQUET_CELL_BYTES,
    PARQUET_CELL_TEXT,        /**< bytes that are to be UTF-8 */
    PARQUET_CELL_COPY,        /**< the lowest `width` bytes */
    PARQUET_CELL_THOUSANDS,   /**< milliseconds to microseconds */
    PARQUET_CELL_DECIMAL,     /**< an integer, lowest byte first, to 16 bytes */
    PARQUET_CELL_BIG_DECIMAL, /**< the same, highest byte first */
    PARQUET_CELL_HALF         /**< a float of 16 bits to one of 32 */
};

enum parquet_shape { PARQUET_LEAF, PARQUET_LIST, PARQUET_MAP, PARQUET_STRUCT };

/* A schema deeper than that is refused. */
enum { PARQUET_MAX_STEPS = 48 };

/** Which levels a file writes of a column, and what they are where every field may be NULL. */
struct parquet_levels {
    uint8_t max_def, max_rep;
    uint8_t canon[PARQUET_MAX_STEPS + 1]; /**< of each definition level */
};

/**
 * A field. Definition levels are counted as if every field but a list's elements could be NULL and
 * every list's element was a field of its own, so that they mean the same in files that differ
 * only in what is required.
 */
struct parquet_node {
    char *name;
    enum parquet_shape shape;
    uint8_t rep;         /**< lists around it */
    uint8_t slot_def;    /**< from here on there is an element of the innermost list around it */
    uint8_t valid_def;   /**< from here on it is not NULL */
    uint8_t element_def; /**< of a list: from here on it has an element */

    /* A leaf's. */
    enum parquet_physical physical;
    enum parquet_cell cell;
    uint32_t size;   /**< of a value in the file; 0: each says its own */
    uint32_t width;  /**< of a value of PARQUET_CELL_COPY */
    char format[16]; /**< Arrow's, also of the others */
    struct parquet_levels levels;

    size_t n_children;
    struct parquet_node *children; /**< of a list its elements, of a map key and value as struct */
};

/** A column of the table. */
struct parquet_column {
    struct parquet_node root;
    size_t first_leaf, n_leaves; /**< among those of the file */
    struct fw_text type;         /**< fw_parquet_reader_type */
    struct fw_text refusal;      /**< empty: it can be read */
};

struct parquet_schema {
    struct parquet_column *columns;
    size_t n_columns, n_leaves;
    const struct parquet_node **leaves;
};

/**
 * Reads the list of schema elements. False where it is damaged (`reader` has failed) or where there
 * is no memory. Finish in any case.
 */
bool parquet_schema_read(struct thrift_reader *reader, struct parquet_schema *schema);
void parquet_schema_finish(struct parquet_schema *schema);

void parquet_node_finish(struct parquet_node *node);

/** Appends the type as fw_parquet_reader_type gives it. */
void parquet_node_type(const struct parquet_node *node, struct fw_text *text);

/** Whether values of one can be held as the other's: the same, or narrower numbers. */
bool parquet_node_fits(const struct parquet_node *from, const struct parquet_node *to);

/** Stores the leaves below a node in their order (NULL: does not); gives how many they are. */
size_t parquet_node_leaves(const struct parquet_node *node, const struct parquet_node **leaves);

/* element.c: what the file says of a field. */

struct parquet_element {
    const char *name; /**< not terminated */
    size_t name_size;
    int64_t type, size, repetition, n_children, converted, scale, precision; /**< -1: not there */
    int64_t logical; /**< the number of the logical type, 0: none */
    bool utc;
    int unit; /**< of a time: 1 milliseconds, 2 microseconds, 3 nanoseconds */
};

enum { PARQUET_REQUIRED, PARQUET_OPTIONAL, PARQUET_REPEATED };
enum { PARQUET_CONVERTED_MAP = 1, PARQUET_CONVERTED_MAP_KEY_VALUE, PARQUET_CONVERTED_LIST };

void parquet_element_read(struct thrift_reader *reader, struct parquet_element *ret_element);

/** type.c: the leaf's type as the SQL engine takes it. NULL, or why it is not read. */
const char *parquet_type_of(const struct parquet_element *element, struct parquet_node *leaf);

/** The leaf of one of Arrow's formats, as values of it are held; false: no file gives it. */
bool parquet_type_of_format(const char *format, struct parquet_node *leaf);

#endif

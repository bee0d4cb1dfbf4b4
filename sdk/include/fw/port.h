/* SPDX-License-Identifier: MIT */
#ifndef FW_PORT_H
#define FW_PORT_H

#include "fw/macros.h"

FW_BEGIN_DECLS

/** What goes through a port. */
enum {
    FW_KIND_TABLE = 1,    /**< Parquet file, folder of Parquet parts, Delta table, CSV/TSV */
    FW_KIND_TENSOR = 2,   /**< .npy or .npz */
    FW_KIND_FILE = 3,     /**< any file */
    FW_KIND_DIR = 4,      /**< any folder */
    FW_KIND_DOCUMENT = 5, /**< JSON, YAML or Markdown */
    FW_KIND_ANY = 6       /**< wildcard ports only: whatever is given */
};
typedef uint32_t fw_kind;

enum {
    FW_PORT_OPTIONAL = 1u << 0,    /**< input: may be left out; output: may be left unwritten */
    FW_PORT_MANY = 1u << 1,        /**< input: a list of paths or a pattern is accepted */
    FW_PORT_WILDCARD = 1u << 2,    /**< `name` is "*": the pipeline names the ports itself */
    FW_PORT_MAY_BE_EMPTY = 1u << 3 /**< output: zero rows or zero bytes are no error */
};

/**
 * One input or output of a stage. An output's `file` is its default name inside the stage's
 * folder. For a table the name decides the layout: "x.parquet" is a single file, a name
 * without extension is a folder of parts. Fill with FW_PORT(...).
 */
struct fw_port {
    uint32_t struct_size;
    fw_kind kind;
    uint32_t flags;
    uint32_t reserved;
    const char *name; /**< lower_snake ASCII */
    const char *file; /**< outputs: default file name; inputs: NULL */
    const char *doc;  /**< one line, required */
};
FW_ASSERT_NO_TAIL(struct fw_port, doc);

#define FW_PORT(...)                                                                               \
    {                                                                                              \
        .struct_size = (uint32_t)sizeof(struct fw_port), __VA_ARGS__                               \
    }

FW_END_DECLS

#endif

/* SPDX-License-Identifier: MIT */
#ifndef FW_PARAM_H
#define FW_PARAM_H

#include "fw/macros.h"

FW_BEGIN_DECLS

/** Types of a parameter, and how the value arrives in `struct fw_value` (fw/task.h). */
enum {
    FW_PARAM_UNSET = 0,     /**< value only: not given and without a default */
    FW_PARAM_BOOL = 1,      /**< integer, 0 or 1 */
    FW_PARAM_INT = 2,       /**< integer */
    FW_PARAM_REAL = 3,      /**< real; an integer literal is accepted */
    FW_PARAM_STRING = 4,    /**< text */
    FW_PARAM_ENUM = 5,      /**< text, one of `choices` */
    FW_PARAM_BYTES = 6,     /**< integer, bytes; written 4096, "64KiB", "8GB" */
    FW_PARAM_DURATION = 7,  /**< real, seconds; written 30, "30s", "20m", "1h30m" */
    FW_PARAM_FILE = 8,      /**< text, absolute path of an existing file; its content, not its
                                 path, is part of the cache key */
    FW_PARAM_TEXT_LIST = 9, /**< texts, n */
    FW_PARAM_REAL_LIST = 10 /**< reals, n */
};
typedef uint32_t fw_param_type;

enum {
    FW_PARAM_REQUIRED = 1u << 0,  /**< no default: the pipeline must give it; a list, not empty */
    FW_PARAM_NO_EFFECT = 1u << 1, /**< never changes an output byte: outside the cache key */
    FW_PARAM_SECRET = 1u << 2     /**< given as "env:NAME"; never recorded */
};

/**
 * One parameter of a stage. The host checks type, range, choices and unknown names against
 * this table before anything runs, so a stage reads values that are known to be good.
 * `default_value`, `min` and `max` are written as a user would write them in a pipeline file
 * ("0.2", "true", "64KiB", lists as "a,b"); NULL means none. Fill with FW_PARAM(...).
 */
struct fw_param {
    uint32_t struct_size;
    fw_param_type type;
    uint32_t flags;
    uint32_t reserved;
    const char *name; /**< lower_snake ASCII */
    const char *default_value;
    const char *min;
    const char *max;
    const char *choices; /**< for FW_PARAM_ENUM: "a|b|c" */
    const char *unit;    /**< "rows", "days", ... */
    const char *doc;     /**< one line, required */
};
FW_ASSERT_NO_TAIL(struct fw_param, doc);

/** FW_PARAM(.type = FW_PARAM_INT, .name = "window", .default_value = "20", .doc = "...") */
#define FW_PARAM(...)                                                                              \
    {                                                                                              \
        .struct_size = (uint32_t)sizeof(struct fw_param), __VA_ARGS__                              \
    }

FW_END_DECLS

#endif

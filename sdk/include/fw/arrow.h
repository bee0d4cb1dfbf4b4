/* SPDX-License-Identifier: MIT */
#ifndef FW_ARROW_H
#define FW_ARROW_H

/**
 * The Arrow C Data and C Stream interfaces: a published ABI whose struct definitions every
 * participant restates (https://arrow.apache.org/docs/format/CDataInterface.html and
 * CStreamInterface.html). The guards are the published ones, so that this header and any
 * other that states the same interface can be included together.
 *
 * Ownership travels in the object: whoever holds a struct whose `release` is not NULL calls it
 * exactly once; moving a struct means copying it and setting the source's `release` to NULL.
 * `release` points into the producer's code: the host never unloads a plugin while an array
 * made by it is alive.
 */

#include "fw/macros.h"

FW_BEGIN_DECLS

#ifndef ARROW_C_DATA_INTERFACE
#    define ARROW_C_DATA_INTERFACE

#    define ARROW_FLAG_DICTIONARY_ORDERED 1
#    define ARROW_FLAG_NULLABLE           2
#    define ARROW_FLAG_MAP_KEYS_SORTED    4

struct ArrowSchema {
    const char *format;
    const char *name;
    const char *metadata;
    int64_t flags;
    int64_t n_children;
    struct ArrowSchema **children;
    struct ArrowSchema *dictionary;
    void (*release)(struct ArrowSchema *);
    void *private_data;
};

struct ArrowArray {
    int64_t length;
    int64_t null_count;
    int64_t offset;
    int64_t n_buffers;
    int64_t n_children;
    const void **buffers;
    struct ArrowArray **children;
    struct ArrowArray *dictionary;
    void (*release)(struct ArrowArray *);
    void *private_data;
};

#endif /* ARROW_C_DATA_INTERFACE */

#ifndef ARROW_C_STREAM_INTERFACE
#    define ARROW_C_STREAM_INTERFACE

/**
 * A pull stream of record batches. `get_next` returns 0 and a released array at the end;
 * other returns are errno-style codes whose text `get_last_error` gives until the next call.
 * Not thread-safe: one thread at a time.
 */
struct ArrowArrayStream {
    int (*get_schema)(struct ArrowArrayStream *, struct ArrowSchema *out);
    int (*get_next)(struct ArrowArrayStream *, struct ArrowArray *out);
    const char *(*get_last_error)(struct ArrowArrayStream *);
    void (*release)(struct ArrowArrayStream *);
    void *private_data;
};

#endif /* ARROW_C_STREAM_INTERFACE */

FW_END_DECLS

#endif

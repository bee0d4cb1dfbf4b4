/* SPDX-License-Identifier: MIT */
#ifndef LINE_HASH_H
#define LINE_HASH_H

#include "fw/sdk.h"

FW_BEGIN_DECLS

#define LINE_HASH_ID "org.example.line_hash/1"

/**
 * 64 bits that depend on nothing but the bytes: the same on every machine and in every run. A
 * service, so that stages of other plugins sort lines into the same bins.
 */
struct line_hash {
    uint32_t struct_size;
    uint32_t reserved;

    /** [any thread] */
    uint64_t (*hash)(const char *bytes, uint64_t size);
};
FW_ASSERT_NO_TAIL(struct line_hash, hash);

extern const struct line_hash line_hash_table;

FW_END_DECLS

#endif

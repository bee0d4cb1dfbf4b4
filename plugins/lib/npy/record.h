/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_NPY_RECORD_H
#define FW_LIB_NPY_RECORD_H

#include "output.h"

/* What an archive says of its members, as zip.c reads it. No time, no user: the same members, the
 * same bytes. */
struct npz_entry {
    char *name; /**< with ".npy" */
    uint64_t at, size;
    uint32_t crc;
};

/**
 * In front of a member's bytes, with room for ZIP64 sizes, as NumPy's own have. It is as long
 * whatever the size and checksum are: put again, it fills in what was not known before.
 */
fw_status npz_record_put_local(struct npz_output *output, const struct npz_entry *entry);

/** Behind all members. */
fw_status npz_record_put_directory(struct npz_output *output, const struct npz_entry *entries,
                                   size_t n);

static inline unsigned char *npz_put16(unsigned char *to, uint64_t value)
{
    to[0] = (unsigned char)(value & 0xff);
    to[1] = (unsigned char)(value >> 8 & 0xff);
    return to + 2;
}

static inline unsigned char *npz_put32(unsigned char *to, uint64_t value)
{
    return npz_put16(npz_put16(to, value), value >> 16);
}

static inline unsigned char *npz_put64(unsigned char *to, uint64_t value)
{
    return npz_put32(npz_put32(to, value), value >> 32);
}

#endif

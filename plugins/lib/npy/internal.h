/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_NPY_INTERNAL_H
#define FW_LIB_NPY_INTERNAL_H

#include <zlib.h>

#include "npy.h"

/* --- archive.c: a file and the arrays in it --- */

enum npz_method { NPZ_STORED = 0, NPZ_DEFLATED = 8 };

struct npz_member {
    char *name; /**< without ".npy" */
    uint64_t header_at;
    uint64_t packed, size;
    uint32_t crc;
    uint16_t method, flags;
};

struct fw_npz {
    const struct fw_host *host;
    char *path;
    int fd;
    uint64_t size;
    bool is_array; /**< a .npy: no directory, one member that is the file */
    struct npz_member *members;
    size_t n_members;
};

/** Records a fault at PATH or, with a member, at PATH: MEMBER.npy. Returns `status`. */
__attribute__((format(printf, 4, 5))) fw_status
npz_fault(const struct fw_npz *npz, fw_status status, const char *member, const char *format, ...);

/** NULL: there is no such array. */
const struct npz_member *npz_find(const struct fw_npz *npz, const char *name);

/** FW_E_MISSING, with the arrays that there are. */
fw_status npz_fault_missing(const struct fw_npz *npz, const char *name);

/* --- zip.c: what an archive says that it holds --- */

/** All of these bytes of the file, or a fault. */
fw_status npz_pread(const struct fw_npz *npz, const char *member, uint64_t at, void *bytes,
                    size_t size);

/** Fills members of an archive. */
fw_status npz_read_directory(struct fw_npz *npz);

/** Where a member's bytes lie, after its local header. */
fw_status npz_locate(const struct fw_npz *npz, const struct npz_member *member,
                     uint64_t *ret_data_at);

static inline uint64_t npz_u16(const unsigned char *bytes)
{
    return (uint64_t)bytes[0] | (uint64_t)bytes[1] << 8;
}

static inline uint64_t npz_u32(const unsigned char *bytes)
{
    return npz_u16(bytes) | npz_u16(bytes + 2) << 16;
}

static inline uint64_t npz_u64(const unsigned char *bytes)
{
    return npz_u32(bytes) | npz_u32(bytes + 4) << 32;
}

/* --- stream.c: a member's bytes, unpacked --- */

struct npy_stream {
    const struct fw_npz *npz;
    const struct npz_member *member;
    uint64_t data_at;
    uint64_t at;       /**< deflated: the next byte that comes out */
    uint64_t taken;    /**< deflated: packed bytes that went in */
    uint32_t crc;      /**< of the bytes before `at` */
    bool inflating;    /**< `z` is initialised */
    unsigned char *in; /**< packed bytes on their way into `z` */
    z_stream z;
};

/** Finish in any case. */
fw_status npy_stream_init(struct npy_stream *stream, const struct fw_npz *npz,
                          const struct npz_member *member);
void npy_stream_finish(struct npy_stream *stream);
fw_status npy_stream_read(struct npy_stream *stream, uint64_t at, void *bytes, size_t size);

/* --- header.c --- */

enum { NPY_MAGIC_BYTES = 6, NPY_ALIGN = 64 };
extern const unsigned char npy_magic[NPY_MAGIC_BYTES];

/** Of the text between the length and the items. NULL, or what is wrong with it. */
const char *npy_header_parse(const char *text, size_t size, struct fw_npy_header *ret_header);

/** Magic, version 1.0, length and text, aligned; the length. `bytes` holds NPY_HEADER_MAX. */
enum { NPY_HEADER_MAX = 1024 };
size_t npy_header_print(const struct fw_npy_header *header, unsigned char *bytes);

/** Fills item_bytes, descr, n_dims, shape and n_items. False when the sizes do not fit 63 bits. */
bool npy_header_of(struct fw_npy_header *ret_header, enum fw_npy_type type, const uint64_t *shape,
                   unsigned n_dims);

/** False when the number of bytes of all items does not fit 63 bits. */
bool npy_header_count(struct fw_npy_header *header);

/* --- convert.c --- */

/** Whether items of one type can be had as another. */
bool npy_converts(enum fw_npy_type from, enum fw_npy_type as);
void npy_convert(enum fw_npy_type from, const void *items, enum fw_npy_type as, void *ret_items,
                 size_t n);

/* --- array.c --- */

struct fw_npy {
    const struct fw_npz *npz;
    const struct npz_member *member;
    struct npy_stream stream;
    struct fw_npy_header header;
    uint64_t items_at; /**< behind the header */
};

/* --- text.c --- */

/** The characters of a text as NumPy has them, four bytes each, at least one; the caller frees.
 * -EILSEQ where it is not UTF-8, -ENOMEM. */
int npy_text_pack(const char *utf8, unsigned char **ret_packed, size_t *ret_n);

/* --- fortran.c --- */

/** fw_npy_read of a column-major array of two axes or more. */
fw_status npy_read_fortran(struct fw_npy *npy, uint64_t first, uint64_t n, void *buffer);

#endif

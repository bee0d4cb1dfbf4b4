/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "internal.h"

enum {
    IN_BYTES = 1 << 16,
    SKIP_BYTES = 1 << 16,
    MOST_PER_BYTE = 1032 /* what deflate can make of a byte; more is a lie or a bomb */
};

static fw_status check_sizes(const struct fw_npz *npz, const struct npz_member *member)
{
    if (member->method != NPZ_STORED && member->method != NPZ_DEFLATED) {
        return npz_fault(
            npz, FW_E_UNSUPPORTED, member->name,
            "the member is packed with method %u; stored (0) and deflated (8) are read",
            member->method);
    }
    bool right = member->method == NPZ_STORED ? member->size == member->packed
                                              : member->size / MOST_PER_BYTE <= member->packed;
    if (!right) {
        return npz_fault(npz, FW_E_DATA, member->name,
                         "%llu bytes cannot be what %llu packed bytes hold",
                         (unsigned long long)member->size, (unsigned long long)member->packed);
    }
    return FW_OK;
}

fw_status npy_stream_init(struct npy_stream *stream, const struct fw_npz *npz,
                          const struct npz_member *member)
{
    *stream = (struct npy_stream){.npz = npz, .member = member};
    if (npz->is_array) {
        return FW_OK;
    }
    fw_status status = check_sizes(npz, member);
    if (status == FW_OK) {
        status = npz_locate(npz, member, &stream->data_at);
    }
    if (status != FW_OK || member->method == NPZ_STORED) {
        return status;
    }
    stream->in = malloc(IN_BYTES);
    stream->inflating = stream->in != NULL && inflateInit2(&stream->z, -MAX_WBITS) == Z_OK;
    return stream->inflating ? FW_OK : npz_fault(npz, FW_E_NOMEM, member->name, "out of memory");
}

void npy_stream_finish(struct npy_stream *stream)
{
    if (stream->inflating) {
        inflateEnd(&stream->z);
    }
    free(stream->in);
    *stream = (struct npy_stream){0};
}

static fw_status refill(struct npy_stream *stream)
{
    uint64_t left = stream->member->packed - stream->taken;
    size_t n = left < IN_BYTES ? (size_t)left : IN_BYTES;

    if (n == 0) {
        return npz_fault(stream->npz, FW_E_DATA, stream->member->name,
                         "the packed bytes end after %llu of %llu unpacked ones",
                         (unsigned long long)stream->at, (unsigned long long)stream->member->size);
    }
    fw_status status = npz_pread(stream->npz, stream->member->name, stream->data_at + stream->taken,
                                 stream->in, n);
    stream->taken += n;
    stream->z.next_in = stream->in;
    stream->z.avail_in = (uInt)n;
    return status;
}

/* The next bytes that come out, all of them. */
static fw_status unpack(struct npy_stream *stream, unsigned char *bytes, size_t size)
{
    fw_status status = FW_OK;

    stream->z.next_out = bytes;
    stream->z.avail_out = (uInt)size;
    while (status == FW_OK && stream->z.avail_out > 0) {
        if (stream->z.avail_in == 0) {
            status = refill(stream);
            continue;
        }
        int rc = inflate(&stream->z, Z_NO_FLUSH);
        if (rc != Z_OK && !(rc == Z_STREAM_END && stream->z.avail_out == 0)) {
            status = npz_fault(stream->npz, rc == Z_MEM_ERROR ? FW_E_NOMEM : FW_E_DATA,
                               stream->member->name, "the packed bytes are damaged: %s",
                               stream->z.msg != NULL ? stream->z.msg : "they end too early");
        }
    }
    if (status != FW_OK) {
        stream->at = stream->member->size + 1; /* whoever reads on starts over */
        return status;
    }
    stream->at += size;
    stream->crc = (uint32_t)crc32_z(stream->crc, bytes, size);
    if (stream->at == stream->member->size && stream->crc != stream->member->crc) {
        return npz_fault(stream->npz, FW_E_DATA, stream->member->name,
                         "the checksum is %08x and should be %08x", stream->crc,
                         stream->member->crc);
    }
    return FW_OK;
}

static fw_status skip(struct npy_stream *stream, uint64_t to)
{
    unsigned char *waste = malloc(SKIP_BYTES);
    fw_status status = FW_OK;

    if (waste == NULL) {
        return npz_fault(stream->npz, FW_E_NOMEM, stream->member->name, "out of memory");
    }
    if (to < stream->at) {
        inflateReset(&stream->z);
        stream->z.avail_in = 0;
        stream->at = stream->taken = 0;
        stream->crc = 0;
    }
    while (status == FW_OK && stream->at < to) {
        uint64_t left = to - stream->at;
        status = unpack(stream, waste, left < SKIP_BYTES ? (size_t)left : SKIP_BYTES);
    }
    free(waste);
    return status;
}

fw_status npy_stream_read(struct npy_stream *stream, uint64_t at, void *bytes, size_t size)
{
    enum { MOST_AT_ONCE = 1 << 30 }; /* zlib counts in 32 bits */
    unsigned char *to = bytes;

    if (at > stream->member->size || size > stream->member->size - at) {
        return npz_fault(stream->npz, FW_E_DATA, stream->member->name,
                         "the array ends at byte %llu, and bytes up to %llu are needed",
                         (unsigned long long)stream->member->size,
                         (unsigned long long)at + (unsigned long long)size);
    }
    if (!stream->inflating) {
        return npz_pread(stream->npz, stream->member->name, stream->data_at + at, bytes, size);
    }
    fw_status status = at == stream->at ? FW_OK : skip(stream, at);
    while (status == FW_OK && size > 0) {
        size_t n = size < MOST_AT_ONCE ? size : MOST_AT_ONCE;
        status = unpack(stream, to, n);
        to += n;
        size -= n;
    }
    return status;
}

/* SPDX-License-Identifier: MIT */
#include "codec.h"

#include <limits.h>
#include <lz4.h>
#include <snappy-c.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "decode.h"
#include "parquet/format.h"

/* A byte of deflate gives at most 1,032, one of LZ4 255; four of zstd a block of 128 kB. */
enum { MOST_OF_DEFLATE = 1032, MOST_OF_LZ4 = 255, MOST_OF_ZSTD = 32768 };

static const char wrong_size[] = "a page that unpacks to what its header says";

void parquet_unpacker_finish(struct parquet_unpacker *unpacker)
{
    ZSTD_freeDCtx(unpacker->zstd);
    unpacker->zstd = NULL;
}

bool parquet_codec_is_known(int64_t codec)
{
    return codec == PARQUET_UNCOMPRESSED || codec == PARQUET_SNAPPY || codec == PARQUET_GZIP ||
           codec == PARQUET_ZSTD || codec == PARQUET_LZ4_RAW;
}

const char *parquet_codec_refusal(int64_t codec)
{
    switch (codec) {
    case PARQUET_LZO:
        return "compressed with LZO";
    case PARQUET_BROTLI:
        return "compressed with Brotli";
    case PARQUET_LZ4:
        return "compressed with LZ4 in Hadoop's frames";
    default:
        return "compressed in a way that is not known";
    }
}

bool parquet_codec_can_give(int codec, struct parquet_bytes packed, size_t size)
{
    size_t given = 0;
    unsigned long long known;

    switch (codec) {
    case PARQUET_UNCOMPRESSED:
        return packed.size == size;
    case PARQUET_SNAPPY:
        return snappy_uncompressed_length((const char *)packed.data, packed.size, &given) ==
                   SNAPPY_OK &&
               given == size;
    case PARQUET_GZIP:
        return size / MOST_OF_DEFLATE <= packed.size;
    case PARQUET_LZ4_RAW:
        return size / MOST_OF_LZ4 <= packed.size;
    default:
        known = ZSTD_getFrameContentSize(packed.data, packed.size);
        return known == size ||
               (known == ZSTD_CONTENTSIZE_UNKNOWN && size / MOST_OF_ZSTD <= packed.size);
    }
}

/* A file may hold several members, one after the other. */
static const char *inflate_all(struct parquet_bytes packed, uint8_t *to, size_t size)
{
    z_stream stream = {.next_in = (Bytef *)(uintptr_t)packed.data,
                       .avail_in = (uInt)packed.size,
                       .next_out = to,
                       .avail_out = (uInt)size};
    int rc = inflateInit2(&stream, MAX_WBITS + 32);

    if (rc != Z_OK) {
        return parquet_no_memory;
    }
    do {
        rc = inflate(&stream, Z_FINISH);
    } while (rc == Z_STREAM_END && stream.avail_in > 0 && inflateReset(&stream) == Z_OK);
    inflateEnd(&stream);
    return rc == Z_STREAM_END && stream.avail_out == 0 ? NULL : wrong_size;
}

static const char *unpack_zstd(struct parquet_unpacker *unpacker, struct parquet_bytes packed,
                               uint8_t *to, size_t size)
{
    if (unpacker->zstd == NULL) {
        unpacker->zstd = ZSTD_createDCtx();
    }
    if (unpacker->zstd == NULL) {
        return parquet_no_memory;
    }
    return ZSTD_decompressDCtx(unpacker->zstd, to, size, packed.data, packed.size) == size
               ? NULL
               : wrong_size;
}

const char *parquet_unpack(struct parquet_unpacker *unpacker, int codec,
                           struct parquet_bytes packed, uint8_t *to, size_t size)
{
    size_t given = size;

    if (packed.size > INT_MAX || size > INT_MAX) {
        return "a page of less than 2 GB";
    }
    switch (codec) {
    case PARQUET_UNCOMPRESSED:
        memcpy(to, packed.data, size);
        return NULL;
    case PARQUET_SNAPPY:
        return snappy_uncompress((const char *)packed.data, packed.size, (char *)to, &given) ==
                           SNAPPY_OK &&
                       given == size
                   ? NULL
                   : wrong_size;
    case PARQUET_GZIP:
        return inflate_all(packed, to, size);
    case PARQUET_LZ4_RAW:
        return LZ4_decompress_safe((const char *)packed.data, (char *)to, (int)packed.size,
                                   (int)size) == (int)size
                   ? NULL
                   : wrong_size;
    default:
        return unpack_zstd(unpacker, packed, to, size);
    }
}

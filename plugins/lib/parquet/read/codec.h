/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_PARQUET_READ_CODEC_H
#define FW_LIB_PARQUET_READ_CODEC_H

#include <stddef.h>
#include <stdint.h>

#include <stdbool.h>

#include "parquet/footer.h"

/** Compression of pages. Zero-initialise; one thread at a time. */
struct parquet_unpacker {
    struct ZSTD_DCtx_s *zstd;
};
void parquet_unpacker_finish(struct parquet_unpacker *unpacker);

bool parquet_codec_is_known(int64_t codec);

/** Of one that is not known: "compressed with brotli, ...". */
const char *parquet_codec_refusal(int64_t codec);

/** Whether so many bytes may become `size` ones: asked before there is room made for these. */
bool parquet_codec_can_give(int codec, struct parquet_bytes packed, size_t size);

/** Fills `size` bytes. NULL, or what is wrong. */
const char *parquet_unpack(struct parquet_unpacker *unpacker, int codec,
                           struct parquet_bytes packed, uint8_t *to, size_t size);

#endif

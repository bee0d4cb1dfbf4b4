/* SPDX-License-Identifier: MIT */
#include "utf8.h"

#include <string.h>

/* The size of the character that begins here; 0: none. */
static size_t character(const uint8_t *at, size_t left)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    const size_t size = at[0] < 0x80   ? 1
                        : at[0] < 0xc0 ? 0
                        : at[0] < 0xe0 ? 2
                        : at[0] < 0xf0 ? 3
                                       : 4;
    uint32_t point = size < 2 ? at[0] : at[0] & (0x7fu >> size);

    if (size == 0 || size > left || at[0] > 0xf7) {
        return 0;
    }
    for (size_t i = 1; i < size; i++) {
        if ((at[i] & 0xc0) != 0x80) {
            return 0;
        }
        point = point << 6 | (at[i] & 0x3f);
    }
    return point >= least[size] && point <= 0x10ffff && (point & 0x1ff800) != 0xd800 ? size : 0;
}

bool parquet_is_utf8(const uint8_t *bytes, size_t size)
{
    const uint64_t high = UINT64_C(0x8080808080808080);

    for (size_t i = 0; i < size;) {
        uint64_t word = high;
        if (size - i >= sizeof word) {
            memcpy(&word, bytes + i, sizeof word);
        }
        if ((word & high) == 0) {
            i += sizeof word;
            continue;
        }
        const size_t n = character(bytes + i, size - i);
        if (n == 0) {
            return false;
        }
        i += n;
    }
    return true;
}

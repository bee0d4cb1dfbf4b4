/* SPDX-License-Identifier: MIT */
#include "delta/z85.h"

#include <stdint.h>

#include <string.h>

bool fw_delta_z85(const char *text, size_t n_chars, unsigned char *bytes)
{
    static const char alphabet[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                   ".-:+=^!/*?&<>()[]{}@%$#";
    if (n_chars % 5 != 0) {
        return false;
    }
    for (size_t i = 0; i < n_chars; i += 5) {
        uint64_t group = 0;
        for (size_t k = 0; k < 5; k++) {
            const char *digit = memchr(alphabet, text[i + k], sizeof alphabet - 1);
            if (digit == NULL) {
                return false;
            }
            group = group * 85 + (uint64_t)(digit - alphabet);
        }
        if (group > UINT32_MAX) {
            return false;
        }
        for (int shift = 24; shift >= 0; shift -= 8) {
            *bytes++ = (unsigned char)(group >> shift);
        }
    }
    return true;
}

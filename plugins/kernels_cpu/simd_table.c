/* SPDX-License-Identifier: MIT */
#include "simd_parts.h"

#define SIMD_ENTRY(part) .part = SIMD_FN(part),

extern const struct simd SIMD_PASTE(simd_, SIMD_NAME);
const struct simd SIMD_PASTE(simd_, SIMD_NAME) = {.name = SIMD_LABEL,
                                                  .element = sizeof(real),
                                                  .lanes = SIMD_LANES,
                                                  .mr = SIMD_MR,
                                                  .nr = SIMD_NR,
                                                  SIMD_PARTS(SIMD_ENTRY)};

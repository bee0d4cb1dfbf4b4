/* SPDX-License-Identifier: MIT */
#include "simd.h"

#if defined(__x86_64__)
#    include <cpuid.h>
#endif
#include <stddef.h>

#include <stdlib.h>
#include <string.h>

extern const struct simd simd_v1_f32, simd_v1_f64;
#if defined(__x86_64__)
extern const struct simd simd_v3_f32, simd_v3_f64;
extern const struct simd simd_v4_f32, simd_v4_f64;
#endif

/* Ascending. x86-64-v3 is AVX2 with FMA, v4 the AVX-512 of servers; elsewhere what the compiler
 * takes for granted is called v1. */
static const struct {
    const char *name;
    const struct simd *f32;
    const struct simd *f64;
} sets[] = {
    {"v1", &simd_v1_f32, &simd_v1_f64},
#if defined(__x86_64__)
    {"v3", &simd_v3_f32, &simd_v3_f64},
    {"v4", &simd_v4_f32, &simd_v4_f64},
#endif
};

#if defined(__x86_64__)
/* What the system saves when it switches threads: vectors that it does not save cannot be used. */
static uint64_t saved_state(void)
{
    uint32_t low, high;

    __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (uint64_t)high << 32 | low;
}

/* Read from the processor here, since the compiler's own test needs a constructor. */
static size_t supported(void)
{
    const unsigned v3_base = bit_FMA | bit_OSXSAVE | bit_AVX | bit_MOVBE | bit_F16C;
    const unsigned v3 = bit_AVX2 | bit_BMI | bit_BMI2;
    const unsigned v4 = bit_AVX512F | bit_AVX512DQ | bit_AVX512CD | bit_AVX512BW | bit_AVX512VL;
    unsigned a, b, c, d, base;

    if (__get_cpuid(1, &a, &b, &base, &d) == 0 || (base & v3_base) != v3_base ||
        __get_cpuid_count(7, 0, &a, &b, &c, &d) == 0 || (b & v3) != v3 ||
        (saved_state() & 0x06) != 0x06) {
        return 0;
    }
    return (b & v4) == v4 && (saved_state() & 0xe6) == 0xe6 ? 2 : 1;
}
#else
static size_t supported(void)
{
    return 0;
}
#endif

static size_t chosen(void)
{
    const char *wanted = getenv("FWRUN_KERNELS_ISA");
    size_t best = supported();

    for (size_t i = 0; wanted != NULL && i < best; i++) {
        if (strcmp(sets[i].name, wanted) == 0) {
            return i;
        }
    }
    return best;
}

void simd_choose(const struct simd **ret_f32, const struct simd **ret_f64)
{
    size_t set = chosen();

    *ret_f32 = sets[set].f32;
    *ret_f64 = sets[set].f64;
}

/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_CANONICAL_JSON_H
#define FW_LIB_CANONICAL_JSON_H

#include <stdint.h>

#include "sql/text.h"

/*
 * The scalars of canonical JSON: one byte sequence per value, the same as
 *     json.dumps(value, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
 * gives in Python. Containers are for the caller, who sorts an object's keys by code point
 * (strcmp of UTF-8 does). All append; a failed allocation shows in text->failed.
 */

/**
 * A quoted string, ASCII only: \uXXXX for what is outside U+0020..U+007E, surrogate pairs above
 * U+FFFF. Bytes that are no UTF-8 become U+FFFD, as many as Python's errors="replace" gives.
 */
void fw_canonical_string(struct fw_text *text, const char *bytes, size_t size);

/** Shortest form that reads back equal, as Python's repr: 1.0, 1e+16, 1e-05, NaN, -Infinity. */
void fw_canonical_double(struct fw_text *text, double value);

void fw_canonical_int64(struct fw_text *text, int64_t value);
void fw_canonical_uint64(struct fw_text *text, uint64_t value);

/** 128 bits in two's complement halves. */
void fw_canonical_int128(struct fw_text *text, uint64_t upper, uint64_t lower);
void fw_canonical_uint128(struct fw_text *text, uint64_t upper, uint64_t lower);

/*
 * Times and decimals are strings in canonical JSON; these append the characters alone, without
 * quotes, in the form of Python's str(): 2022-04-18, 10:11:12.500000, 2022-04-18 10:11:12.
 * A fraction has 6 digits, or none when it is zero; 9 when nanoseconds need them.
 */

/** An integer scaled by 10^scale: 12.50, -0.05. */
void fw_canonical_decimal(struct fw_text *text, uint64_t upper, uint64_t lower, unsigned scale);

/** Days since 1970-01-01. Years have at least 4 digits; those before year 1 end in " (BC)". */
void fw_canonical_date(struct fw_text *text, int64_t days);

/** Nanoseconds since midnight. */
void fw_canonical_time(struct fw_text *text, int64_t nanos);

/** Seconds since 1970-01-01 00:00:00, and nanoseconds 0 to 999,999,999 on top of them. */
void fw_canonical_timestamp(struct fw_text *text, int64_t seconds, int64_t nanos);

/** Seconds east of UTC: +00:00, -05:30, +00:19:32. */
void fw_canonical_offset(struct fw_text *text, int32_t seconds);

#endif

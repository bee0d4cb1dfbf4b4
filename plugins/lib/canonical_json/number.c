/* SPDX-License-Identifier: MIT */
#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "canonical_json.h"

__extension__ typedef unsigned __int128 uint128;

/* 0.d1d2d3... * 10^point, the digits of a positive finite double. */
struct digits {
    char digit[DBL_DECIMAL_DIG + 1];
    int n;
    int point;
};

/* Takes the digits out of "d.ddde+xx", whatever the locale's decimal separator is. */
static void parse_scientific(const char *scientific, struct digits *ret)
{
    const char *exponent = strchr(scientific, 'e');

    ret->n = 0;
    for (const char *at = scientific; at < exponent; at++) {
        if (*at >= '0' && *at <= '9') {
            ret->digit[ret->n++] = *at;
        }
    }
    while (ret->n > 1 && ret->digit[ret->n - 1] == '0') {
        ret->n--;
    }
    ret->point = atoi(exponent + 1) + 1;
}

/* Rounded to `precision` digits; whether that reads back as `value`. */
static bool round_trips(double value, int precision, char *scientific, size_t size)
{
    snprintf(scientific, size, "%.*e", precision - 1, value);
    return strtod(scientific, NULL) == value;
}

/*
 * Above a power of two the doubles lie twice as far apart as below, so the decimal next above
 * the nearest one may still read back as the value when the nearest, below, does not.
 */
static bool next_above_round_trips(double value, char *scientific)
{
    int exponent;
    char *at = strchr(scientific, 'e');

    if (frexp(value, &exponent) != 0.5) {
        return false;
    }
    for (at--; at >= scientific; at--) {
        if (*at == '9') {
            *at = '0';
        } else if (*at >= '0' && *at < '9') {
            (*at)++;
            return strtod(scientific, NULL) == value;
        }
    }
    return false;
}

/* 15 digits survive the way through a normal double, so fewer need not be tried. */
static void find_shortest(double value, struct digits *ret)
{
    char scientific[40];
    int precision = value < DBL_MIN ? 1 : DBL_DIG;

    while (precision < DBL_DECIMAL_DIG &&
           !round_trips(value, precision, scientific, sizeof scientific) &&
           !next_above_round_trips(value, scientific)) {
        precision++;
    }
    if (precision == DBL_DECIMAL_DIG) {
        snprintf(scientific, sizeof scientific, "%.*e", DBL_DECIMAL_DIG - 1, value);
    }
    parse_scientific(scientific, ret);
}

static void append_zeros(struct fw_text *text, int n)
{
    for (int i = 0; i < n; i++) {
        fw_text_append_len(text, "0", 1);
    }
}

/* Python writes 1e-05 to 9e-05 with an exponent, 0.0001 and 1e15 without, 1e+16 with one. */
static void append_digits(struct fw_text *text, const struct digits *digits)
{
    const char *digit = digits->digit;
    int n = digits->n;
    int point = digits->point;

    if (point <= -4 || point > 16) {
        fw_text_append_len(text, digit, 1);
        if (n > 1) {
            fw_text_append_len(text, ".", 1);
            fw_text_append_len(text, digit + 1, (size_t)n - 1);
        }
        fw_text_appendf(text, "e%+03d", point - 1);
    } else if (point <= 0) {
        fw_text_append_len(text, "0.", 2);
        append_zeros(text, -point);
        fw_text_append_len(text, digit, (size_t)n);
    } else if (n <= point) {
        fw_text_append_len(text, digit, (size_t)n);
        append_zeros(text, point - n);
        fw_text_append_len(text, ".0", 2);
    } else {
        fw_text_append_len(text, digit, (size_t)point);
        fw_text_append_len(text, ".", 1);
        fw_text_append_len(text, digit + point, (size_t)(n - point));
    }
}

void fw_canonical_double(struct fw_text *text, double value)
{
    struct digits digits;

    if (isnan(value)) {
        fw_text_append(text, "NaN");
        return;
    }
    if (signbit(value)) {
        fw_text_append_len(text, "-", 1);
    }
    double magnitude = fabs(value);
    if (isinf(value)) {
        fw_text_append(text, "Infinity");
    } else if (magnitude < 1e15 && magnitude == (double)(uint64_t)magnitude) {
        fw_canonical_uint64(text, (uint64_t)magnitude);
        fw_text_append_len(text, ".0", 2);
    } else {
        find_shortest(magnitude, &digits);
        append_digits(text, &digits);
    }
}

/* 2^128 has 39 digits. Fills from the end, gives the first digit. */
static char *write_uint128(char *end, uint128 value)
{
    do {
        *--end = (char)('0' + (int)(value % 10));
        value /= 10;
    } while (value != 0);
    return end;
}

static char *write_uint64(char *end, uint64_t value)
{
    do {
        *--end = (char)('0' + (int)(value % 10));
        value /= 10;
    } while (value != 0);
    return end;
}

void fw_canonical_uint64(struct fw_text *text, uint64_t value)
{
    char buffer[20];
    const char *start = write_uint64(buffer + sizeof buffer, value);

    fw_text_append_len(text, start, (size_t)(buffer + sizeof buffer - start));
}

void fw_canonical_int64(struct fw_text *text, int64_t value)
{
    if (value < 0) {
        fw_text_append_len(text, "-", 1);
    }
    fw_canonical_uint64(text, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

static uint128 join(uint64_t upper, uint64_t lower)
{
    return (uint128)upper << 64 | lower;
}

void fw_canonical_uint128(struct fw_text *text, uint64_t upper, uint64_t lower)
{
    char buffer[40];
    const char *start = write_uint128(buffer + sizeof buffer, join(upper, lower));

    fw_text_append_len(text, start, (size_t)(buffer + sizeof buffer - start));
}

/* Appends the sign of a two's complement value, gives its magnitude. */
static uint128 append_sign(struct fw_text *text, uint64_t upper, uint64_t lower)
{
    uint128 value = join(upper, lower);

    if ((int64_t)upper >= 0) {
        return value;
    }
    fw_text_append_len(text, "-", 1);
    return 0 - value;
}

void fw_canonical_int128(struct fw_text *text, uint64_t upper, uint64_t lower)
{
    uint128 value = append_sign(text, upper, lower);

    fw_canonical_uint128(text, (uint64_t)(value >> 64), (uint64_t)value);
}

void fw_canonical_decimal(struct fw_text *text, uint64_t upper, uint64_t lower, unsigned scale)
{
    char buffer[80];
    char *end = buffer + sizeof buffer;
    char *start = write_uint128(end, append_sign(text, upper, lower));

    while ((size_t)(end - start) <= scale) {
        *--start = '0';
    }
    size_t n_whole = (size_t)(end - start) - scale;
    fw_text_append_len(text, start, n_whole);
    if (scale > 0) {
        fw_text_append_len(text, ".", 1);
        fw_text_append_len(text, start + n_whole, scale);
    }
}

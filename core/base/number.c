/* SPDX-License-Identifier: MIT */
#include "base/number.h"

#include <ctype.h>
#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* In glibc the "C" locale is a constant: this neither allocates nor fails. */
static locale_t plain_locale(void)
{
    return newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

void fw_number_text(double value, char ret_text[FW_NUMBER_TEXT])
{
    locale_t before = uselocale(plain_locale());
    if (fabs(value) < 1e15 && value == floor(value)) {
        snprintf(ret_text, FW_NUMBER_TEXT, "%.0f", value);
    } else {
        for (int digits = 1; digits <= 17; digits++) {
            snprintf(ret_text, FW_NUMBER_TEXT, "%.*g", digits, value);
            if (strtod(ret_text, NULL) == value) {
                break;
            }
        }
    }
    uselocale(before);
}

bool fw_number_parse(const char *text, double *ret_value)
{
    size_t len = strspn(text, "0123456789+-.eE");
    char *end;
    double value = strtod_l(text, &end, plain_locale());
    if (len == 0 || text[len] != '\0' || end != text + len || !isfinite(value)) {
        return false;
    }
    *ret_value = value;
    return true;
}

/* Splits off the sign and a "0x"; false when no digit follows, which strtoll would let pass. */
static bool integer_base(const char *text, int *ret_base)
{
    text += *text == '+' || *text == '-';
    bool hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
    *ret_base = hex ? 16 : 10;
    return isxdigit((unsigned char)text[hex ? 2 : 0]) != 0;
}

bool fw_number_parse_i64(const char *text, int64_t *ret_value)
{
    int base;
    char *end;
    errno = 0;
    if (!integer_base(text, &base)) {
        return false;
    }
    long long value = strtoll(text, &end, base);
    if (end == text || *end != '\0' || errno != 0) {
        return false;
    }
    *ret_value = value;
    return true;
}

bool fw_number_parse_u64(const char *text, uint64_t *ret_value)
{
    int base;
    char *end;
    errno = 0;
    if (*text == '-' || !integer_base(text, &base)) {
        return false;
    }
    unsigned long long value = strtoull(text, &end, base);
    if (end == text || *end != '\0' || errno != 0) {
        return false;
    }
    *ret_value = value;
    return true;
}

/* An unsigned decimal at the start of the text; long double holds every 64-bit integer. */
static const char *leading_number(const char *text, long double *ret_value)
{
    size_t len = strspn(text, "0123456789.");
    char *end = NULL;
    *ret_value = strtold_l(text, &end, plain_locale());
    return len > 0 && end == text + len ? end : NULL;
}

int fw_size_parse(const char *text, uint64_t whole, uint64_t *ret_bytes, struct fw_error *err)
{
    static const struct {
        const char *name;
        long double bytes;
    } units[] = {{"", 1},          {"B", 1},        {"kB", 1e3L},     {"MB", 1e6L},
                 {"GB", 1e9L},     {"TB", 1e12L},   {"KiB", 0x1p10L}, {"MiB", 0x1p20L},
                 {"GiB", 0x1p30L}, {"TiB", 0x1p40L}};
    long double value;
    const char *unit = leading_number(text, &value);
    if (unit) {
        unit += strspn(unit, " ");
        if (strcmp(unit, "%") == 0 && value <= 100) {
            *ret_bytes = (uint64_t)((long double)whole * value / 100);
            return 0;
        }
        for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
            if (strcasecmp(unit, units[i].name) == 0 && value * units[i].bytes < 0x1p64L) {
                *ret_bytes = (uint64_t)(value * units[i].bytes);
                return 0;
            }
        }
    }
    return fw_error_set(err, FW_EXIT_CONFIG,
                        "\"%s\" is no size: expected bytes, or a number with kB, MB, GB, TB "
                        "(powers of 1000), KiB, MiB, GiB, TiB (powers of 1024) or %% (up to 100)",
                        text);
}

int fw_duration_parse(const char *text, double *ret_seconds, struct fw_error *err)
{
    static const struct {
        const char *name;
        double seconds;
    } units[] = {{"d", 86400}, {"h", 3600}, {"m", 60}, {"s", 1}, {"ms", 1e-3}};
    const size_t n_units = sizeof units / sizeof units[0];
    double total = 0;
    size_t next = 0; /* units come from large to small, each once */
    const char *rest = text;
    do {
        long double value;
        const char *unit = leading_number(rest, &value);
        if (unit && *unit == '\0' && rest == text) {
            *ret_seconds = (double)value;
            return 0;
        }
        size_t len = unit ? strspn(unit, "dhms") : 0;
        while (next < n_units &&
               (strlen(units[next].name) != len || strncmp(units[next].name, unit, len) != 0)) {
            next++;
        }
        if (!unit || next == n_units) {
            return fw_error_set(err, FW_EXIT_CONFIG,
                                "\"%s\" is no duration: expected seconds, or numbers with the "
                                "units d, h, m, s, ms in this order, as in \"1h30m\"",
                                text);
        }
        total += (double)value * units[next++].seconds;
        rest = unit + len;
    } while (*rest != '\0');
    *ret_seconds = total;
    return 0;
}

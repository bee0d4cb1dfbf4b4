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
    bool integer = fabs(value) < 0x1p53 && value == floor(value);
    snprintf(ret_text, FW_NUMBER_TEXT, "%.0f", integer ? value : 0);
    for (int digits = 1; digits <= 17 && strtod(ret_text, NULL) != value; digits++) {
        snprintf(ret_text, FW_NUMBER_TEXT, "%.*g", digits, value);
    }
    uselocale(before);
}

bool fw_number_parse(const char *text, double *ret_value)
{
    char *end;
    double value = strtod_l(text, &end, plain_locale());
    /* strtod also takes blanks, hexadecimal digits, "inf" and "nan". */
    if (end == text || end != text + strspn(text, "0123456789+-.eE") || *end || !isfinite(value)) {
        return false;
    }
    *ret_value = value;
    return true;
}

/* The digits behind a sign and "0x", and the base that these mean. */
static const char *digits_of(const char *text, int *ret_base)
{
    text += *text == '+' || *text == '-';
    *ret_base = strncasecmp(text, "0x", 2) == 0 ? 16 : 10;
    return text + (*ret_base == 16 ? 2 : 0);
}

bool fw_number_parse_i64(const char *text, int64_t *ret_value)
{
    int base;
    char *end;
    const char *digits = digits_of(text, &base);
    errno = 0;
    long long value = strtoll(text, &end, base);
    if (!isxdigit((unsigned char)*digits) || *end != '\0' || errno != 0) {
        return false;
    }
    *ret_value = value;
    return true;
}

bool fw_number_parse_u64(const char *text, uint64_t *ret_value)
{
    int base;
    char *end;
    const char *digits = digits_of(text, &base);
    errno = 0;
    unsigned long long value = strtoull(text, &end, base);
    if (*text == '-' || !isxdigit((unsigned char)*digits) || *end != '\0' || errno != 0) {
        return false;
    }
    *ret_value = value;
    return true;
}

struct unit {
    const char *name;
    double factor;
};

/* An unsigned decimal and the unit behind it, which ends where a digit begins. NULL when that is
 * not what the text starts with. */
static const struct unit *read_unit(const char **text, const struct unit *units, double *value)
{
    size_t len = strspn(*text, "0123456789.");
    char *end;
    *value = strtod_l(*text, &end, plain_locale());
    if (len == 0 || end != *text + len) {
        return NULL;
    }
    end += strspn(end, " ");
    *text = end + strcspn(end, "0123456789.");
    while (units->name && (strlen(units->name) != (size_t)(*text - end) ||
                           strncasecmp(units->name, end, strlen(units->name)) != 0)) {
        units++;
    }
    return units->name ? units : NULL;
}

int fw_size_parse(const char *text, uint64_t whole, uint64_t *ret_bytes, struct fw_error *err)
{
    static const struct unit units[] = {{"", 1},         {"%", 0.01},     {"B", 1},
                                        {"kB", 1e3},     {"MB", 1e6},     {"GB", 1e9},
                                        {"TB", 1e12},    {"KiB", 0x1p10}, {"MiB", 0x1p20},
                                        {"GiB", 0x1p30}, {"TiB", 0x1p40}, {NULL, 0}};
    const char *rest = text;
    double value;
    const struct unit *unit = read_unit(&rest, units, &value);
    bool share = unit == &units[1];
    if (!unit || *rest != '\0' || (share && value > 100) || value * unit->factor >= 0x1p64) {
        return fw_error_set(err, FW_EXIT_CONFIG,
                            "\"%.80s\" is no size: expected bytes, or a number with kB, MB, GB, TB "
                            "(powers of 1000), KiB, MiB, GiB, TiB (powers of 1024) or %% (up to "
                            "100)",
                            text);
    }
    *ret_bytes = (uint64_t)(share ? (double)whole * value / 100 : value * unit->factor);
    return 0;
}

/* In any unit: what is longer is a slip, and its seconds would not fit anywhere. */
#define MAX_DURATION 1e12

int fw_duration_parse(const char *text, double *ret_seconds, struct fw_error *err)
{
    static const struct unit units[] = {{"d", 86400}, {"h", 3600}, {"m", 60}, {"s", 1},
                                        {"ms", 1e-3}, {"", 1},     {NULL, 0}};
    const struct unit *next = units; /* they come from large to small, each once */
    const char *rest = text;
    double total = 0;
    do {
        double value;
        bool first = rest == text;
        const struct unit *unit = read_unit(&rest, next, &value);
        bool bare = unit && !*unit->name;
        if (!unit || value > MAX_DURATION || (bare && !(first && !*rest))) {
            return fw_error_set(err, FW_EXIT_CONFIG,
                                "\"%.80s\" is no duration: expected seconds, or numbers with the "
                                "units d, h, m, s, ms in this order, as in \"1h30m\"",
                                text);
        }
        total += value * unit->factor;
        next = unit + 1;
    } while (*rest != '\0');
    *ret_seconds = total;
    return 0;
}

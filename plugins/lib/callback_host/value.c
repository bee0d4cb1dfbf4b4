/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "internal.h"

/* Parameters as the host reads them from a pipeline, here from within a text. */

struct unit {
    const char *name;
    double factor;
};

/* What a decimal point is does not depend on where the program runs. */
static double decimal(const char *text, char **ret_end)
{
    /* A constant in glibc: neither allocates nor fails. */
    return strtod_l(text, ret_end, newlocale(LC_ALL_MASK, "C", (locale_t)0));
}

static bool read_real(const char *text, double *ret)
{
    char *end;

    *ret = decimal(text, &end);
    return end != text && *end == '\0' && isfinite(*ret) &&
           strspn(text, "0123456789+-.eE") == strlen(text);
}

static bool read_integer(const char *text, int64_t *ret)
{
    char *end;

    errno = 0;
    long long value = strtoll(text, &end, 10);
    *ret = value;
    return end != text && *end == '\0' && errno == 0 &&
           strspn(text, "0123456789+-") == strlen(text);
}

static const struct unit *find_unit(const struct unit *units, const char *text, size_t size)
{
    for (; units->name != NULL; units++) {
        if (strlen(units->name) == size && strncasecmp(units->name, text, size) == 0) {
            return units;
        }
    }
    return NULL;
}

/* Numbers with units, from large to small and each once: "64KiB", "1h30m", "4096". */
static bool read_scaled(const char *text, const struct unit *units, bool several, double *ret)
{
    const char *at = text;
    double sum = 0;

    do {
        size_t digits = strspn(at, "0123456789.");
        char *end;
        double number = decimal(at, &end);
        if (digits == 0 || end != at + digits) {
            return false;
        }
        end += strspn(end, " ");
        size_t size = strcspn(end, "0123456789.");
        units = find_unit(units, end, size);
        if (units == NULL || (units->name[0] == '\0' && at != text)) {
            return false;
        }
        sum += number * units->factor;
        units++;
        at = end + size;
    } while (*at != '\0' && several);
    *ret = sum;
    return *at == '\0';
}

static bool read_bytes(const char *text, int64_t *ret)
{
    static const struct unit units[] = {{"TiB", 0x1p40}, {"TB", 1e12}, {"GiB", 0x1p30}, {"GB", 1e9},
                                        {"MiB", 0x1p20}, {"MB", 1e6},  {"KiB", 0x1p10}, {"kB", 1e3},
                                        {"B", 1},        {"", 1},      {NULL, 0}};
    double bytes;

    if (!read_scaled(text, units, false, &bytes) || bytes >= 0x1p63) {
        return false;
    }
    *ret = (int64_t)bytes;
    return true;
}

static bool read_duration(const char *text, double *ret)
{
    static const struct unit units[] = {{"d", 86400}, {"h", 3600}, {"m", 60}, {"s", 1},
                                        {"ms", 1e-3}, {"", 1},     {NULL, 0}};

    return read_scaled(text, units, true, ret) && *ret < 1e12;
}

static bool is_choice(const char *choices, const char *text)
{
    size_t size = strlen(text);

    for (const char *at = choices; at != NULL; at = strchr(at, '|')) {
        at += *at == '|';
        if (strncmp(at, text, size) == 0 && (at[size] == '|' || at[size] == '\0')) {
            return true;
        }
    }
    return false;
}

/* Whether it keeps the limits, which are written as values are. */
static bool in_range(const struct fw_param *param, const struct fw_value *value)
{
    const char *limits[] = {param->min, param->max};

    for (int side = 0; side < 2; side++) {
        struct fw_value limit = {0};
        struct fw_param plain = {.type = param->type == FW_PARAM_REAL_LIST ? FW_PARAM_REAL
                                                                           : param->type};
        if (limits[side] == NULL || hub_value_read(&plain, limits[side], &limit) != 0) {
            continue;
        }
        bool whole = plain.type == FW_PARAM_INT || plain.type == FW_PARAM_BYTES;
        const double *reals = param->type == FW_PARAM_REAL_LIST ? value->reals : &value->real;
        uint64_t n = param->type == FW_PARAM_REAL_LIST ? value->n : 1;
        for (uint64_t i = 0; i < n; i++) {
            bool below = whole ? value->integer < limit.integer : reals[i] < limit.real;
            bool above = whole ? value->integer > limit.integer : reals[i] > limit.real;
            if (side == 0 ? below : above) {
                return false;
            }
        }
    }
    return true;
}

static uint64_t count_items(const char *text)
{
    uint64_t n = *text != '\0';

    for (; *text != '\0'; text++) {
        n += *text == ',';
    }
    return n;
}

/* "a,b" as one block: pointers, and behind them the copy that they point into. */
static enum hub_value_outcome read_texts(const char *text, struct fw_value *ret)
{
    uint64_t n = count_items(text);
    size_t pointers = ((size_t)n + 1) * sizeof(char *), size = strlen(text) + 1;
    char **texts = malloc(pointers + size);

    if (texts == NULL) {
        return HUB_VALUE_NOMEM;
    }
    char *at = memcpy((char *)texts + pointers, text, size);
    for (uint64_t i = 0; i < n; i++) {
        texts[i] = strsep(&at, ",");
    }
    ret->texts = (const char *const *)texts;
    ret->n = n;
    return HUB_VALUE_GOOD;
}

static enum hub_value_outcome read_reals(const char *text, struct fw_value *ret)
{
    struct fw_value texts = {0};
    enum hub_value_outcome outcome = read_texts(text, &texts);
    double *reals = calloc((size_t)texts.n + 1, sizeof *reals);

    if (outcome == HUB_VALUE_GOOD && reals == NULL) {
        outcome = HUB_VALUE_NOMEM;
    }
    for (uint64_t i = 0; i < texts.n && outcome == HUB_VALUE_GOOD; i++) {
        outcome = read_real(texts.texts[i], &reals[i]) ? HUB_VALUE_GOOD : HUB_VALUE_BAD;
    }
    ret->reals = reals;
    ret->n = texts.n;
    free((void *)(uintptr_t)texts.texts);
    return outcome;
}

static enum hub_value_outcome read_text(const struct fw_param *param, const char *text,
                                        struct fw_value *ret)
{
    if (param->type == FW_PARAM_ENUM && !is_choice(param->choices, text)) {
        return HUB_VALUE_BAD;
    }
    ret->text = strdup(text);
    return ret->text != NULL ? HUB_VALUE_GOOD : HUB_VALUE_NOMEM;
}

static enum hub_value_outcome read_any(const struct fw_param *param, const char *text,
                                       struct fw_value *ret)
{
    bool good;

    switch (param->type) {
    case FW_PARAM_BOOL:
        ret->integer = strcmp(text, "true") == 0;
        good = ret->integer == 1 || strcmp(text, "false") == 0;
        break;
    case FW_PARAM_INT:
        good = read_integer(text, &ret->integer);
        break;
    case FW_PARAM_REAL:
        good = read_real(text, &ret->real);
        break;
    case FW_PARAM_BYTES:
        good = read_bytes(text, &ret->integer);
        break;
    case FW_PARAM_DURATION:
        good = read_duration(text, &ret->real);
        break;
    case FW_PARAM_TEXT_LIST:
        return read_texts(text, ret);
    case FW_PARAM_REAL_LIST:
        return read_reals(text, ret);
    default:
        return read_text(param, text, ret);
    }
    return good ? HUB_VALUE_GOOD : HUB_VALUE_BAD;
}

enum hub_value_outcome hub_value_read(const struct fw_param *param, const char *text,
                                      struct fw_value *ret)
{
    struct fw_value value = {
        .struct_size = (uint32_t)sizeof value, .type = param->type, .name = param->name};
    enum hub_value_outcome outcome = read_any(param, text, &value);

    if (outcome == HUB_VALUE_GOOD && !in_range(param, &value)) {
        outcome = HUB_VALUE_BAD;
    }
    if (outcome == HUB_VALUE_GOOD) {
        *ret = value;
    } else {
        hub_value_finish(&value);
    }
    return outcome;
}

void hub_value_finish(struct fw_value *value)
{
    free((void *)(uintptr_t)value->text);
    free((void *)(uintptr_t)value->texts);
    free((void *)(uintptr_t)value->reals);
    *value = (struct fw_value){0};
}

void hub_value_expected(const struct fw_param *param, struct fw_text *text)
{
    static const char *const phrases[] = {
        [FW_PARAM_BOOL] = "true or false",
        [FW_PARAM_INT] = "an integer",
        [FW_PARAM_REAL] = "a number",
        [FW_PARAM_STRING] = "a text",
        [FW_PARAM_ENUM] = "one of ",
        [FW_PARAM_BYTES] = "a size such as 64KiB or 8GB",
        [FW_PARAM_DURATION] = "a duration such as 30, 20m or 1h30m",
        [FW_PARAM_FILE] = "a path",
        [FW_PARAM_TEXT_LIST] = "texts with commas between them",
        [FW_PARAM_REAL_LIST] = "numbers with commas between them",
    };

    fw_text_append(text, phrases[param->type]);
    for (const char *at = param->type == FW_PARAM_ENUM ? param->choices : ""; *at != '\0'; at++) {
        fw_text_append_len(text, *at == '|' ? ", " : at, *at == '|' ? 2 : 1);
    }
    if (param->min != NULL && param->max != NULL) {
        fw_text_appendf(text, " from %s to %s", param->min, param->max);
    } else if (param->min != NULL || param->max != NULL) {
        fw_text_appendf(text, " of at %s %s", param->min != NULL ? "least" : "most",
                        param->min != NULL ? param->min : param->max);
    }
    if (param->unit != NULL) {
        fw_text_appendf(text, " (%s)", param->unit);
    }
}

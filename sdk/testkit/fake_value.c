/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "fake_internal.h"

/* Parameter values as a pipeline file writes them. */

struct unit {
    const char *name;
    double factor;
};

static double factor_of(const struct unit *units, size_t n, const char **at)
{
    *at += strspn(*at, " ");
    size_t length = strcspn(*at, "0123456789.");
    for (size_t i = 0; i < n; i++) {
        if (strlen(units[i].name) == length && strncasecmp(units[i].name, *at, length) == 0) {
            *at += length;
            return units[i].factor;
        }
    }
    return -1;
}

/* A sum of numbers with units: "1h30m", "64KiB", "4096". */
static bool parse_scaled(const char *text, const struct unit *units, size_t n, double *ret)
{
    double sum = 0;
    const char *at = text;
    do {
        char *end;
        double number = strtod(at, &end);
        if (end == at) {
            return false;
        }
        at = end;
        double factor = factor_of(units, n, &at);
        if (factor < 0) {
            return false;
        }
        sum += number * factor;
    } while (*at != '\0');
    *ret = sum;
    return true;
}

static bool parse_bytes(const char *text, int64_t *ret)
{
    static const struct unit units[] = {
        {"", 1},
        {"B", 1},
        {"KB", 1e3},
        {"MB", 1e6},
        {"GB", 1e9},
        {"TB", 1e12},
        {"KiB", 1024.0},
        {"MiB", 1048576.0},
        {"GiB", 1073741824.0},
        {"TiB", 1099511627776.0},
    };
    double bytes;
    if (!parse_scaled(text, units, sizeof units / sizeof *units, &bytes)) {
        return false;
    }
    *ret = (int64_t)bytes;
    return true;
}

static bool parse_duration(const char *text, double *ret)
{
    static const struct unit units[] = {
        {"", 1}, {"ms", 1e-3}, {"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400},
    };
    return parse_scaled(text, units, sizeof units / sizeof *units, ret);
}

static bool parse_int(const char *text, int64_t *ret)
{
    char *end;
    errno = 0;
    *ret = strtoll(text, &end, 10);
    return end != text && *end == '\0' && errno == 0;
}

static bool parse_real(const char *text, double *ret)
{
    char *end;
    *ret = strtod(text, &end);
    return end != text && *end == '\0';
}

static bool is_choice(const char *choices, const char *text)
{
    size_t length = strlen(text);
    for (const char *at = choices; at != NULL; at = strchr(at, '|')) {
        at += *at == '|';
        if (strncmp(at, text, length) == 0 && (at[length] == '|' || at[length] == '\0')) {
            return true;
        }
    }
    return false;
}

static bool parse_list(struct fake_task *t, bool reals, const char *text, struct fw_value *value)
{
    char *rest = fake_own_text(t, text);
    const char *texts[FAKE_MAX_PORTS];
    double numbers[FAKE_MAX_PORTS];
    uint64_t n = 0;
    for (char *save = NULL, *item = strtok_r(rest, ",", &save); item != NULL;
         item = strtok_r(NULL, ",", &save)) {
        if (n == FAKE_MAX_PORTS || (reals && !parse_real(item, &numbers[n]))) {
            return false;
        }
        texts[n++] = item + strspn(item, " ");
    }
    if (reals) {
        value->reals = memcpy(fake_own(t, n * sizeof *numbers), numbers, n * sizeof *numbers);
    } else {
        value->texts = memcpy(fake_own(t, n * sizeof *texts), texts, n * sizeof *texts);
    }
    value->n = n;
    return true;
}

static bool parse(struct fake_task *t, const struct fw_param *param, const char *text,
                  struct fw_value *value)
{
    switch (param->type) {
    case FW_PARAM_BOOL:
        value->integer = strcmp(text, "true") == 0;
        return value->integer == 1 || strcmp(text, "false") == 0;
    case FW_PARAM_INT:
        return parse_int(text, &value->integer);
    case FW_PARAM_REAL:
        return parse_real(text, &value->real);
    case FW_PARAM_BYTES:
        return parse_bytes(text, &value->integer);
    case FW_PARAM_DURATION:
        return parse_duration(text, &value->real);
    case FW_PARAM_STRING:
    case FW_PARAM_FILE:
    case FW_PARAM_ENUM:
        value->text = fake_own_text(t, text);
        return param->type != FW_PARAM_ENUM || is_choice(param->choices, text);
    case FW_PARAM_TEXT_LIST:
    case FW_PARAM_REAL_LIST:
        return parse_list(t, param->type == FW_PARAM_REAL_LIST, text, value);
    default:
        return false;
    }
}

void fake_value_parse(struct fake_task *t, const struct fw_param *param, const char *text,
                      struct fw_value *value)
{
    value->type = param->type;
    if (!parse(t, param, text, value)) {
        fake_die("%s: parameter '%s': cannot read '%s' as type %u", t->task.use, param->name, text,
                 param->type);
    }
}

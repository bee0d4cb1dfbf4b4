/* SPDX-License-Identifier: MIT */
#include "plugin/param.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/number.h"

static bool is_number(fw_param_type type)
{
    return type == FW_PARAM_INT || type == FW_PARAM_REAL || type == FW_PARAM_BYTES ||
           type == FW_PARAM_DURATION || type == FW_PARAM_REAL_LIST;
}

/* Near enough for comparing with limits: integers above 2^53 are rounded. */
static bool read_number(fw_param_type type, const char *text, double *ret)
{
    int64_t integer;
    uint64_t bytes;
    switch (type) {
    case FW_PARAM_INT:
        if (!fw_number_parse_i64(text, &integer)) {
            return false;
        }
        *ret = (double)integer;
        return true;
    case FW_PARAM_BYTES:
        if (strchr(text, '%') != NULL || fw_size_parse(text, 0, &bytes, NULL) != 0 ||
            bytes > INT64_MAX) {
            return false;
        }
        *ret = (double)bytes;
        return true;
    case FW_PARAM_DURATION:
        return fw_duration_parse(text, ret, NULL) == 0;
    default:
        return fw_number_parse(text, ret);
    }
}

static int check_number(const struct fw_param *param, const char *text, struct fw_error *err)
{
    double value = 0;
    double limit = 0;
    if (!read_number(param->type, text, &value)) {
        return fw_error_set(err, FW_EXIT_PLUGIN, "'%s' cannot be read as its type", text);
    }
    if ((param->min != NULL && read_number(param->type, param->min, &limit) && value < limit) ||
        (param->max != NULL && read_number(param->type, param->max, &limit) && value > limit)) {
        return fw_error_set(err, FW_EXIT_PLUGIN, "'%s' is outside of its limits", text);
    }
    return 0;
}

static int check_numbers(const struct fw_param *param, const char *list, struct fw_error *err)
{
    fw_auto(free) char *copy = strdup(list);
    if (copy == NULL) {
        return fw_error_oom(err);
    }
    char *save = NULL;
    for (char *item = strtok_r(copy, ",", &save); item != NULL; item = strtok_r(NULL, ",", &save)) {
        if (check_number(param, item, err) != 0) {
            return -1;
        }
    }
    return 0;
}

static bool is_choice(const char *choices, const char *text)
{
    const size_t len = strlen(text);
    for (const char *at = choices; at != NULL; at = strchr(at, '|')) {
        at += *at == '|';
        if (strncmp(at, text, len) == 0 && (at[len] == '|' || at[len] == '\0')) {
            return true;
        }
    }
    return false;
}

static int check_default(const struct fw_param *param, const char *text, struct fw_error *err)
{
    if (param->type == FW_PARAM_BOOL && strcmp(text, "true") != 0 && strcmp(text, "false") != 0) {
        return fw_error_set(err, FW_EXIT_PLUGIN, "'%s' is neither true nor false", text);
    }
    if (param->type == FW_PARAM_ENUM && !is_choice(param->choices, text)) {
        return fw_error_set(err, FW_EXIT_PLUGIN, "'%s' is none of %s", text, param->choices);
    }
    if (param->type == FW_PARAM_REAL_LIST) {
        return check_numbers(param, text, err);
    }
    return is_number(param->type) ? check_number(param, text, err) : 0;
}

int fw_param_check(const struct fw_param *param, struct fw_error *err)
{
    const uint32_t flags = FW_PARAM_REQUIRED | FW_PARAM_NO_EFFECT | FW_PARAM_SECRET;
    if (param->type < FW_PARAM_BOOL || param->type > FW_PARAM_REAL_LIST) {
        return fw_error_set(err, FW_EXIT_PLUGIN, "has the unknown type %u", param->type);
    }
    if ((param->flags & ~flags) != 0 || param->reserved != 0 ||
        ((param->flags & FW_PARAM_SECRET) != 0 && param->type != FW_PARAM_STRING)) {
        return fw_error_set(err, FW_EXIT_PLUGIN, "has flags 0x%x that do not fit its type",
                            param->flags);
    }
    if ((param->choices != NULL) != (param->type == FW_PARAM_ENUM)) {
        return fw_error_set(err, FW_EXIT_PLUGIN, "has choices without being an enum, or none");
    }
    if ((param->min != NULL || param->max != NULL) && !is_number(param->type)) {
        return fw_error_set(err, FW_EXIT_PLUGIN, "has limits, and its type has no order");
    }
    if ((param->min != NULL && check_number(param, param->min, err) != 0) ||
        (param->max != NULL && check_number(param, param->max, err) != 0)) {
        return fw_error_prefix(err, "limit: ");
    }
    if (param->default_value == NULL) {
        return 0;
    }
    if ((param->flags & FW_PARAM_REQUIRED) != 0) {
        return fw_error_set(err, FW_EXIT_PLUGIN, "is required and has a default");
    }
    return check_default(param, param->default_value, err) == 0 ? 0
                                                                : fw_error_prefix(err, "default: ");
}

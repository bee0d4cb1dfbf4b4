/* SPDX-License-Identifier: MIT */
#include "graph/values.h"

#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/number.h"
#include "base/str.h"
#include "plugin/descriptor.h"

static const char *type_phrase(fw_param_type type)
{
    static const char *const phrases[] = {
        [FW_PARAM_BOOL] = "true or false",
        [FW_PARAM_INT] = "an integer",
        [FW_PARAM_REAL] = "a number",
        [FW_PARAM_STRING] = "a string",
        [FW_PARAM_ENUM] = "one of",
        [FW_PARAM_BYTES] = "a size such as \"64KiB\" or \"8GB\"",
        [FW_PARAM_DURATION] = "a duration such as 30, \"20m\" or \"1h30m\"",
        [FW_PARAM_FILE] = "the path of a file",
        [FW_PARAM_TEXT_LIST] = "a list of strings",
        [FW_PARAM_REAL_LIST] = "a list of numbers",
    };
    return phrases[type];
}

static bool is_list(fw_param_type type)
{
    return type == FW_PARAM_TEXT_LIST || type == FW_PARAM_REAL_LIST;
}

/* "an integer from 1 to 64 rows", "one of a, b" */
static void describe(const struct fw_param *param, struct fw_str *out)
{
    fw_str_printf(out, "%s%s", type_phrase(param->type),
                  is_list(param->type) && (param->flags & FW_PARAM_REQUIRED) ? ", at least one"
                                                                             : "");
    for (const char *at = param->type == FW_PARAM_ENUM ? param->choices : ""; *at != '\0';) {
        size_t len = strcspn(at, "|");
        fw_str_printf(out, " \"%.*s\"%s", (int)len, at, at[len] == '|' ? "," : "");
        at += len + (at[len] == '|');
    }
    if (param->min && param->max) {
        fw_str_printf(out, " from %s to %s", param->min, param->max);
    } else if (param->min || param->max) {
        fw_str_printf(out, " of at %s %s", param->min ? "least" : "most",
                      param->min ? param->min : param->max);
    }
    if (param->unit) {
        fw_str_printf(out, " (%s)", param->unit);
    }
}

static bool is_choice(const char *choices, const char *text)
{
    size_t len = strlen(text);
    for (const char *at = choices; *at != '\0';) {
        size_t n = strcspn(at, "|");
        if (n == len && memcmp(at, text, n) == 0) {
            return true;
        }
        at += n + (at[n] == '|');
    }
    return false;
}

static int add_text(struct fw_param_value *value, const char *text, size_t len)
{
    char *copy = strndup(text, len);
    return fw_strings_take(&value->texts, copy);
}

static int add_real(struct fw_param_value *value, double real)
{
    double *reals = realloc(value->reals, (size_t)(value->view.n + 1) * sizeof *reals);
    if (!reals) {
        return -1;
    }
    value->reals = reals;
    reals[value->view.n++] = real;
    return 0;
}

enum outcome { GOOD, BAD, NO_MEMORY };

/* Defaults and limits, and scalars given as text. */
static enum outcome from_text(struct fw_param_value *value, const char *text)
{
    struct fw_value *view = &value->view;
    uint64_t bytes;
    switch (view->type) {
    case FW_PARAM_BOOL:
        view->integer = strcmp(text, "true") == 0;
        return view->integer || strcmp(text, "false") == 0 ? GOOD : BAD;
    case FW_PARAM_INT:
        return fw_number_parse_i64(text, &view->integer) ? GOOD : BAD;
    case FW_PARAM_REAL:
        return fw_number_parse(text, &view->real) ? GOOD : BAD;
    case FW_PARAM_BYTES:
        /* A share of the machine would make the value, and the key, depend on the machine. */
        if (strchr(text, '%') || fw_size_parse(text, 0, &bytes, NULL) < 0 || bytes > INT64_MAX) {
            return BAD;
        }
        view->integer = (int64_t)bytes;
        return GOOD;
    case FW_PARAM_DURATION:
        return fw_duration_parse(text, &view->real, NULL) == 0 ? GOOD : BAD;
    default:
        free(value->text);
        value->text = strdup(text);
        return value->text ? GOOD : NO_MEMORY;
    }
}

static enum outcome list_from_text(struct fw_param_value *value, const char *text)
{
    for (const char *at = text; *at != '\0';) {
        size_t len = strcspn(at, ",");
        fw_auto(free) char *item = strndup(at, len);
        double real = 0;
        if (!item) {
            return NO_MEMORY;
        }
        if (value->view.type == FW_PARAM_REAL_LIST && !fw_number_parse(item, &real)) {
            return BAD;
        }
        int rc = value->view.type == FW_PARAM_REAL_LIST ? add_real(value, real)
                                                        : add_text(value, at, len);
        if (rc < 0) {
            return NO_MEMORY;
        }
        at += len + (at[len] == ',');
    }
    return GOOD;
}

static enum outcome list_from_node(struct fw_param_value *value, const struct fw_cfg_node *node)
{
    bool reals = value->view.type == FW_PARAM_REAL_LIST;
    const struct fw_cfg_node *items = node->items;
    size_t len = node->len;
    if (node->kind != FW_CFG_LIST && node->kind != FW_CFG_ARRAY) {
        items = node; /* a single value is a list of one */
        len = 1;
    }
    for (size_t i = 0; i < len; i++) {
        bool numeric = items[i].kind == FW_CFG_INT || items[i].kind == FW_CFG_FLOAT;
        if (reals ? !numeric : items[i].kind != FW_CFG_STRING) {
            return BAD;
        }
        int rc = reals ? add_real(value, items[i].real)
                       : add_text(value, items[i].text, strlen(items[i].text));
        if (rc < 0) {
            return NO_MEMORY;
        }
    }
    return len == 0 && (value->flags & FW_PARAM_REQUIRED) ? BAD : GOOD;
}

static enum outcome from_node(struct fw_param_value *value, const struct fw_cfg_node *node)
{
    struct fw_value *view = &value->view;
    if (is_list(view->type)) {
        return list_from_node(value, node);
    }
    const bool is_signed = view->type == FW_PARAM_INT || view->type == FW_PARAM_REAL;
    const bool is_number = node->kind == FW_CFG_INT || node->kind == FW_CFG_FLOAT;
    if (node->kind == FW_CFG_STRING) {
        /* A variable is text by the time it gets here, whatever it is of. */
        const bool is_plain = is_signed || view->type == FW_PARAM_BOOL;
        return is_plain && !node->is_replaced ? BAD : from_text(value, node->text);
    }
    view->integer = view->type == FW_PARAM_BOOL ? node->truth : node->integer;
    view->real = node->real;
    switch (view->type) {
    case FW_PARAM_BOOL:
        return node->kind == FW_CFG_BOOL ? GOOD : BAD;
    case FW_PARAM_INT:
    case FW_PARAM_BYTES:
        return node->kind == FW_CFG_INT && (is_signed || node->real >= 0) ? GOOD : BAD;
    case FW_PARAM_REAL:
    case FW_PARAM_DURATION:
        return is_number && (is_signed || node->real >= 0) ? GOOD : BAD;
    default:
        return BAD;
    }
}

/* Whether the value keeps the table's limits; lists keep them item by item. */
static bool in_range(const struct fw_param *param, const struct fw_param_value *value)
{
    const char *limits[2] = {param->min, param->max};
    for (int side = 0; side < 2; side++) {
        struct fw_param_value limit = {
            .view.type = param->type == FW_PARAM_REAL_LIST ? FW_PARAM_REAL : param->type};
        if (!limits[side] || from_text(&limit, limits[side]) != GOOD) {
            continue;
        }
        bool whole = param->type == FW_PARAM_INT || param->type == FW_PARAM_BYTES;
        uint64_t n = param->type == FW_PARAM_REAL_LIST ? value->view.n : 1;
        for (uint64_t i = 0; i < n; i++) {
            double real = param->type == FW_PARAM_REAL_LIST ? value->reals[i] : value->view.real;
            bool below = whole ? value->view.integer < limit.view.integer : real < limit.view.real;
            bool above = whole ? value->view.integer > limit.view.integer : real > limit.view.real;
            if (side == 0 ? below : above) {
                return false;
            }
        }
    }
    return true;
}

static void wire_view(struct fw_param_value *value)
{
    value->view.text = value->text;
    value->view.reals = value->reals;
    value->view.texts = (const char *const *)value->texts.items;
    if (value->view.type == FW_PARAM_TEXT_LIST) {
        value->view.n = value->texts.len;
    }
}

static int check_file(const struct fw_pipeline *pipeline, struct fw_param_value *value,
                      struct fw_diag *diag)
{
    char *path = fw_pipeline_path(pipeline, value->node, value->text);
    if (!path) {
        return -1;
    }
    free(value->text);
    value->text = path;
    if (access(path, R_OK) < 0) {
        fw_diag_node(diag, value->node, "there is no readable file %s", path);
    }
    return 0;
}

static int check_given(const struct fw_pipeline *pipeline, const struct fw_param *param,
                       struct fw_param_value *value, struct fw_diag *diag)
{
    enum outcome outcome = from_node(value, value->node);
    bool good = outcome == GOOD && in_range(param, value) &&
                (param->type != FW_PARAM_ENUM || is_choice(param->choices, value->text));
    if (outcome == NO_MEMORY) {
        return -1;
    }
    if ((param->flags & FW_PARAM_SECRET) && good && strncmp(value->text, "env:", 4) != 0) {
        fw_diag_node(diag, value->node, "a secret is given by reference, as \"env:NAME\"");
        return 0;
    }
    if (!good) {
        fw_auto(str) struct fw_str expected = {0};
        describe(param, &expected);
        fw_diag_node(diag, value->node, "expected %s", expected.text ? expected.text : "");
        return 0;
    }
    return param->type == FW_PARAM_FILE ? check_file(pipeline, value, diag) : 0;
}

static int check_param(const struct fw_pipeline *pipeline, const struct fw_pipeline_stage *stage,
                       const struct fw_param *param, struct fw_values *values, struct fw_diag *diag)
{
    struct fw_param_value *value = fw_vec_add(values);
    if (!value) {
        return -1;
    }
    value->view = (struct fw_value){
        .struct_size = sizeof value->view, .type = param->type, .name = param->name};
    value->flags = param->flags;
    value->node = fw_cfg_get(stage->params, param->name);
    int rc = 0;
    if (value->node) {
        rc = check_given(pipeline, param, value, diag);
    } else if (param->default_value) {
        enum outcome outcome = is_list(param->type) ? list_from_text(value, param->default_value)
                                                    : from_text(value, param->default_value);
        rc = outcome == NO_MEMORY ? -1 : 0; /* a bad default was refused with the plugin */
    } else {
        value->view.type = FW_PARAM_UNSET;
        if (param->flags & FW_PARAM_REQUIRED) {
            fw_diag_node(diag, stage->node, "parameter \"%s\" is missing: %s", param->name,
                         param->doc);
        }
    }
    wire_view(value);
    return rc;
}

static int check_unknown(const struct fw_pipeline_stage *stage, const struct fw_stage *type,
                         struct fw_diag *diag)
{
    fw_auto(free) const char **names = calloc(type->n_params + 1, sizeof *names);
    if (!names) {
        return -1;
    }
    for (uint32_t i = 0; i < type->n_params; i++) {
        names[i] = fw_param_at(type->params, i)->name;
    }
    for (size_t i = 0; stage->params && i < stage->params->len; i++) {
        bool known = false;
        for (uint32_t k = 0; k < type->n_params && !known; k++) {
            known = strcmp(names[k], stage->params->items[i].name) == 0;
        }
        if (!known) {
            fw_diag_unknown(diag, &stage->params->items[i], names, type->n_params);
        }
    }
    return 0;
}

int fw_values_check(const struct fw_pipeline *pipeline, const struct fw_pipeline_stage *stage,
                    const struct fw_stage *type, struct fw_values *ret_values, struct fw_diag *diag)
{
    int rc = check_unknown(stage, type, diag);
    for (uint32_t i = 0; rc == 0 && i < type->n_params; i++) {
        rc = check_param(pipeline, stage, fw_param_at(type->params, i), ret_values, diag);
    }
    return rc;
}

/* A node by itself, exact at any size: the helpers of base/json.h only add to objects. */
static cJSON *integer_json(int64_t integer)
{
    fw_auto(json) cJSON *holder = cJSON_CreateObject();
    return holder && fw_json_add_i64(holder, "value", integer)
               ? cJSON_DetachItemFromObjectCaseSensitive(holder, "value")
               : NULL;
}

cJSON *fw_value_json(const struct fw_param_value *value)
{
    const struct fw_value *view = &value->view;
    switch (view->type) {
    case FW_PARAM_UNSET:
        return cJSON_CreateNull();
    case FW_PARAM_BOOL:
        return cJSON_CreateBool(view->integer != 0);
    case FW_PARAM_INT:
    case FW_PARAM_BYTES:
        return integer_json(view->integer);
    case FW_PARAM_REAL:
    case FW_PARAM_DURATION:
        return cJSON_CreateNumber(view->real);
    case FW_PARAM_TEXT_LIST:
        /* cJSON takes no empty array from NULL. */
        return view->n == 0 ? cJSON_CreateArray()
                            : cJSON_CreateStringArray(view->texts, (int)view->n);
    case FW_PARAM_REAL_LIST:
        return view->n == 0 ? cJSON_CreateArray()
                            : cJSON_CreateDoubleArray(view->reals, (int)view->n);
    default:
        return cJSON_CreateString(value->text);
    }
}

int fw_values_add_json(cJSON *task, const struct fw_values *values, struct fw_error *err)
{
    cJSON *list = cJSON_AddArrayToObject(task, "values");
    for (size_t i = 0; list && i < values->len; i++) {
        const struct fw_param_value *value = &values->items[i];
        cJSON *item = fw_json_append(list);
        if (!cJSON_AddStringToObject(item, "name", value->view.name) ||
            !cJSON_AddNumberToObject(item, "type", value->view.type) ||
            !cJSON_AddNumberToObject(item, "flags", value->flags) ||
            !fw_json_add(item, "value", fw_value_json(value))) {
            return fw_error_oom(err);
        }
    }
    return list ? 0 : fw_error_oom(err);
}

static int read_json(struct fw_param_value *value, const cJSON *holder)
{
    struct fw_value *view = &value->view;
    const cJSON *json = cJSON_GetObjectItemCaseSensitive(holder, "value");
    const cJSON *item;
    if (is_list(view->type)) {
        cJSON_ArrayForEach(item, json)
        {
            int rc = cJSON_IsNumber(item)
                         ? add_real(value, item->valuedouble)
                         : add_text(value, item->valuestring, strlen(item->valuestring));
            if (rc < 0) {
                return -1;
            }
        }
        return 0;
    }
    view->real = cJSON_IsNumber(json) ? json->valuedouble : 0;
    if (view->type == FW_PARAM_BOOL) {
        view->integer = cJSON_IsTrue(json);
    } else if (view->type == FW_PARAM_INT || view->type == FW_PARAM_BYTES) {
        return fw_json_get_i64(holder, "value", &view->integer, NULL);
    } else if (cJSON_IsString(json)) {
        const char *text = json->valuestring;
        if (value->flags & FW_PARAM_SECRET) {
            text = getenv(text + strlen("env:"));
        }
        value->text = text ? strdup(text) : NULL;
        return !text || value->text ? 0 : -1;
    }
    return 0;
}

int fw_values_from_json(const cJSON *task, struct fw_values *ret_values, struct fw_error *err)
{
    const cJSON *list, *item;
    if (fw_json_get_array(task, "values", &list, err) < 0) {
        return -1;
    }
    cJSON_ArrayForEach(item, list)
    {
        int64_t type, flags;
        struct fw_param_value *value = fw_vec_add(ret_values);
        if (!value) {
            return fw_error_oom(err);
        }
        value->view.struct_size = sizeof value->view;
        if (fw_json_get_string(item, "name", &value->view.name, err) < 0 ||
            fw_json_get_i64(item, "type", &type, err) < 0 ||
            fw_json_get_i64(item, "flags", &flags, err) < 0) {
            return -1;
        }
        value->view.type = (fw_param_type)type;
        value->flags = (uint32_t)flags;
        if (read_json(value, item) < 0) {
            return fw_error_oom(err);
        }
        wire_view(value);
    }
    return 0;
}

void fw_values_finish(struct fw_values *values)
{
    for (size_t i = 0; i < values->len; i++) {
        free(values->items[i].text);
        free(values->items[i].reals);
        fw_strings_finish(&values->items[i].texts);
    }
    free(values->items);
    *values = (struct fw_values){0};
}

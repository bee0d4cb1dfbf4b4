/* SPDX-License-Identifier: MIT */
#include <math.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "base/number.h"

static int compare_names(const void *a, const void *b)
{
    const cJSON *const *left = a, *const *right = b;
    return strcmp((*left)->string, (*right)->string);
}

static int sort_members(cJSON *object, struct fw_error *err)
{
    int n = cJSON_GetArraySize(object);
    fw_auto(free) cJSON **items = n > 0 ? calloc((size_t)n, sizeof *items) : NULL;
    if (!items) {
        return n > 0 ? fw_error_oom(err) : 0;
    }
    for (cJSON *child = object->child, **slot = items; child; child = child->next) {
        *slot++ = child;
    }
    const char *twice = NULL;
    qsort(items, (size_t)n, sizeof *items, compare_names);
    for (int i = 0; i < n; i++) {
        items[i]->next = i + 1 < n ? items[i + 1] : NULL;
        items[i]->prev = items[i > 0 ? i - 1 : n - 1]; /* cJSON's first points to its last */
        twice = i > 0 && compare_names(&items[i - 1], &items[i]) == 0 ? items[i]->string : twice;
    }
    object->child = items[0];
    return twice ? fw_error_set(err, FW_EXIT_STATE, "member \"%s\" occurs twice", twice) : 0;
}

/* cJSON's printer rounds numbers to 15 digits and turns NaN into null: both lose data in silence,
 * so that numbers become raw text first. */
static int prepare(cJSON *node, bool sorted, struct fw_error *err)
{
    if (cJSON_IsNumber(node)) {
        char text[FW_NUMBER_TEXT];
        if (!isfinite(node->valuedouble)) {
            return fw_error_set(err, FW_EXIT_STATE, "member \"%s\": %f is no JSON number",
                                node->string ? node->string : "", node->valuedouble);
        }
        fw_number_text(node->valuedouble, text);
        node->valuestring = strdup(text);
        node->type = cJSON_Raw;
        return node->valuestring ? 0 : fw_error_oom(err);
    }
    for (cJSON *child = node->child; child; child = child->next) {
        FW_TRY(prepare(child, sorted, err));
    }
    return sorted && cJSON_IsObject(node) ? sort_members(node, err) : 0;
}

static int print(const cJSON *json, bool sorted, bool indented, char **ret_text,
                 struct fw_error *err)
{
    fw_auto(json) cJSON *copy = cJSON_Duplicate(json, true);
    FW_TRY(copy ? prepare(copy, sorted, err) : fw_error_oom(err));
    char *text = indented ? cJSON_Print(copy) : cJSON_PrintUnformatted(copy);
    FW_TRY(text ? 0 : fw_error_oom(err));
    *ret_text = text;
    return 0;
}

int fw_json_canonical(const cJSON *json, char **ret_text, struct fw_error *err)
{
    return print(json, true, false, ret_text, err);
}

int fw_json_line(const cJSON *json, char **ret_text, struct fw_error *err)
{
    return print(json, false, false, ret_text, err);
}

int fw_json_write(const char *path, const cJSON *json, enum fw_durability durability,
                  struct fw_error *err)
{
    fw_auto(free) char *text = NULL;
    if (print(json, false, true, &text, err) < 0) {
        return fw_error_prefix(err, "%s: ", path);
    }
    size_t len = strlen(text);
    text[len] = '\n'; /* in the place of the terminator, which the file does not need */
    return fw_fs_write(path, text, len + 1, durability, err);
}

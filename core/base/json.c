/* SPDX-License-Identifier: MIT */
#include "base/json.h"

#include <errno.h>
#include <math.h>

#include "base/cleanup.h"
#include "base/number.h"
#include "base/str.h"

#define EXACT_MAX 0x1p53 /* below it a double holds every integer */

/* Finds the next number outside strings, from *cursor on, in a text that is known to be JSON. */
static const char *next_number(const char **cursor, size_t *ret_len)
{
    const char *p = *cursor;
    for (; *p != '-' && (*p < '0' || *p > '9'); p++) {
        if (*p == '"') {
            p++;
            while (*p != '"') {
                p += 1 + (*p == '\\');
            }
        }
    }
    *ret_len = strspn(p, "0123456789+-.eE");
    *cursor = p + *ret_len;
    return p;
}

/* Numbers come in the same order in the text and in the tree: large integers get their digits
 * back from there. */
static int restore_integers(cJSON *node, const char **cursor)
{
    if (cJSON_IsNumber(node)) {
        size_t len;
        const char *token = next_number(cursor, &len);
        if (fabs(node->valuedouble) >= EXACT_MAX && strspn(token, "-0123456789") >= len) {
            node->valuestring = strndup(token, len);
            node->type = cJSON_Raw;
            FW_TRY(node->valuestring ? 0 : -1);
        }
    }
    for (cJSON *child = node->child; child; child = child->next) {
        FW_TRY(restore_integers(child, cursor));
    }
    return 0;
}

int fw_json_parse(const char *text, size_t len, const char *name, cJSON **ret_json,
                  struct fw_error *err)
{
    fw_auto(free) char *copy = strndup(text, len);
    FW_TRY(copy ? 0 : fw_error_oom(err));
    const char *end = copy, *cursor = copy;
    errno = 0;
    fw_auto(json) cJSON *json = cJSON_ParseWithOpts(copy, &end, 0);
    FW_TRY(json || errno != ENOMEM ? 0 : fw_error_oom(err)); /* cJSON tells nobody */
    end += json ? strspn(end, " \t\r\n") : 0;
    if (!json || end != copy + len) {
        const char *start;
        const int line = fw_str_line(copy, end, &start);
        return fw_error_set(err, FW_EXIT_STATE, "%s:%d:%d: not valid JSON from here on: \"%.20s\"",
                            name, line, (int)(end - start) + 1, end);
    }
    FW_TRY(restore_integers(json, &cursor) == 0 ? 0 : fw_error_oom(err));
    *ret_json = fw_steal(&json);
    return 0;
}

int fw_json_read(const char *path, cJSON **ret_json, struct fw_error *err)
{
    fw_auto(free) char *text = NULL;
    size_t len = 0;
    FW_TRY(fw_fs_read(path, &text, &len, err));
    return fw_json_parse(text, len, path, ret_json, err);
}

bool fw_json_add(cJSON *object, const char *name, cJSON *item)
{
    bool added = cJSON_AddItemToObject(object, name, item);
    if (!added) {
        cJSON_Delete(item);
    }
    return added;
}

cJSON *fw_json_append(cJSON *array)
{
    fw_auto(json) cJSON *item = cJSON_CreateObject();
    return cJSON_AddItemToArray(array, item) ? fw_steal(&item) : NULL;
}

static cJSON *add_exact(cJSON *object, const char *name, char *digits)
{
    cJSON *node = digits ? cJSON_AddRawToObject(object, name, digits) : NULL;
    free(digits);
    return node;
}

cJSON *fw_json_add_i64(cJSON *object, const char *name, int64_t value)
{
    return fabs((double)value) < EXACT_MAX
               ? cJSON_AddNumberToObject(object, name, (double)value)
               : add_exact(object, name, fw_text("%lld", (long long)value));
}

cJSON *fw_json_add_u64(cJSON *object, const char *name, uint64_t value)
{
    return (double)value < EXACT_MAX
               ? cJSON_AddNumberToObject(object, name, (double)value)
               : add_exact(object, name, fw_text("%llu", (unsigned long long)value));
}

static bool set(cJSON *object, const struct fw_json_member *member)
{
    switch (member->type) {
    case FW_JSON_IS_TEXT:
        return !member->text || cJSON_AddStringToObject(object, member->name, member->text);
    case FW_JSON_IS_REAL:
        return cJSON_AddNumberToObject(object, member->name, member->real);
    case FW_JSON_IS_BOOL:
        return cJSON_AddBoolToObject(object, member->name, member->truth);
    case FW_JSON_IS_I64:
        return fw_json_add_i64(object, member->name, member->i64);
    case FW_JSON_IS_U64:
        return fw_json_add_u64(object, member->name, member->u64);
    }
    return false;
}

bool fw_json_set_all(cJSON *object, const struct fw_json_member *members)
{
    bool all = object != NULL;
    for (; all && members->name; members++) {
        all = set(object, members);
    }
    return all;
}

static int refuse(const cJSON *object, const char *name, const char *expected, struct fw_error *err)
{
    const cJSON *node = cJSON_GetObjectItemCaseSensitive(object, name);
    const char *found = !node                  ? "nothing"
                        : cJSON_IsNull(node)   ? "null"
                        : cJSON_IsString(node) ? "a string"
                        : cJSON_IsBool(node)   ? "a boolean"
                        : cJSON_IsArray(node)  ? "an array"
                        : cJSON_IsObject(node) ? "an object"
                                               : "another number";
    return fw_error_set(err, FW_EXIT_STATE, "member \"%s\": expected %s, found %s", name, expected,
                        found);
}

int fw_json_get_string(const cJSON *object, const char *name, const char **ret_text,
                       struct fw_error *err)
{
    const cJSON *node = cJSON_GetObjectItemCaseSensitive(object, name);
    FW_TRY(cJSON_IsString(node) ? 0 : refuse(object, name, "a string", err));
    *ret_text = node->valuestring;
    return 0;
}

/* The text of a number; "" when the member is none. */
static const char *digits_of(const cJSON *object, const char *name, char buffer[FW_NUMBER_TEXT])
{
    const cJSON *node = cJSON_GetObjectItemCaseSensitive(object, name);
    *buffer = '\0';
    if (cJSON_IsNumber(node)) {
        fw_number_text(node->valuedouble, buffer);
    }
    return cJSON_IsRaw(node) ? node->valuestring : buffer;
}

int fw_json_get_i64(const cJSON *object, const char *name, int64_t *ret_value, struct fw_error *err)
{
    char text[FW_NUMBER_TEXT];
    return fw_number_parse_i64(digits_of(object, name, text), ret_value)
               ? 0
               : refuse(object, name, "a signed 64-bit integer", err);
}

int fw_json_get_u64(const cJSON *object, const char *name, uint64_t *ret_value,
                    struct fw_error *err)
{
    char text[FW_NUMBER_TEXT];
    return fw_number_parse_u64(digits_of(object, name, text), ret_value)
               ? 0
               : refuse(object, name, "an unsigned 64-bit integer", err);
}

int fw_json_get_double(const cJSON *object, const char *name, double *ret_value,
                       struct fw_error *err)
{
    char text[FW_NUMBER_TEXT];
    return fw_number_parse(digits_of(object, name, text), ret_value)
               ? 0
               : refuse(object, name, "a number", err);
}

int fw_json_get_object(const cJSON *object, const char *name, const cJSON **ret_object,
                       struct fw_error *err)
{
    const cJSON *node = cJSON_GetObjectItemCaseSensitive(object, name);
    FW_TRY(cJSON_IsObject(node) ? 0 : refuse(object, name, "an object", err));
    *ret_object = node;
    return 0;
}

int fw_json_get_array(const cJSON *object, const char *name, const cJSON **ret_array,
                      struct fw_error *err)
{
    const cJSON *node = cJSON_GetObjectItemCaseSensitive(object, name);
    FW_TRY(cJSON_IsArray(node) ? 0 : refuse(object, name, "an array", err));
    *ret_array = node;
    return 0;
}

const char *fw_json_text(const cJSON *object, const char *name)
{
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(object, name);
    return cJSON_IsString(value) ? value->valuestring : "";
}

double fw_json_number(const cJSON *object, const char *name)
{
    const cJSON *node = cJSON_GetObjectItemCaseSensitive(object, name);
    return cJSON_IsNumber(node) ? node->valuedouble
           : cJSON_IsRaw(node)  ? strtod(node->valuestring, NULL) /* digits only */
                                : 0;
}

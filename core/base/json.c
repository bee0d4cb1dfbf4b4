/* SPDX-License-Identifier: MIT */
#include "base/json.h"

#include <math.h>

#include "base/cleanup.h"
#include "base/number.h"

#define EXACT_MAX 9007199254740992.0 /* 2^53: up to here a double holds every integer */

/* Finds the next number outside strings, from *cursor on, in a text that is known to be JSON. */
static const char *next_number(const char **cursor, const char *end, size_t *ret_len)
{
    const char *p = *cursor;
    while (p < end && *p != '-' && (*p < '0' || *p > '9')) {
        if (*p++ == '"') {
            for (; *p != '"'; p++) {
                p += *p == '\\';
            }
            p++;
        }
    }
    const char *start = p;
    while (p < end && strchr("0123456789+-.eE", *p)) {
        p++;
    }
    *cursor = p;
    *ret_len = (size_t)(p - start);
    return start;
}

/* Numbers come in the same order in the text and in the tree: large integers get their digits
 * back from there. */
static int restore_integers(cJSON *node, const char **cursor, const char *end)
{
    if (cJSON_IsNumber(node)) {
        size_t len;
        const char *token = next_number(cursor, end, &len);
        if (fabs(node->valuedouble) > EXACT_MAX && strspn(token, "-0123456789") >= len) {
            node->valuestring = cJSON_malloc(len + 1);
            if (!node->valuestring) {
                return -1;
            }
            memcpy(node->valuestring, token, len);
            node->valuestring[len] = '\0';
            node->type = cJSON_Raw;
        }
    }
    for (cJSON *child = node->child; child; child = child->next) {
        if (restore_integers(child, cursor, end) < 0) {
            return -1;
        }
    }
    return 0;
}

static int refuse_at(const char *text, const char *where, const char *name, struct fw_error *err)
{
    int line = 1;
    const char *start = text;
    for (const char *p = text; p < where; p++) {
        if (*p == '\n') {
            line++;
            start = p + 1;
        }
    }
    return fw_error_set(err, FW_EXIT_STATE, "%s:%d:%d: not valid JSON from here on: \"%.20s\"",
                        name, line, (int)(where - start) + 1, where);
}

int fw_json_parse(const char *text, size_t len, const char *name, cJSON **ret_json,
                  struct fw_error *err)
{
    /* cJSON reads up to the end it is told; the copy of errors needs a terminator. */
    fw_auto(free) char *copy = strndup(text, len);
    if (!copy) {
        return fw_error_oom(err);
    }
    const char *end = copy;
    size_t copied = strlen(copy);
    fw_auto(json) cJSON *json = cJSON_ParseWithLengthOpts(copy, copied, &end, 0);
    if (!json) {
        return refuse_at(copy, end, name, err);
    }
    const char *tail = end + strspn(end, " \t\r\n");
    if (*tail != '\0' || copied != len) {
        return refuse_at(copy, tail, name, err);
    }
    const char *cursor = copy;
    if (restore_integers(json, &cursor, end) < 0) {
        return fw_error_oom(err);
    }
    *ret_json = fw_steal(&json);
    return 0;
}

int fw_json_read(const char *path, cJSON **ret_json, struct fw_error *err)
{
    fw_auto(free) char *text = NULL;
    size_t len = 0;
    if (fw_fs_read(path, &text, &len, err) < 0) {
        return -1;
    }
    return fw_json_parse(text, len, path, ret_json, err);
}

cJSON *fw_json_add_i64(cJSON *object, const char *name, int64_t value)
{
    char text[FW_NUMBER_TEXT];
    if (fabs((double)value) < EXACT_MAX) {
        return cJSON_AddNumberToObject(object, name, (double)value);
    }
    snprintf(text, sizeof text, "%lld", (long long)value);
    return cJSON_AddRawToObject(object, name, text);
}

cJSON *fw_json_add_u64(cJSON *object, const char *name, uint64_t value)
{
    char text[FW_NUMBER_TEXT];
    if (value <= INT64_MAX) {
        return fw_json_add_i64(object, name, (int64_t)value);
    }
    snprintf(text, sizeof text, "%llu", (unsigned long long)value);
    return cJSON_AddRawToObject(object, name, text);
}

static const char *type_name(const cJSON *node)
{
    return !node                                       ? "nothing"
           : cJSON_IsString(node)                      ? "a string"
           : cJSON_IsNumber(node) || cJSON_IsRaw(node) ? "another number"
           : cJSON_IsBool(node)                        ? "a boolean"
           : cJSON_IsArray(node)                       ? "an array"
           : cJSON_IsObject(node)                      ? "an object"
                                                       : "null";
}

static int refuse_member(const cJSON *object, const char *name, const char *expected,
                         struct fw_error *err)
{
    const cJSON *found = cJSON_GetObjectItemCaseSensitive(object, name);
    return fw_error_set(err, FW_EXIT_STATE, "member \"%s\": expected %s, found %s", name, expected,
                        type_name(found));
}

int fw_json_get_string(const cJSON *object, const char *name, const char **ret_text,
                       struct fw_error *err)
{
    const cJSON *node = cJSON_GetObjectItemCaseSensitive(object, name);
    if (!cJSON_IsString(node)) {
        return refuse_member(object, name, "a string", err);
    }
    *ret_text = node->valuestring;
    return 0;
}

/* Whether the node is a number that a double holds as an exact integer. */
static bool is_exact(const cJSON *node)
{
    return cJSON_IsNumber(node) && fabs(node->valuedouble) <= EXACT_MAX &&
           node->valuedouble == floor(node->valuedouble);
}

int fw_json_get_i64(const cJSON *object, const char *name, int64_t *ret_value, struct fw_error *err)
{
    const cJSON *node = cJSON_GetObjectItemCaseSensitive(object, name);
    if (is_exact(node)) {
        *ret_value = (int64_t)node->valuedouble;
        return 0;
    }
    if (cJSON_IsRaw(node) && fw_number_parse_i64(node->valuestring, ret_value)) {
        return 0;
    }
    return refuse_member(object, name, "a signed 64-bit integer", err);
}

int fw_json_get_u64(const cJSON *object, const char *name, uint64_t *ret_value,
                    struct fw_error *err)
{
    const cJSON *node = cJSON_GetObjectItemCaseSensitive(object, name);
    if (is_exact(node) && node->valuedouble >= 0) {
        *ret_value = (uint64_t)node->valuedouble;
        return 0;
    }
    if (cJSON_IsRaw(node) && fw_number_parse_u64(node->valuestring, ret_value)) {
        return 0;
    }
    return refuse_member(object, name, "an unsigned 64-bit integer", err);
}

int fw_json_get_double(const cJSON *object, const char *name, double *ret_value,
                       struct fw_error *err)
{
    const cJSON *node = cJSON_GetObjectItemCaseSensitive(object, name);
    if (cJSON_IsNumber(node)) {
        *ret_value = node->valuedouble;
        return 0;
    }
    if (cJSON_IsRaw(node) && fw_number_parse(node->valuestring, ret_value)) {
        return 0;
    }
    return refuse_member(object, name, "a number", err);
}

int fw_json_get_bool(const cJSON *object, const char *name, bool *ret_value, struct fw_error *err)
{
    const cJSON *node = cJSON_GetObjectItemCaseSensitive(object, name);
    if (!cJSON_IsBool(node)) {
        return refuse_member(object, name, "a boolean", err);
    }
    *ret_value = cJSON_IsTrue(node);
    return 0;
}

int fw_json_get_object(const cJSON *object, const char *name, const cJSON **ret_object,
                       struct fw_error *err)
{
    const cJSON *node = cJSON_GetObjectItemCaseSensitive(object, name);
    if (!cJSON_IsObject(node)) {
        return refuse_member(object, name, "an object", err);
    }
    *ret_object = node;
    return 0;
}

int fw_json_get_array(const cJSON *object, const char *name, const cJSON **ret_array,
                      struct fw_error *err)
{
    const cJSON *node = cJSON_GetObjectItemCaseSensitive(object, name);
    if (!cJSON_IsArray(node)) {
        return refuse_member(object, name, "an array", err);
    }
    *ret_array = node;
    return 0;
}

/* SPDX-License-Identifier: MIT */
#include "json.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "canonical_json/canonical_json.h"

cJSON *fw_json_int(int64_t value)
{
    char text[24];

    snprintf(text, sizeof text, "%" PRId64, value);
    return cJSON_CreateRaw(text);
}

void fw_json_scalar(struct fw_text *text, const cJSON *node)
{
    double value = node->valuedouble;

    if (cJSON_IsString(node)) {
        fw_canonical_string(text, node->valuestring, strlen(node->valuestring));
    } else if (cJSON_IsRaw(node)) {
        fw_text_append(text, node->valuestring);
    } else if (!cJSON_IsNumber(node)) {
        fw_text_append(text, cJSON_IsNull(node) ? "null" : cJSON_IsTrue(node) ? "true" : "false");
    } else if (!isfinite(value)) {
        fw_text_append(text, "null"); /* JSON has no word for it */
    } else if (value == floor(value) && fabs(value) <= 9007199254740992.0) {
        fw_canonical_int64(text, (int64_t)value);
    } else {
        fw_canonical_double(text, value);
    }
}

static void append(struct fw_text *text, const cJSON *node, unsigned depth);

static void new_line(struct fw_text *text, unsigned depth)
{
    fw_text_appendf(text, "\n%*s", (int)(2 * depth), "");
}

static void append_array(struct fw_text *text, const cJSON *node, unsigned depth)
{
    const cJSON *item;

    fw_text_append(text, "[");
    cJSON_ArrayForEach(item, node)
    {
        fw_text_append(text, item != node->child ? "," : "");
        new_line(text, depth + 1);
        append(text, item, depth + 1);
    }
    if (node->child != NULL) {
        new_line(text, depth);
    }
    fw_text_append(text, "]");
}

static int compare(const void *a, const void *b)
{
    return strcmp((*(const cJSON *const *)a)->string, (*(const cJSON *const *)b)->string);
}

/* NULL when out of memory, or when there are none. */
static const cJSON **sorted(const cJSON *node, size_t n)
{
    const cJSON **members = calloc(n, sizeof *members);
    const cJSON *member;
    size_t i = 0;

    if (members != NULL) {
        cJSON_ArrayForEach(member, node)
        {
            members[i++] = member;
        }
        qsort(members, n, sizeof *members, compare);
    }
    return members;
}

static void append_object(struct fw_text *text, const cJSON *node, unsigned depth)
{
    size_t n = (size_t)cJSON_GetArraySize(node);
    const cJSON **members = n > 0 ? sorted(node, n) : NULL;

    if (n > 0 && members == NULL) {
        text->failed = true;
        return;
    }
    fw_text_append(text, "{");
    for (size_t i = 0; i < n; i++) {
        fw_text_append(text, i > 0 ? "," : "");
        new_line(text, depth + 1);
        fw_canonical_string(text, members[i]->string, strlen(members[i]->string));
        fw_text_append(text, ": ");
        append(text, members[i], depth + 1);
    }
    if (n > 0) {
        new_line(text, depth);
    }
    fw_text_append(text, "}");
    free(members);
}

static void append(struct fw_text *text, const cJSON *node, unsigned depth)
{
    if (cJSON_IsArray(node)) {
        append_array(text, node, depth);
    } else if (cJSON_IsObject(node)) {
        append_object(text, node, depth);
    } else {
        fw_json_scalar(text, node);
    }
}

void fw_json_append(struct fw_text *text, const cJSON *tree)
{
    append(text, tree, 0);
}

/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "delta/replay.h"

/*
 * A struct is built anew from its fields, which the engine's casts find by name alone; lists and
 * maps are rebuilt around it. Lambda parameters are numbered by depth, so that none is shadowed.
 */
static void rename_node(const cJSON *node, const char *value, int depth, struct fw_text *out);

static void rename_fields(const cJSON *fields, const char *value, int depth, struct fw_text *out)
{
    const cJSON *field;
    fw_text_append(out, "{");
    cJSON_ArrayForEach(field, fields)
    {
        struct fw_text member = {0};
        fw_text_append(&member, "struct_extract(");
        fw_text_append(&member, value);
        fw_text_append(&member, ", ");
        fw_text_literal(&member, fw_delta_physical_name(field));
        fw_text_append(&member, ")");
        fw_text_literal(out, cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(field, "name")));
        fw_text_append(out, ": ");
        rename_node(cJSON_GetObjectItemCaseSensitive(field, "type"), fw_text_get(&member), depth,
                    out);
        fw_text_append(out, field->next != NULL ? ", " : "}");
        out->failed |= member.failed;
        fw_text_finish(&member);
    }
}

static void rename_element(const cJSON *node, const char *member, int depth, struct fw_text *out)
{
    struct fw_text element = {0};
    fw_text_appendf(&element, "fw_%d%s", depth, member);
    rename_node(node, fw_text_get(&element), depth + 1, out);
    out->failed |= element.failed;
    fw_text_finish(&element);
}

static void rename_array(const cJSON *node, const char *value, int depth, struct fw_text *out)
{
    fw_text_appendf(out, "list_transform(%s, lambda fw_%d: ", value, depth);
    rename_element(cJSON_GetObjectItemCaseSensitive(node, "elementType"), "", depth, out);
    fw_text_append(out, ")");
}

static void rename_map(const cJSON *node, const char *value, int depth, struct fw_text *out)
{
    fw_text_appendf(
        out, "map_from_entries(list_transform(map_entries(%s), lambda fw_%d: {key: ", value, depth);
    rename_element(cJSON_GetObjectItemCaseSensitive(node, "keyType"), ".key", depth, out);
    fw_text_append(out, ", value: ");
    rename_element(cJSON_GetObjectItemCaseSensitive(node, "valueType"), ".value", depth, out);
    fw_text_append(out, "}))");
}

static void rename_node(const cJSON *node, const char *value, int depth, struct fw_text *out)
{
    const char *kind = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(node, "type"));
    if (kind == NULL) {
        fw_text_append(out, value); /* a primitive type is a text, not an object */
        return;
    }
    fw_text_appendf(out, "CASE WHEN %s IS NULL THEN NULL ELSE ", value);
    if (strcmp(kind, "struct") == 0) {
        rename_fields(cJSON_GetObjectItemCaseSensitive(node, "fields"), value, depth, out);
    } else if (strcmp(kind, "array") == 0) {
        rename_array(node, value, depth, out);
    } else {
        rename_map(node, value, depth, out);
    }
    fw_text_append(out, " END");
}

void fw_delta_rename(const cJSON *node, const char *value, struct fw_text *expression)
{
    rename_node(node, value, 0, expression);
}

/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "delta/replay.h"

static const struct {
    const char *type, *sql_type;
} primitives[] = {
    {"string", "VARCHAR"},
    {"long", "BIGINT"},
    {"integer", "INTEGER"},
    {"short", "SMALLINT"},
    {"byte", "TINYINT"},
    {"float", "FLOAT"},
    {"double", "DOUBLE"},
    {"boolean", "BOOLEAN"},
    {"binary", "BLOB"},
    {"date", "DATE"},
    {"timestamp", "TIMESTAMP WITH TIME ZONE"},
    {"timestamp_ntz", "TIMESTAMP"},
    {"decimal", "DECIMAL(10,0)"},
};

/* "10,2)"; blanks and signs, which strtoul takes, are harmless. */
static enum fw_delta_type_result decimal(const char *text, struct fw_text *sql_type)
{
    char *end = NULL;
    unsigned long precision = strtoul(text, &end, 10);
    unsigned long scale = *end == ',' ? strtoul(end + 1, &end, 10) : precision + 1;
    if (strcmp(end, ")") != 0 || precision < 1 || precision > 38 || scale > precision) {
        return FW_DELTA_TYPE_BAD;
    }
    fw_text_appendf(sql_type, "DECIMAL(%lu,%lu)", precision, scale);
    return FW_DELTA_TYPE_OK;
}

static enum fw_delta_type_result primitive(const char *name, struct fw_text *type,
                                           struct fw_text *sql_type)
{
    fw_text_append(type, name);
    for (size_t i = 0; i < sizeof primitives / sizeof *primitives; i++) {
        if (strcmp(name, primitives[i].type) == 0) {
            fw_text_append(sql_type, primitives[i].sql_type);
            return FW_DELTA_TYPE_OK;
        }
    }
    return strncmp(name, "decimal(", 8) == 0 ? decimal(name + 8, sql_type) : FW_DELTA_TYPE_UNKNOWN;
}

static enum fw_delta_type_result structure(const cJSON *node, struct fw_text *type,
                                           struct fw_text *sql_type)
{
    const cJSON *fields = cJSON_GetObjectItemCaseSensitive(node, "fields");
    if (!cJSON_IsArray(fields)) {
        return FW_DELTA_TYPE_BAD;
    }
    if (fields->child == NULL) {
        fw_text_append(type, "struct<>");
        return FW_DELTA_TYPE_UNKNOWN;
    }
    fw_text_append(type, "struct<");
    fw_text_append(sql_type, "STRUCT(");
    for (const cJSON *field = fields->child; field != NULL; field = field->next) {
        const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(field, "name"));
        if (name == NULL) {
            return FW_DELTA_TYPE_BAD;
        }
        fw_text_appendf(type, "%s:", name);
        fw_text_identifier(sql_type, name);
        fw_text_append(sql_type, " ");
        enum fw_delta_type_result result =
            fw_delta_type(cJSON_GetObjectItemCaseSensitive(field, "type"), type, sql_type);
        if (result != FW_DELTA_TYPE_OK) {
            return result;
        }
        fw_text_append(type, field->next != NULL ? "," : ">");
        fw_text_append(sql_type, field->next != NULL ? ", " : ")");
    }
    return FW_DELTA_TYPE_OK;
}

static enum fw_delta_type_result array(const cJSON *node, struct fw_text *type,
                                       struct fw_text *sql_type)
{
    fw_text_append(type, "array<");
    enum fw_delta_type_result result =
        fw_delta_type(cJSON_GetObjectItemCaseSensitive(node, "elementType"), type, sql_type);
    fw_text_append(type, ">");
    fw_text_append(sql_type, "[]");
    return result;
}

static enum fw_delta_type_result map(const cJSON *node, struct fw_text *type,
                                     struct fw_text *sql_type)
{
    fw_text_append(type, "map<");
    fw_text_append(sql_type, "MAP(");
    enum fw_delta_type_result result =
        fw_delta_type(cJSON_GetObjectItemCaseSensitive(node, "keyType"), type, sql_type);
    if (result == FW_DELTA_TYPE_OK) {
        fw_text_append(type, ",");
        fw_text_append(sql_type, ", ");
        result = fw_delta_type(cJSON_GetObjectItemCaseSensitive(node, "valueType"), type, sql_type);
    }
    fw_text_append(type, ">");
    fw_text_append(sql_type, ")");
    return result;
}

/* Recursion is bounded: cJSON parses no deeper than CJSON_NESTING_LIMIT. */
enum fw_delta_type_result fw_delta_type(const cJSON *node, struct fw_text *type,
                                        struct fw_text *sql_type)
{
    if (cJSON_IsString(node)) {
        return primitive(node->valuestring, type, sql_type);
    }
    const char *kind = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(node, "type"));
    if (kind == NULL) {
        return FW_DELTA_TYPE_BAD;
    }
    if (strcmp(kind, "struct") == 0) {
        return structure(node, type, sql_type);
    }
    if (strcmp(kind, "array") == 0) {
        return array(node, type, sql_type);
    }
    if (strcmp(kind, "map") == 0) {
        return map(node, type, sql_type);
    }
    fw_text_append(type, kind);
    return FW_DELTA_TYPE_UNKNOWN;
}

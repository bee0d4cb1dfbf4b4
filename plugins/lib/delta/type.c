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

void fw_delta_type_finish(struct fw_delta_type *type)
{
    fw_text_finish(&type->type);
    fw_text_finish(&type->sql_type);
    fw_text_finish(&type->physical);
}

/* To both of the engine's spellings. */
static void append_sql(struct fw_delta_type *type, const char *words)
{
    fw_text_append(&type->sql_type, words);
    fw_text_append(&type->physical, words);
}

/* "10,2)"; blanks and signs, which strtoul takes, are harmless. */
static enum fw_delta_type_result decimal(const char *text, struct fw_delta_type *type)
{
    char *end = NULL;
    unsigned long precision = strtoul(text, &end, 10);
    unsigned long scale = *end == ',' ? strtoul(end + 1, &end, 10) : precision + 1;
    if (strcmp(end, ")") != 0 || precision < 1 || precision > 38 || scale > precision) {
        return FW_DELTA_TYPE_BAD;
    }
    fw_text_appendf(&type->sql_type, "DECIMAL(%lu,%lu)", precision, scale);
    fw_text_appendf(&type->physical, "DECIMAL(%lu,%lu)", precision, scale);
    return FW_DELTA_TYPE_OK;
}

static enum fw_delta_type_result primitive(const char *name, struct fw_delta_type *type)
{
    fw_text_append(&type->type, name);
    for (size_t i = 0; i < sizeof primitives / sizeof *primitives; i++) {
        if (strcmp(name, primitives[i].type) == 0) {
            append_sql(type, primitives[i].sql_type);
            return FW_DELTA_TYPE_OK;
        }
    }
    return strncmp(name, "decimal(", 8) == 0 ? decimal(name + 8, type) : FW_DELTA_TYPE_UNKNOWN;
}

const char *fw_delta_physical_name(const cJSON *field)
{
    const cJSON *metadata = cJSON_GetObjectItemCaseSensitive(field, "metadata");
    return cJSON_GetStringValue(
        cJSON_GetObjectItemCaseSensitive(metadata, "delta.columnMapping.physicalName"));
}

int32_t fw_delta_field_id(const cJSON *field)
{
    const cJSON *metadata = cJSON_GetObjectItemCaseSensitive(field, "metadata");
    const cJSON *id = cJSON_GetObjectItemCaseSensitive(metadata, "delta.columnMapping.id");
    bool good = cJSON_IsNumber(id) && id->valuedouble >= 0 && id->valuedouble <= INT32_MAX &&
                id->valuedouble == (double)id->valueint;
    return good ? id->valueint : -1;
}

static enum fw_delta_type_result member(const cJSON *field, struct fw_delta_type *type)
{
    const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(field, "name"));
    const char *physical = type->mapped ? fw_delta_physical_name(field) : name;
    if (name == NULL || physical == NULL) {
        return FW_DELTA_TYPE_BAD;
    }
    fw_text_appendf(&type->type, "%s:", name);
    fw_text_identifier(&type->sql_type, name);
    fw_text_identifier(&type->physical, physical);
    append_sql(type, " ");
    return fw_delta_type(cJSON_GetObjectItemCaseSensitive(field, "type"), type);
}

static enum fw_delta_type_result structure(const cJSON *node, struct fw_delta_type *type)
{
    const cJSON *fields = cJSON_GetObjectItemCaseSensitive(node, "fields");
    if (!cJSON_IsArray(fields)) {
        return FW_DELTA_TYPE_BAD;
    }
    if (fields->child == NULL) {
        fw_text_append(&type->type, "struct<>");
        return FW_DELTA_TYPE_UNKNOWN;
    }
    fw_text_append(&type->type, "struct<");
    append_sql(type, "STRUCT(");
    for (const cJSON *field = fields->child; field != NULL; field = field->next) {
        enum fw_delta_type_result result = member(field, type);
        if (result != FW_DELTA_TYPE_OK) {
            return result;
        }
        fw_text_append(&type->type, field->next != NULL ? "," : ">");
        append_sql(type, field->next != NULL ? ", " : ")");
    }
    return FW_DELTA_TYPE_OK;
}

static enum fw_delta_type_result array(const cJSON *node, struct fw_delta_type *type)
{
    fw_text_append(&type->type, "array<");
    enum fw_delta_type_result result =
        fw_delta_type(cJSON_GetObjectItemCaseSensitive(node, "elementType"), type);
    fw_text_append(&type->type, ">");
    append_sql(type, "[]");
    return result;
}

static enum fw_delta_type_result map(const cJSON *node, struct fw_delta_type *type)
{
    fw_text_append(&type->type, "map<");
    append_sql(type, "MAP(");
    enum fw_delta_type_result result =
        fw_delta_type(cJSON_GetObjectItemCaseSensitive(node, "keyType"), type);
    if (result == FW_DELTA_TYPE_OK) {
        fw_text_append(&type->type, ",");
        append_sql(type, ", ");
        result = fw_delta_type(cJSON_GetObjectItemCaseSensitive(node, "valueType"), type);
    }
    fw_text_append(&type->type, ">");
    append_sql(type, ")");
    return result;
}

/* Recursion is bounded: cJSON parses no deeper than CJSON_NESTING_LIMIT. */
enum fw_delta_type_result fw_delta_type(const cJSON *node, struct fw_delta_type *type)
{
    if (cJSON_IsString(node)) {
        return primitive(node->valuestring, type);
    }
    const char *kind = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(node, "type"));
    if (kind == NULL) {
        return FW_DELTA_TYPE_BAD;
    }
    if (strcmp(kind, "struct") == 0) {
        return structure(node, type);
    }
    if (strcmp(kind, "array") == 0) {
        return array(node, type);
    }
    if (strcmp(kind, "map") == 0) {
        return map(node, type);
    }
    fw_text_append(&type->type, kind);
    return FW_DELTA_TYPE_UNKNOWN;
}

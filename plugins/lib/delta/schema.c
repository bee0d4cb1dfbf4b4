/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "delta/replay.h"

static fw_status fault(const struct fw_delta_replay *replay, const char *what)
{
    return fw_faultf(replay->sql->host, FW_E_DATA, replay->metadata.where, NULL, "%s", what);
}

static fw_status check_settings(const struct fw_delta_replay *replay)
{
    const cJSON *metadata = replay->metadata.json;
    const cJSON *format = cJSON_GetObjectItemCaseSensitive(metadata, "format");
    const char *provider =
        cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(format, "provider"));
    if (provider != NULL && strcmp(provider, "parquet") != 0) {
        return fw_faultf(replay->sql->host, FW_E_UNSUPPORTED, replay->metadata.where, NULL,
                         "the data files are in the format '%s': this reader handles parquet",
                         provider);
    }
    const cJSON *settings = cJSON_GetObjectItemCaseSensitive(metadata, "configuration");
    const char *mapping = cJSON_GetStringValue(
        cJSON_GetObjectItemCaseSensitive(settings, "delta.columnMapping.mode"));
    if (mapping != NULL && strcmp(mapping, "none") != 0) {
        return fw_faultf(replay->sql->host, FW_E_UNSUPPORTED, replay->metadata.where,
                         "write a copy of the table without column mapping",
                         "the table uses column mapping (delta.columnMapping.mode = %s): this "
                         "reader does not handle it",
                         mapping);
    }
    return FW_OK;
}

static fw_status read_type(const struct fw_delta_replay *replay, const cJSON *node,
                           struct fw_delta_field *field)
{
    struct fw_text type = {0}, sql_type = {0};
    enum fw_delta_type_result result = fw_delta_type(node, &type, &sql_type);
    fw_status status = FW_OK;
    if (result == FW_DELTA_TYPE_UNKNOWN) {
        status = fw_faultf(replay->sql->host, FW_E_UNSUPPORTED, replay->metadata.where, NULL,
                           "the column '%s' has the type '%s': this reader does not handle it",
                           field->name, fw_text_get(&type));
    } else if (result == FW_DELTA_TYPE_BAD) {
        status = fw_faultf(replay->sql->host, FW_E_DATA, replay->metadata.where, NULL,
                           "the schema's type of the column '%s' is not valid", field->name);
    } else {
        field->type = strdup(fw_text_get(&type));
        field->sql_type = strdup(fw_text_get(&sql_type));
        if (type.failed || sql_type.failed || field->type == NULL || field->sql_type == NULL) {
            status = fw_fault_nomem(replay->sql->host);
        }
    }
    fw_text_finish(&type);
    fw_text_finish(&sql_type);
    return status;
}

/* Capitals do not count in Delta. */
static struct fw_delta_field *find_field(const struct fw_delta *delta, const char *name)
{
    for (size_t i = 0; i < delta->n_fields; i++) {
        struct fw_delta_field *field = &delta->fields[i];
        if (field->name != NULL && strcasecmp(field->name, name) == 0) {
            return field;
        }
    }
    return NULL;
}

static fw_status read_field(const struct fw_delta_replay *replay, const cJSON *node,
                            struct fw_delta *delta)
{
    const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(node, "name"));
    if (name == NULL || *name == '\0') {
        return fault(replay, "the schema holds a column without a name");
    }
    if (find_field(delta, name) != NULL) {
        return fw_faultf(replay->sql->host, FW_E_DATA, replay->metadata.where, NULL,
                         "the schema holds the column '%s' twice (capitals do not count)", name);
    }
    struct fw_delta_field *field = &delta->fields[delta->n_fields];
    const cJSON *type = cJSON_GetObjectItemCaseSensitive(node, "type");
    field->name = strdup(name);
    if (field->name == NULL) {
        return fw_fault_nomem(replay->sql->host);
    }
    delta->n_fields++;
    field->nullable = !cJSON_IsFalse(cJSON_GetObjectItemCaseSensitive(node, "nullable"));
    field->nested = cJSON_IsObject(type);
    field->partition = -1;
    return read_type(replay, type, field);
}

static fw_status read_fields(const struct fw_delta_replay *replay, const cJSON *schema,
                             struct fw_delta *delta)
{
    const char *type = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(schema, "type"));
    const cJSON *fields = cJSON_GetObjectItemCaseSensitive(schema, "fields");
    if (type == NULL || strcmp(type, "struct") != 0 || !cJSON_IsArray(fields)) {
        return fault(replay, "metaData.schemaString does not hold a JSON struct with fields");
    }
    delta->fields = calloc((size_t)cJSON_GetArraySize(fields) + 1, sizeof *delta->fields);
    if (delta->fields == NULL) {
        return fw_fault_nomem(replay->sql->host);
    }
    fw_status status = FW_OK;
    for (const cJSON *node = fields->child; node != NULL && status == FW_OK; node = node->next) {
        status = read_field(replay, node, delta);
    }
    return status;
}

static fw_status mark_partition(const struct fw_delta_replay *replay, const cJSON *column,
                                struct fw_delta *delta)
{
    const char *name = cJSON_GetStringValue(column);
    struct fw_delta_field *field = name != NULL ? find_field(delta, name) : NULL;
    /* The spelling must be the same: add.partitionValues is looked up by the field's name. */
    if (field != NULL && strcmp(field->name, name) == 0 && field->partition < 0 && !field->nested) {
        field->partition = (int32_t)delta->n_partitions++;
        return FW_OK;
    }
    return fw_faultf(replay->sql->host, FW_E_DATA, replay->metadata.where, NULL,
                     "the partition column '%s' is not a plain column of the schema, or is named "
                     "twice",
                     name != NULL ? name : "(not a text)");
}

static fw_status mark_partitions(const struct fw_delta_replay *replay, struct fw_delta *delta)
{
    const cJSON *columns =
        cJSON_GetObjectItemCaseSensitive(replay->metadata.json, "partitionColumns");
    if (columns != NULL && !cJSON_IsArray(columns) && !cJSON_IsNull(columns)) {
        return fault(replay, "metaData.partitionColumns is not a list");
    }
    fw_status status = FW_OK;
    const cJSON *column;
    cJSON_ArrayForEach(column, columns)
    {
        if (status == FW_OK) {
            status = mark_partition(replay, column, delta);
        }
    }
    return status;
}

fw_status fw_delta_read_schema(const struct fw_delta_replay *replay, struct fw_delta *delta)
{
    if (replay->metadata.json == NULL) {
        return fw_faultf(replay->sql->host, FW_E_DATA, replay->root, NULL,
                         "the Delta log holds no metaData action");
    }
    fw_status status = check_settings(replay);
    const cJSON *text = cJSON_GetObjectItemCaseSensitive(replay->metadata.json, "schemaString");
    if (status != FW_OK || text == NULL || cJSON_IsNull(text)) {
        return status;
    }
    if (!cJSON_IsString(text)) {
        return fault(replay, "metaData.schemaString is not a text");
    }
    cJSON *schema = cJSON_Parse(text->valuestring);
    status = read_fields(replay, schema, delta);
    cJSON_Delete(schema);
    return status == FW_OK ? mark_partitions(replay, delta) : status;
}

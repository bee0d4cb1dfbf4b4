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
    return FW_OK;
}

/* How columns are found in the files. */
enum mapping { BY_NAME, BY_PHYSICAL_NAME, BY_ID };

static fw_status read_mapping(const struct fw_delta_replay *replay, enum mapping *ret_mapping)
{
    const cJSON *settings =
        cJSON_GetObjectItemCaseSensitive(replay->metadata.json, "configuration");
    const char *mode = cJSON_GetStringValue(
        cJSON_GetObjectItemCaseSensitive(settings, "delta.columnMapping.mode"));
    if (mode == NULL || strcmp(mode, "none") == 0) {
        *ret_mapping = BY_NAME;
        return FW_OK;
    }
    if (strcmp(mode, "name") != 0 && strcmp(mode, "id") != 0) {
        return fw_faultf(replay->sql->host, FW_E_UNSUPPORTED, replay->metadata.where, NULL,
                         "the table uses column mapping in an unknown way "
                         "(delta.columnMapping.mode = %s)",
                         mode);
    }
    if (!fw_delta_has_feature(replay, "columnMapping")) {
        return fw_faultf(replay->sql->host, FW_E_DATA, replay->metadata.where, NULL,
                         "the table uses column mapping (delta.columnMapping.mode = %s), which its "
                         "protocol does not have",
                         mode);
    }
    *ret_mapping = strcmp(mode, "id") == 0 ? BY_ID : BY_PHYSICAL_NAME;
    return FW_OK;
}

static char *copy(const struct fw_text *text)
{
    return text->failed ? NULL : strdup(fw_text_get(text));
}

/* Where nested fields have other names in the files, the column is rebuilt when it is read. */
static bool set_renamed(const cJSON *node, struct fw_delta_field *field)
{
    struct fw_text column = {0}, expression = {0};
    if (strcmp(field->sql_type, field->physical_type) == 0) {
        return true;
    }
    fw_text_identifier(&column, field->name);
    fw_delta_rename(node, fw_text_get(&column), &expression);
    field->renamed = column.failed ? NULL : copy(&expression);
    fw_text_finish(&column);
    fw_text_finish(&expression);
    return field->renamed != NULL;
}

static fw_status read_type(const struct fw_delta_replay *replay, const cJSON *node, bool mapped,
                           struct fw_delta_field *field)
{
    struct fw_delta_type type = {.mapped = mapped};
    enum fw_delta_type_result result = fw_delta_type(node, &type);
    fw_status status = FW_OK;
    if (result == FW_DELTA_TYPE_UNKNOWN) {
        status = fw_faultf(replay->sql->host, FW_E_UNSUPPORTED, replay->metadata.where, NULL,
                           "the column '%s' has the type '%s': this reader does not handle it",
                           field->name, fw_text_get(&type.type));
    } else if (result == FW_DELTA_TYPE_BAD) {
        status = fw_faultf(replay->sql->host, FW_E_DATA, replay->metadata.where, NULL,
                           "the schema's type of the column '%s' is not valid", field->name);
    } else {
        field->type = copy(&type.type);
        field->sql_type = copy(&type.sql_type);
        field->physical_type = copy(&type.physical);
        bool good = field->type != NULL && field->sql_type != NULL && field->physical_type != NULL;
        status = good && set_renamed(node, field) ? FW_OK : fw_fault_nomem(replay->sql->host);
    }
    fw_delta_type_finish(&type);
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

static fw_status bad_mapping(const struct fw_delta_replay *replay, const char *name)
{
    return fw_faultf(replay->sql->host, FW_E_DATA, replay->metadata.where, NULL,
                     "the table uses column mapping, and the schema does not say the physical name "
                     "or the id of '%s'",
                     name);
}

static fw_status read_name(const struct fw_delta_replay *replay, const cJSON *node,
                           enum mapping mapping, struct fw_delta_field *field)
{
    const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(node, "name"));
    const char *physical = mapping == BY_NAME ? name : fw_delta_physical_name(node);
    field->id = mapping == BY_ID ? fw_delta_field_id(node) : -1;
    if (physical == NULL || *physical == '\0' || (mapping == BY_ID && field->id < 0)) {
        return bad_mapping(replay, name);
    }
    field->name = strdup(name);
    field->physical = strdup(physical);
    return field->name != NULL && field->physical != NULL ? FW_OK
                                                          : fw_fault_nomem(replay->sql->host);
}

/* Keeps the names of a type's nested fields by id. Recursion is bounded as in fw_delta_type. */
static fw_status read_nested(const struct fw_delta_replay *replay, const cJSON *type,
                             struct fw_delta *delta)
{
    static const char *const inner[] = {"elementType", "keyType", "valueType"};
    fw_status status = FW_OK;
    const cJSON *field;
    for (size_t i = 0; i < sizeof inner / sizeof *inner && status == FW_OK; i++) {
        const cJSON *node = cJSON_GetObjectItemCaseSensitive(type, inner[i]);
        status = cJSON_IsObject(node) ? read_nested(replay, node, delta) : FW_OK;
    }
    cJSON_ArrayForEach(field, cJSON_GetObjectItemCaseSensitive(type, "fields"))
    {
        struct fw_delta_name *names =
            status == FW_OK ? reallocarray(delta->nested, delta->n_nested + 1, sizeof *names)
                            : NULL;
        if (names == NULL) {
            return status != FW_OK ? status : fw_fault_nomem(replay->sql->host);
        }
        delta->nested = names;
        struct fw_delta_name *name = &names[delta->n_nested];
        name->id = fw_delta_field_id(field);
        name->physical = strdup(fw_delta_physical_name(field));
        if (name->physical == NULL) {
            return fw_fault_nomem(replay->sql->host);
        }
        delta->n_nested++;
        status = name->id < 0
                     ? bad_mapping(replay, name->physical)
                     : read_nested(replay, cJSON_GetObjectItemCaseSensitive(field, "type"), delta);
    }
    return status;
}

static fw_status read_field(const struct fw_delta_replay *replay, const cJSON *node,
                            enum mapping mapping, struct fw_delta *delta)
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
    delta->n_fields++;
    fw_status status = read_name(replay, node, mapping, field);
    if (status != FW_OK) {
        return status;
    }
    field->nullable = !cJSON_IsFalse(cJSON_GetObjectItemCaseSensitive(node, "nullable"));
    field->nested = cJSON_IsObject(type);
    field->partition = -1;
    status = read_type(replay, type, mapping != BY_NAME, field);
    return status == FW_OK && mapping == BY_ID ? read_nested(replay, type, delta) : status;
}

static fw_status read_fields(const struct fw_delta_replay *replay, const cJSON *schema,
                             enum mapping mapping, struct fw_delta *delta)
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
        status = read_field(replay, node, mapping, delta);
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
    enum mapping mapping = BY_NAME;
    fw_status status = check_settings(replay);
    if (status == FW_OK) {
        status = read_mapping(replay, &mapping);
    }
    const cJSON *text = cJSON_GetObjectItemCaseSensitive(replay->metadata.json, "schemaString");
    if (status != FW_OK || text == NULL || cJSON_IsNull(text)) {
        return status;
    }
    if (!cJSON_IsString(text)) {
        return fault(replay, "metaData.schemaString is not a text");
    }
    cJSON *schema = cJSON_Parse(text->valuestring);
    status = read_fields(replay, schema, mapping, delta);
    cJSON_Delete(schema);
    return status == FW_OK ? mark_partitions(replay, delta) : status;
}

/* SPDX-License-Identifier: MIT */
#include "records.h"

#include <inttypes.h>
#include <math.h>

#include "json.h"
#include "sql/copy.h"

#define TABLE "fw_records"

void fw_records_finish(struct fw_records *records)
{
    cJSON_Delete(records->list);
    cJSON_Delete(records->record);
    fw_text_finish(&records->columns);
    fw_text_finish(&records->rows);
    *records = (struct fw_records){0};
}

void fw_records_begin(struct fw_records *records)
{
    records->record = cJSON_CreateObject();
    records->failed = records->failed || records->record == NULL;
    fw_text_append(&records->rows, records->n > 0 ? ",\n(" : "(");
}

void fw_records_end(struct fw_records *records)
{
    if (records->list == NULL) {
        records->list = cJSON_CreateArray();
    }
    if (records->record == NULL || !cJSON_AddItemToArray(records->list, records->record)) {
        cJSON_Delete(records->record);
        records->failed = true;
    }
    records->record = NULL;
    fw_text_append(&records->rows, ")");
    records->n++;
}

/* Takes the node; the caller appends the value to the rows. */
static void add(struct fw_records *records, const char *name, const char *type, cJSON *node)
{
    bool is_first = records->record != NULL && records->record->child == NULL;

    if (records->n == 0) {
        fw_text_append(&records->columns, is_first ? "" : ", ");
        fw_text_identifier(&records->columns, name);
        fw_text_appendf(&records->columns, " %s", type);
    }
    fw_text_append(&records->rows, is_first ? "" : ", ");
    if (records->record == NULL || node == NULL ||
        !cJSON_AddItemToObject(records->record, name, node)) {
        cJSON_Delete(node);
        records->failed = true;
    }
}

void fw_records_text(struct fw_records *records, const char *name, const char *value)
{
    add(records, name, "VARCHAR", value != NULL ? cJSON_CreateString(value) : cJSON_CreateNull());
    fw_text_literal(&records->rows, value);
}

void fw_records_int(struct fw_records *records, const char *name, int64_t value)
{
    add(records, name, "BIGINT", fw_json_int(value));
    fw_text_appendf(&records->rows, "%" PRId64, value);
}

void fw_records_real(struct fw_records *records, const char *name, double value)
{
    add(records, name, "DOUBLE", isfinite(value) ? cJSON_CreateNumber(value) : cJSON_CreateNull());
    if (isfinite(value)) {
        /* With an exponent the engine reads a double, and not a decimal on the way to one. */
        fw_text_appendf(&records->rows, "%.17e", value);
    } else {
        fw_text_append(&records->rows, "NULL");
    }
}

void fw_records_bool(struct fw_records *records, const char *name, bool value)
{
    add(records, name, "BOOLEAN", cJSON_CreateBool(value));
    fw_text_append(&records->rows, value ? "true" : "false");
}

cJSON *fw_records_list(const struct fw_records *records)
{
    return records->failed ? NULL : cJSON_Duplicate(records->list, true);
}

fw_status fw_records_write(const struct fw_records *records, const struct fw_sql_handle *sql,
                           const char *path)
{
    struct fw_text text = {0};

    fw_text_appendf(&text, "CREATE TEMP TABLE " TABLE " (%s); INSERT INTO " TABLE " VALUES %s; ",
                    fw_text_get(&records->columns), fw_text_get(&records->rows));
    fw_text_append(&text, "COPY " TABLE " ");
    fw_sql_append_to_parquet(&text, path, (size_t)cJSON_GetArraySize(records->list->child));
    fw_text_append(&text, "; DROP TABLE " TABLE);
    text.failed = text.failed || records->failed || records->columns.failed || records->rows.failed;
    fw_status status = fw_sql_exec_text(sql, &text);
    fw_text_finish(&text);
    return status;
}

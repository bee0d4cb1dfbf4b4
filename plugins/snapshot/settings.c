/* SPDX-License-Identifier: MIT */
#include "settings.h"

#include <string.h>

#define TEXT(name_, default_, doc_)                                                                \
    FW_PARAM(.type = FW_PARAM_STRING, .name = name_, .default_value = default_, .doc = doc_)

const struct fw_param snapshot_params[] = {
    TEXT("platform_column", "platform_name", "raw column with the platform's name, first key"),
    TEXT("offer_column", "offer_id", "raw column with the offer's id, second key"),
    TEXT("snapshot_column", "snapshot_ts",
         "raw column with the snapshot's instant; where the table has none, day_column is used"),
    TEXT("day_column", "crawled_date_day",
         "raw column with the crawl day; where the table has none, time_column is used"),
    TEXT("time_column", "crawled_date",
         "raw column with the crawl's instant, decides between ties"),
    TEXT("processed_column", "processed_datetime",
         "raw column with the ingestion time; the newest row of an entity and instant wins"),
    FW_PARAM(.type = FW_PARAM_TEXT_LIST, .name = "columns",
             .doc = "columns to keep, in the contract's order; left out: all of the table's"),
    FW_PARAM(.type = FW_PARAM_TEXT_LIST, .name = "can_drop",
             .doc = "columns to leave out, unless they belong to the fixed base list"),
    FW_PARAM(.type = FW_PARAM_BOOL, .name = "compat", .default_value = "false",
             .doc = "reference's types: text snapshot_ts, day and 64, 16 and 8 bit integers"),
    FW_PARAM(.type = FW_PARAM_INT, .name = "limit_rows", .default_value = "0", .min = "0",
             .unit = "rows", .doc = "read that many raw rows in file order only; 0 reads all"),
    FW_PARAM(.type = FW_PARAM_INT, .name = "chunk_rows", .default_value = "0", .min = "0",
             .unit = "rows", .flags = FW_PARAM_NO_EFFECT,
             .doc = "raw rows that one step reads; 0 lets the stage choose"),
    FW_PARAM(.type = FW_PARAM_INT, .name = "part_rows", .default_value = "0", .min = "0",
             .max = "4194304", .unit = "rows",
             .doc = "rows of a part, which ends with an entity; 0: by the number of columns"),
    FW_PARAM(.type = FW_PARAM_STRING, .name = "csv_delimiter",
             .doc = "CSV: character between fields; left out: tab for .tsv, comma otherwise"),
    FW_PARAM(.type = FW_PARAM_STRING, .name = "csv_quote",
             .doc = "CSV: quoting character, empty for none; left out: double quote"),
    FW_PARAM(.type = FW_PARAM_STRING, .name = "csv_null",
             .doc = "CSV: text that stands for NULL; left out: the empty field"),
    FW_PARAM(.type = FW_PARAM_BOOL, .name = "csv_all_text", .default_value = "false",
             .doc = "CSV: read every column as text instead of finding types by content"),
};
FW_STATIC_ASSERT(FW_COUNT(snapshot_params) == SNAPSHOT_N_PARAMS, "see SNAPSHOT_N_PARAMS");

static struct snapshot_names names(const struct fw_task *task, const char *name)
{
    const struct fw_value *value = fw_task_value(task, name);
    if (value == NULL || value->type == FW_PARAM_UNSET) {
        return (struct snapshot_names){0};
    }
    return (struct snapshot_names){.names = value->texts, .n = value->n};
}

void snapshot_settings_read(struct snapshot_settings *ret_settings, const struct fw_task *task)
{
    *ret_settings = (struct snapshot_settings){
        .platform_column = fw_task_text(task, "platform_column"),
        .offer_column = fw_task_text(task, "offer_column"),
        .snapshot_column = fw_task_text(task, "snapshot_column"),
        .day_column = fw_task_text(task, "day_column"),
        .time_column = fw_task_text(task, "time_column"),
        .processed_column = fw_task_text(task, "processed_column"),
        .columns = names(task, "columns"),
        .can_drop = names(task, "can_drop"),
        .limit_rows = fw_task_integer(task, "limit_rows"),
        .chunk_rows = fw_task_integer(task, "chunk_rows"),
        .part_rows = fw_task_integer(task, "part_rows"),
        .compat = fw_task_integer(task, "compat") != 0,
        .csv_delimiter = fw_task_text(task, "csv_delimiter"),
        .csv_quote = fw_task_text(task, "csv_quote"),
        .csv_null = fw_task_text(task, "csv_null"),
        .csv_all_text = fw_task_integer(task, "csv_all_text") != 0,
    };
}

bool snapshot_names_has(const struct snapshot_names *list, const char *name)
{
    for (size_t i = 0; i < list->n; i++) {
        if (strcmp(list->names[i], name) == 0) {
            return true;
        }
    }
    return false;
}

/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include <fw/service/log.h>

#include "offer/offer.h"
#include "texts.h"

static const char *text(const struct texts *texts, const char *param)
{
    return fw_task_value(texts->task, param)->text;
}

static const struct fw_source_column *find(const struct texts *texts, const char *param)
{
    const struct fw_source_column *column = fw_source_column(texts->source, text(texts, param));

    return column != NULL && !column->nested ? column : NULL;
}

static fw_status require(const struct texts *texts, const char *param,
                         const struct fw_source_column **ret_column)
{
    *ret_column = find(texts, param);
    if (*ret_column != NULL) {
        return FW_OK;
    }
    return fw_faultf(texts->host, FW_E_MISSING, fw_task_input(texts->task, "raw")->paths[0],
                     "name the column that plays this role with the parameter",
                     "the raw table has no plain column \"%s\" (parameter %s)", text(texts, param),
                     param);
}

static fw_status find_keys(struct texts *texts)
{
    static const char *const of_day[] = {"snapshot_column", "day_column", "time_column"};
    fw_status status = require(texts, "platform_column", &texts->platform);

    if (status == FW_OK) {
        status = require(texts, "offer_column", &texts->offer);
    }
    for (size_t i = 0; i < FW_COUNT(of_day) && texts->instant == NULL; i++) {
        texts->instant = find(texts, of_day[i]);
    }
    texts->time = find(texts, "time_column");
    texts->processed = find(texts, "processed_column");
    if (status == FW_OK && texts->instant == NULL) {
        status = require(texts, "day_column", &texts->instant);
    }
    return status;
}

static void warn_of_missing(const struct texts *texts)
{
    const struct fw_log *log = texts->host->service(texts->host, FW_LOG_ID);
    struct fw_text line = {0};

    for (size_t i = 0; i < texts->n_missing; i++) {
        fw_text_appendf(&line, "%s\"%s\"", i > 0 ? ", " : "the raw table has no text column ",
                        texts->missing[i]);
    }
    if (log != NULL && texts->n_missing > 0 && !line.failed) {
        log->write(texts->host, FW_LOG_WARNING, fw_text_get(&line));
    }
    fw_text_finish(&line);
}

static fw_status find_texts(struct texts *texts)
{
    const struct fw_value *wanted = fw_task_value(texts->task, "text_columns");

    texts->columns = calloc(wanted->n + 1, sizeof *texts->columns);
    texts->missing = calloc(wanted->n + 1, sizeof *texts->missing);
    if (texts->columns == NULL || texts->missing == NULL) {
        return fw_fault_nomem(texts->host);
    }
    for (size_t i = 0; i < wanted->n; i++) {
        const struct fw_source_column *column = fw_source_column(texts->source, wanted->texts[i]);
        if (column != NULL) {
            texts->columns[texts->n_columns++] = column;
        } else {
            texts->missing[texts->n_missing++] = wanted->texts[i];
        }
    }
    if (texts->n_columns == 0) {
        return fw_faultf(texts->host, FW_E_MISSING, fw_task_input(texts->task, "raw")->paths[0],
                         "name columns that it has with the parameter text_columns",
                         "the raw table has none of the text columns");
    }
    warn_of_missing(texts);
    return FW_OK;
}

static void add_name(struct texts *texts, const struct fw_source_column *column)
{
    for (size_t i = 0; i < texts->n_names; i++) {
        if (column != NULL && texts->names[i] == column->name) {
            return;
        }
    }
    if (column != NULL) {
        texts->names[texts->n_names++] = column->name;
    }
}

static fw_status list_names(struct texts *texts)
{
    texts->names = calloc(texts->n_columns + 5, sizeof *texts->names);
    if (texts->names == NULL) {
        return fw_fault_nomem(texts->host);
    }
    add_name(texts, texts->platform);
    add_name(texts, texts->offer);
    texts->n_entity_names = texts->n_names;
    add_name(texts, texts->instant);
    add_name(texts, texts->time);
    add_name(texts, texts->processed);
    for (size_t i = 0; i < texts->n_columns; i++) {
        add_name(texts, texts->columns[i]);
    }
    return FW_OK;
}

fw_status texts_columns_find(struct texts *texts)
{
    fw_status status = find_keys(texts);

    if (status == FW_OK) {
        status = find_texts(texts);
    }
    if (status == FW_OK) {
        status = list_names(texts);
    }
    if (status == FW_OK) {
        fw_offer_append_entity(&texts->entity, texts->platform, texts->offer);
        status = texts->entity.failed ? fw_fault_nomem(texts->host) : FW_OK;
    }
    return status;
}

void texts_columns_finish(struct texts *texts)
{
    free(texts->columns);
    free(texts->missing);
    free(texts->names);
    fw_text_finish(&texts->entity);
}

/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include <fw/service/log.h>

#include "offer/offer.h"
#include "texts.h"

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
    add_name(texts, texts->keys.platform);
    add_name(texts, texts->keys.offer);
    texts->n_entity_names = texts->n_names;
    add_name(texts, texts->keys.instant);
    add_name(texts, texts->keys.time);
    add_name(texts, texts->keys.processed);
    for (size_t i = 0; i < texts->n_columns; i++) {
        add_name(texts, texts->columns[i]);
    }
    return FW_OK;
}

fw_status texts_columns_find(struct texts *texts)
{
    fw_status status = fw_offer_keys_find(&texts->keys, texts->host, texts->task, texts->source,
                                          fw_task_input(texts->task, "raw")->paths[0]);

    if (status == FW_OK) {
        status = find_texts(texts);
    }
    if (status == FW_OK) {
        status = list_names(texts);
    }
    if (status == FW_OK) {
        fw_offer_append_entity(&texts->entity, texts->keys.platform, texts->keys.offer);
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

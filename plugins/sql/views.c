/* SPDX-License-Identifier: MIT */
#include "views.h"

#include <stdlib.h>
#include <string.h>

static const char *text_value(const struct fw_task *task, const char *name)
{
    const struct fw_value *value = fw_task_value(task, name);
    return value != NULL && value->type != FW_PARAM_UNSET ? value->text : NULL;
}

static bool truth(const struct fw_task *task, const char *name)
{
    const struct fw_value *value = fw_task_value(task, name);
    return value != NULL && value->integer != 0;
}

static struct fw_source_options csv_options(const struct fw_task *task)
{
    return (struct fw_source_options){.delim = text_value(task, "csv_delimiter"),
                                      .quote = text_value(task, "csv_quote"),
                                      .nullstr = text_value(task, "csv_null"),
                                      .no_header = !truth(task, "csv_header"),
                                      .all_varchar = truth(task, "csv_all_text")};
}

/* The name of a row's file is looked up by its ordinal, so that no row carries a path around. */
static void append_file_name(const struct fw_source *source, struct fw_text *statement)
{
    fw_text_append(statement, ", list_extract([");
    for (size_t i = 0; i < source->n_files; i++) {
        fw_text_append(statement, i > 0 ? ", " : "");
        fw_text_literal(statement, source->files[i].name);
    }
    fw_text_append(statement, "], " FW_SOURCE_FILE " + 1) AS filename");
}

static fw_status create_view(const struct fw_sql_handle *sql, const char *port,
                             const struct fw_source *source, bool filename)
{
    struct fw_text statement = {0};
    fw_text_append(&statement, "CREATE VIEW ");
    fw_text_identifier(&statement, port);
    fw_text_append(&statement, " AS SELECT * EXCLUDE (" FW_SOURCE_FILE ", " FW_SOURCE_ROW ")");
    if (filename) {
        append_file_name(source, &statement);
    }
    fw_text_append(&statement, " FROM ");
    fw_source_scan(source, NULL, &statement);
    fw_status status = fw_sql_exec_text(sql, &statement);
    fw_text_finish(&statement);
    return status;
}

fw_status sql_views_create(const struct fw_sql_handle *sql, const struct fw_task *task,
                           struct sql_views *ret_views)
{
    const struct fw_source_options options = csv_options(task);
    const char *at = (const char *)task->inputs;
    ret_views->sources = calloc(task->n_inputs + 1, sizeof(struct fw_source *));
    if (ret_views->sources == NULL) {
        return fw_fault_nomem(sql->host);
    }
    for (uint32_t i = 0; i < task->n_inputs; i++) {
        const struct fw_input *input = (const struct fw_input *)(const void *)at;
        struct fw_source *source = NULL;
        fw_status status =
            fw_source_open(sql, input->paths, (size_t)input->n_paths, &options, &source);
        if (status != FW_OK) {
            return status;
        }
        ret_views->sources[ret_views->n_sources++] = source;
        status = create_view(sql, input->port, source, truth(task, "filename"));
        if (status != FW_OK) {
            return status;
        }
        at += input->struct_size;
    }
    return FW_OK;
}

void sql_views_finish(struct sql_views *views)
{
    for (size_t i = 0; i < views->n_sources; i++) {
        fw_source_close(views->sources[i]);
    }
    free(views->sources);
    *views = (struct sql_views){0};
}

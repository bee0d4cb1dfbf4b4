/* SPDX-License-Identifier: MIT */
#include "named/named.h"

#include <strings.h>

#include "instant/instant.h"

fw_status fw_named_find(const struct fw_host *host, const struct fw_source *source,
                        const char *name, const char *parameter,
                        const struct fw_source_column **ret_column)
{
    const struct fw_source_column *column = fw_source_column(source, name);
    struct fw_text names = {0};
    fw_status status = FW_OK;

    for (size_t i = 0; i < source->n_columns; i++) {
        if (column == NULL && strcasecmp(source->columns[i].name, name) == 0) {
            column = &source->columns[i];
        }
        fw_text_appendf(&names, "%s%s", i > 0 ? ", " : "", source->columns[i].name);
    }
    if (column != NULL) {
        *ret_column = column;
    } else {
        status = fw_faultf(host, FW_E_MISSING, source->files[0].path,
                           "name the column in the stage's params",
                           "there is no column \"%s\" (parameter %s) among: %s", name, parameter,
                           fw_text_get(&names));
    }
    fw_text_finish(&names);
    return status;
}

fw_status fw_named_column(const struct fw_named *named, const char *parameter,
                          const struct fw_source_column **ret_column)
{
    return fw_named_find(named->host, named->source, fw_task_text(named->task, parameter),
                         parameter, ret_column);
}

fw_status fw_named_day(const struct fw_named *named, const char *parameter,
                       const char *format_parameter, struct fw_text *text)
{
    const struct fw_source_column *column;
    fw_status status = fw_named_column(named, parameter, &column);

    if (status == FW_OK) {
        fw_instant_append_day(text, column, fw_task_text(named->task, format_parameter));
    }
    return status;
}

fw_status fw_named_number(const struct fw_named *named, const char *parameter, struct fw_text *text)
{
    const struct fw_source_column *column;
    struct fw_text name = {0};
    fw_status status = fw_named_column(named, parameter, &column);

    if (status == FW_OK) {
        fw_text_identifier(&name, column->name);
        fw_text_appendf(text,
                        "CASE WHEN isfinite(TRY_CAST(%s AS DOUBLE)) THEN TRY_CAST(%s AS DOUBLE) "
                        "END",
                        fw_text_get(&name), fw_text_get(&name));
        text->failed = text->failed || name.failed;
        fw_text_finish(&name);
    }
    return status;
}

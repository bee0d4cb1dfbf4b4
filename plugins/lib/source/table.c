/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "source/internal.h"

static bool copy_file(const struct fw_delta_file *from, struct fw_source_file *to)
{
    *to = (struct fw_source_file){.path = strdup(from->path),
                                  .name = strdup(from->name),
                                  .size_bytes = from->size_bytes,
                                  .n_rows = from->n_records,
                                  .n_deleted = from->deleted.n};
    return to->path != NULL && to->name != NULL;
}

static bool copy_table(const struct fw_delta *delta, struct fw_source *source)
{
    source->files = calloc(delta->n_files + 1, sizeof *source->files);
    bool good = source->files != NULL;
    for (size_t i = 0; i < delta->n_files && good; i++) {
        good = copy_file(&delta->files[i], &source->files[source->n_files++]);
    }
    for (size_t i = 0; i < delta->n_fields && good; i++) {
        const struct fw_delta_field *field = &delta->fields[i];
        good = fw_source_add_column(source, field->name, field->sql_type, field->type);
    }
    return good;
}

fw_status fw_source_open_delta(struct fw_source *source, const char *root)
{
    struct fw_source_private *more = source->more;
    fw_status status = fw_delta_open(more->sql, root, &more->delta);
    if (status != FW_OK) {
        return status;
    }
    source->kind = FW_SOURCE_DELTA;
    source->version = more->delta->version;
    if (!copy_table(more->delta, source)) {
        return fw_fault_nomem(more->sql->host);
    }
    status = fw_source_check_names(source);
    if (status == FW_OK) {
        status = fw_source_check_parquet(source);
    }
    return status == FW_OK ? fw_source_check_ids(source) : status;
}

/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "nest.h"
#include "sql/fault.h"

struct array {
    const void *buffers[PARQUET_MAX_BUFFERS];
    struct parquet_room rooms[PARQUET_MAX_BUFFERS];
    struct ArrowArray **pointers;
    struct ArrowArray children[];
};

static void release_array(struct ArrowArray *array)
{
    struct array *own = array->private_data;

    for (int64_t i = 0; i < array->n_children; i++) {
        if (own->children[i].release != NULL) {
            own->children[i].release(&own->children[i]);
        }
    }
    for (size_t i = 0; i < PARQUET_MAX_BUFFERS; i++) {
        parquet_room_finish(&own->rooms[i]);
    }
    free(own->pointers);
    free(own);
    array->release = NULL;
}

bool parquet_array_make(struct ArrowArray *ret_array, size_t length, size_t n_buffers,
                        size_t n_children)
{
    struct array *own = calloc(1, sizeof *own + n_children * sizeof own->children[0]);
    struct ArrowArray **pointers = calloc(n_children + 1, sizeof *pointers);

    if (own == NULL || pointers == NULL) {
        free(own);
        free(pointers);
        return false;
    }
    for (size_t i = 0; i < n_children; i++) {
        pointers[i] = &own->children[i];
    }
    own->pointers = pointers;
    *ret_array = (struct ArrowArray){.length = (int64_t)length,
                                     .n_buffers = (int64_t)n_buffers,
                                     .n_children = (int64_t)n_children,
                                     .buffers = own->buffers,
                                     .children = pointers,
                                     .release = release_array,
                                     .private_data = own};
    return true;
}

void parquet_array_give(struct ArrowArray *array, size_t buffer, struct parquet_room *room)
{
    struct array *own = array->private_data;

    own->rooms[buffer] = *room;
    own->buffers[buffer] = room->data;
    *room = (struct parquet_room){0};
}

struct schema {
    char *name;
    char format[16];
    struct ArrowSchema **pointers;
    struct ArrowSchema children[];
};

static void release_schema(struct ArrowSchema *schema)
{
    struct schema *own = schema->private_data;

    for (int64_t i = 0; i < schema->n_children; i++) {
        if (own->children[i].release != NULL) {
            own->children[i].release(&own->children[i]);
        }
    }
    free(own->name);
    free(own->pointers);
    free(own);
    schema->release = NULL;
}

bool parquet_schema_make(struct ArrowSchema *ret_schema, const char *name, const char *format,
                         size_t n_children)
{
    struct schema *own = calloc(1, sizeof *own + n_children * sizeof own->children[0]);
    struct ArrowSchema **pointers = calloc(n_children + 1, sizeof *pointers);
    char *copy = strdup(name);

    if (own == NULL || pointers == NULL || copy == NULL) {
        free(own);
        free(pointers);
        free(copy);
        return false;
    }
    for (size_t i = 0; i < n_children; i++) {
        pointers[i] = &own->children[i];
    }
    own->name = copy;
    own->pointers = pointers;
    memcpy(own->format, format, strlen(format) + 1);
    *ret_schema = (struct ArrowSchema){.format = own->format,
                                       .name = copy,
                                       .flags = ARROW_FLAG_NULLABLE,
                                       .n_children = (int64_t)n_children,
                                       .children = pointers,
                                       .release = release_schema,
                                       .private_data = own};
    return true;
}

bool parquet_schema_of(const struct parquet_node *node, struct ArrowSchema *ret_schema)
{
    if (!parquet_schema_make(ret_schema, node->name, node->format, node->n_children)) {
        return false;
    }
    for (size_t i = 0; i < node->n_children; i++) {
        if (!parquet_schema_of(&node->children[i], ret_schema->children[i])) {
            return false;
        }
    }
    return true;
}

fw_status parquet_schema_end(const struct fw_host *host, bool ok, struct ArrowSchema *schema,
                             struct ArrowSchema *ret_schema)
{
    if (ok) {
        *ret_schema = *schema;
        return FW_OK;
    }
    if (schema->release != NULL) {
        schema->release(schema);
    }
    return fw_fault_nomem(host);
}

fw_status fw_parquet_reader_schema(const struct fw_parquet_reader *reader, const char *const *names,
                                   size_t n_names, struct ArrowSchema *ret_schema)
{
    struct ArrowSchema schema = {0};
    bool ok = parquet_schema_make(&schema, "", "+s", n_names);

    for (size_t i = 0; i < n_names && ok; i++) {
        const size_t column = fw_parquet_reader_find(reader, names[i]);
        if (column == fw_parquet_reader_columns(reader)) {
            schema.release(&schema);
            return fw_faultf(reader->host, FW_E_ARG, reader->path, NULL, "there is no column '%s'",
                             names[i]);
        }
        ok = parquet_schema_of(&reader->schema.columns[column].root, schema.children[i]);
    }
    return parquet_schema_end(reader->host, ok, &schema, ret_schema);
}

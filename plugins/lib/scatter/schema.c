/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

static void release(struct ArrowSchema *schema)
{
    for (int64_t i = 0; i < schema->n_children; i++) {
        if (schema->children[i] != NULL && schema->children[i]->release != NULL) {
            schema->children[i]->release(schema->children[i]);
        }
        free(schema->children[i]);
    }
    free(schema->children);
    free((char *)(uintptr_t)schema->format);
    free((char *)(uintptr_t)schema->name);
    free((char *)(uintptr_t)schema->metadata);
    schema->release = NULL;
}

static const char *view_of(const char *format)
{
    return strcmp(format, "u") == 0 ? "vu" : strcmp(format, "z") == 0 ? "vz" : format;
}

static int32_t number(const char *at)
{
    int32_t value;

    memcpy(&value, at, sizeof value);
    return value;
}

/* A count of pairs, then of each text its size and its bytes. */
static char *copy_metadata(const char *metadata)
{
    size_t size = sizeof(int32_t);

    for (int32_t i = 0; i < 2 * number(metadata); i++) {
        size += sizeof(int32_t) + (size_t)number(metadata + size);
    }
    char *copy = malloc(size);
    if (copy != NULL) {
        memcpy(copy, metadata, size);
    }
    return copy;
}

static int copy_children(const struct ArrowSchema *schema, bool views, struct ArrowSchema *copy)
{
    int code = 0;

    copy->children = calloc((size_t)schema->n_children + 1, sizeof *copy->children);
    if (copy->children == NULL) {
        return ENOMEM;
    }
    for (int64_t i = 0; i < schema->n_children && code == 0; i++) {
        struct ArrowSchema *child = calloc(1, sizeof *child);
        if (child == NULL) {
            return ENOMEM;
        }
        copy->children[copy->n_children++] = child;
        code = scatter_schema_copy(schema->children[i], views, child);
    }
    return code;
}

int scatter_schema_copy(const struct ArrowSchema *schema, bool views,
                        struct ArrowSchema *ret_schema)
{
    struct ArrowSchema copy = {.flags = schema->flags, .release = release};

    copy.format = strdup(views ? view_of(schema->format) : schema->format);
    copy.name = strdup(schema->name != NULL ? schema->name : "");
    copy.metadata = schema->metadata != NULL ? copy_metadata(schema->metadata) : NULL;
    int code = copy.format == NULL || copy.name == NULL ||
                       (schema->metadata != NULL && copy.metadata == NULL)
                   ? ENOMEM
                   : copy_children(schema, views, &copy);
    if (code != 0) {
        release(&copy);
        return code;
    }
    *ret_schema = copy;
    return 0;
}

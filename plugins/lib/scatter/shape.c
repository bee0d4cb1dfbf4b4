/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "internal.h"
#include "sql/fault.h"

/* Formats of cells of a fixed width, by how they begin. */
static const struct {
    const char *format;
    size_t width;
} fixed[] = {
    {"c", 1},   {"C", 1},  {"s", 2},  {"S", 2},   {"i", 4},   {"I", 4},    {"l", 8},   {"L", 8},
    {"e", 2},   {"f", 4},  {"g", 8},  {"tdD", 4}, {"tdm", 8}, {"tts", 4},  {"ttm", 4}, {"ttu", 8},
    {"ttn", 8}, {"ts", 8}, {"tD", 8}, {"tiM", 4}, {"tiD", 8}, {"tin", 16},
};

/* Decimals: "d:19,10" of 128 bits or "d:19,10,256". */
static size_t decimal_width(const char *format)
{
    const char *comma = strchr(format, ',');

    comma = comma != NULL ? strchr(comma + 1, ',') : NULL;
    return comma != NULL ? strtoull(comma + 1, NULL, 10) / 8 : 16;
}

static bool begins(const char *format, const char *with)
{
    return strncmp(format, with, strlen(with)) == 0;
}

static bool find_fixed(struct scatter_shape *shape, const char *format)
{
    shape->kind = SCATTER_FIXED;
    if (begins(format, "w:")) {
        shape->width = strtoull(format + 2, NULL, 10);
    } else if (begins(format, "d:")) {
        shape->width = decimal_width(format);
    }
    for (size_t i = 0; i < FW_COUNT(fixed) && shape->width == 0; i++) {
        bool is_whole = format[0] != 't';
        if (is_whole ? strcmp(format, fixed[i].format) == 0 : begins(format, fixed[i].format)) {
            shape->width = fixed[i].width;
        }
    }
    return shape->width > 0;
}

static bool find_kind(struct scatter_shape *shape, const char *format)
{
    if (format[0] == 'n') {
        shape->kind = SCATTER_NULL;
    } else if (format[0] == 'b') {
        shape->kind = SCATTER_BITS;
    } else if (strcmp(format, "u") == 0 || strcmp(format, "z") == 0) {
        shape->kind = SCATTER_BYTES;
    } else if (strcmp(format, "+l") == 0 || strcmp(format, "+m") == 0) {
        shape->kind = SCATTER_LIST;
    } else if (strcmp(format, "+s") == 0) {
        shape->kind = SCATTER_STRUCT;
    } else if (begins(format, "+w:")) {
        shape->kind = SCATTER_FIXED_LIST;
        shape->width = strtoull(format + 3, NULL, 10);
    } else {
        return find_fixed(shape, format);
    }
    return true;
}

fw_status scatter_shape_init(struct scatter_shape *shape, const struct fw_host *host,
                             const struct ArrowSchema *schema, const char *column)
{
    fw_status status = FW_OK;

    *shape = (struct scatter_shape){0};
    if (schema->dictionary != NULL || !find_kind(shape, schema->format)) {
        return fw_faultf(host, FW_E_UNSUPPORTED, column,
                         "cast it to another type before this stage",
                         "rows out of order cannot be sorted into parts: the column is of the "
                         "Arrow type \"%s\"%s",
                         schema->format, schema->dictionary != NULL ? " with a dictionary" : "");
    }
    shape->children = calloc((size_t)schema->n_children + 1, sizeof *shape->children);
    if (shape->children == NULL) {
        return fw_fault_nomem(host);
    }
    for (int64_t i = 0; i < schema->n_children && status == FW_OK; i++) {
        shape->n_children++;
        status = scatter_shape_init(&shape->children[i], host, schema->children[i], column);
    }
    return status;
}

void scatter_shape_finish(struct scatter_shape *shape)
{
    for (size_t i = 0; i < shape->n_children; i++) {
        scatter_shape_finish(&shape->children[i]);
    }
    free(shape->children);
    *shape = (struct scatter_shape){0};
}

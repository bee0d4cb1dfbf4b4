/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "rows.h"
#include "sql/fault.h"

/* What rows.c puts behind the columns of the store. */
static const struct {
    const char *name, *format;
} behind[] = {{FW_SOURCE_FILE, "l"}, {FW_SOURCE_ROW, "l"}, {"fw_order", "tsu:"}};

enum { BEHIND = sizeof behind / sizeof *behind };

static void release_child(struct ArrowSchema *schema)
{
    schema->release = NULL;
}

static void release_schema(struct ArrowSchema *schema)
{
    free(schema->children);
    free(schema->private_data);
    schema->release = NULL;
}

/* Names and formats are those of the table's own schema, which outlives this one. */
static fw_status make_schema(const void *self, struct ArrowSchema *ret_schema)
{
    const struct multiscale_table *table = self;
    size_t n = (size_t)table->row_schema.n_children, n_all = n + BEHIND;
    struct ArrowSchema *children = calloc(n_all, sizeof *children);
    struct ArrowSchema **pointers = calloc(n_all, sizeof *pointers);

    if (children == NULL || pointers == NULL) {
        free(children);
        free(pointers);
        return fw_fault_nomem(table->host);
    }
    for (size_t i = 0; i < n_all; i++) {
        const struct ArrowSchema *of = i < n ? table->row_schema.children[i] : NULL;
        children[i] = (struct ArrowSchema){.format = of == NULL ? behind[i - n].format
                                                     : strcmp(of->format, "U") == 0 ? "u"
                                                                                    : of->format,
                                           .name = of == NULL ? behind[i - n].name : of->name,
                                           .flags = ARROW_FLAG_NULLABLE,
                                           .release = release_child};
        pointers[i] = &children[i];
    }
    *ret_schema = (struct ArrowSchema){.format = "+s",
                                       .name = "",
                                       .n_children = (int64_t)n_all,
                                       .children = pointers,
                                       .release = release_schema,
                                       .private_data = children};
    return FW_OK;
}

static fw_status gather_rows(const void *self, const struct fw_wide_rows *wanted,
                             struct ArrowArray *ret_rows)
{
    const struct multiscale_table *table = self;
    struct gather_ranges ranges = {0};
    struct chosen chosen = {0};
    fw_status status = gather_find(table, wanted, &ranges);

    if (status == FW_OK) {
        status = chosen_find(table, &ranges, &chosen);
    }
    if (status == FW_OK) {
        status = rows_read(table, &ranges, &chosen, ret_rows);
    }
    chosen_finish(&chosen);
    gather_ranges_finish(&ranges);
    return status;
}

static const char *arrow_of(const char *sql_type)
{
    static const char *const types[][2] = {{"BOOLEAN", "b"}, {"DATE", "tdD"}, {"TIMESTAMP", "tsu:"},
                                           {"BIGINT", "l"},  {"DOUBLE", "g"}, {"VARCHAR", "U"}};

    for (size_t i = 0; i < FW_COUNT(types); i++) {
        if (strcmp(types[i][0], sql_type) == 0) {
            return types[i][1];
        }
    }
    return "";
}

/* Keys, then all columns of the store. */
static fw_status open_store(struct multiscale_table *table, const char **names, const char **types)
{
    static const char *const keys[] = {"cik", "crawled_date_day"};
    const struct fw_source *source = table->source;
    const char *key_types[FW_COUNT(keys)];

    for (size_t i = 0; i < source->n_columns; i++) {
        names[i] = source->columns[i].name;
        types[i] = arrow_of(source->columns[i].sql_type);
    }
    for (size_t i = 0; i < FW_COUNT(keys); i++) {
        key_types[i] = arrow_of(fw_source_column(source, keys[i])->sql_type);
    }
    if (strcmp(key_types[1], "tdD") != 0 && strcmp(key_types[1], "tsu:") != 0) {
        return FW_OK; /* a day that is to be parsed first */
    }
    fw_status status =
        gather_open(table, names, types, source->n_columns, &table->row_schema, &table->gathers);
    if (status == FW_OK && table->gathers) {
        status = gather_open(table, keys, key_types, FW_COUNT(keys), &table->key_schema,
                             &table->gathers);
    }
    return status;
}

fw_status multiscale_features_open(struct multiscale_table *table)
{
    const char **names = calloc(table->source->n_columns, sizeof *names);
    const char **types = calloc(table->source->n_columns, sizeof *types);
    fw_status status = names != NULL && types != NULL ? open_store(table, names, types)
                                                      : fw_fault_nomem(table->host);

    free(names);
    free(types);
    return status;
}

const struct fw_wide_gather multiscale_features_gather = {
    .schema = make_schema, .rows = gather_rows, .cut = gather_cut};

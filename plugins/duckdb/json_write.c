/* SPDX-License-Identifier: MIT */
#include "json_write.h"

static void fill_children(struct json_view *views, const struct json_node *node,
                          duckdb_vector vector)
{
    for (size_t i = 0; i < node->n_children; i++) {
        json_view_fill(views, node->children[i], duckdb_struct_vector_get_child(vector, i));
    }
}

void json_view_fill(struct json_view *views, const struct json_node *node, duckdb_vector vector)
{
    duckdb_vector entries;

    views[node->index] = (struct json_view){.data = duckdb_vector_get_data(vector),
                                            .validity = duckdb_vector_get_validity(vector)};
    switch (node->type) {
    case DUCKDB_TYPE_LIST:
        json_view_fill(views, node->children[0], duckdb_list_vector_get_child(vector));
        break;
    case DUCKDB_TYPE_ARRAY:
        json_view_fill(views, node->children[0], duckdb_array_vector_get_child(vector));
        break;
    case DUCKDB_TYPE_MAP:
        /* A map is stored as a list of structs of key and value. */
        entries = duckdb_list_vector_get_child(vector);
        fill_children(views, node, entries);
        break;
    case DUCKDB_TYPE_STRUCT:
        fill_children(views, node, vector);
        break;
    case DUCKDB_TYPE_UNION: {
        /* A union is stored as a struct whose first child is the tag, a UTINYINT. */
        duckdb_vector tags = duckdb_struct_vector_get_child(vector, 0);
        views[node->index].data = duckdb_vector_get_data(tags);
        for (size_t i = 0; i < node->n_children; i++) {
            json_view_fill(views, node->children[i], duckdb_struct_vector_get_child(vector, i + 1));
        }
        break;
    }
    default:
        break;
    }
}

static void write_elements(struct fw_text *text, const struct json_node *child,
                           const struct json_view *views, uint64_t offset, uint64_t n)
{
    fw_text_append_len(text, "[", 1);
    for (uint64_t i = 0; i < n; i++) {
        if (i > 0) {
            fw_text_append_len(text, ",", 1);
        }
        json_write(text, child, views, offset + i);
    }
    fw_text_append_len(text, "]", 1);
}

static void write_map(struct fw_text *text, const struct json_node *node,
                      const struct json_view *views, duckdb_list_entry entry)
{
    fw_text_append_len(text, "[", 1);
    for (uint64_t i = entry.offset; i < entry.offset + entry.length; i++) {
        fw_text_append(text, i == entry.offset ? "[" : ",[");
        json_write(text, node->children[0], views, i);
        fw_text_append_len(text, ",", 1);
        json_write(text, node->children[1], views, i);
        fw_text_append_len(text, "]", 1);
    }
    fw_text_append_len(text, "]", 1);
}

static void write_member(struct fw_text *text, const struct json_node *node,
                         const struct json_view *views, size_t member, uint64_t row)
{
    fw_text_append_len(text, node->labels[member].data, node->labels[member].size);
    json_write(text, node->children[member], views, row);
}

static void write_struct(struct fw_text *text, const struct json_node *node,
                         const struct json_view *views, uint64_t row)
{
    fw_text_append_len(text, "{", 1);
    for (size_t i = 0; i < node->n_children; i++) {
        if (i > 0) {
            fw_text_append_len(text, ",", 1);
        }
        write_member(text, node, views, node->order[i], row);
    }
    fw_text_append_len(text, "}", 1);
}

static void write_union(struct fw_text *text, const struct json_node *node,
                        const struct json_view *views, uint64_t row)
{
    const uint8_t *tags = views[node->index].data;

    fw_text_append_len(text, "{", 1);
    write_member(text, node, views, tags[row], row);
    fw_text_append_len(text, "}", 1);
}

void json_write(struct fw_text *text, const struct json_node *node, const struct json_view *views,
                uint64_t row)
{
    const struct json_view *view = &views[node->index];

    if (!json_is_valid(view, row)) {
        fw_text_append_len(text, "null", 4);
        return;
    }
    switch (node->type) {
    case DUCKDB_TYPE_LIST: {
        const duckdb_list_entry *entry = (const duckdb_list_entry *)view->data + row;
        write_elements(text, node->children[0], views, entry->offset, entry->length);
        break;
    }
    case DUCKDB_TYPE_ARRAY:
        write_elements(text, node->children[0], views, row * node->array_size, node->array_size);
        break;
    case DUCKDB_TYPE_MAP:
        write_map(text, node, views, ((const duckdb_list_entry *)view->data)[row]);
        break;
    case DUCKDB_TYPE_STRUCT:
        write_struct(text, node, views, row);
        break;
    case DUCKDB_TYPE_UNION:
        write_union(text, node, views, row);
        break;
    default:
        json_write_scalar(text, node, view->data, row);
        break;
    }
}

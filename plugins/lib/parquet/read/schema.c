/* SPDX-License-Identifier: MIT */
#include "schema.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { MAX_FIELDS = 1 << 16 };

/* What is being read. The path's steps are those of the levels as nodes count them. */
struct building {
    struct thrift_reader *reader;
    uint64_t n_left; /* elements */
    uint8_t steps[PARQUET_MAX_STEPS];
    size_t n_steps;
    uint8_t rep, slot_def;
    size_t n_leaves; /* of the column */
    const char *refusal;
    struct fw_text *refused; /* the path of the refused field */
    bool no_memory;
};

static void refuse(struct building *b, const char *name, const char *why)
{
    if (b->refusal == NULL) {
        b->refusal = why;
        fw_text_append(b->refused, name);
    }
}

/* The level from which on the step is taken. */
static uint8_t step(struct building *b, int repetition)
{
    if (b->n_steps == PARQUET_MAX_STEPS) {
        b->reader->failed = true;
        return 0;
    }
    b->steps[b->n_steps++] = (uint8_t)repetition;
    return (uint8_t)b->n_steps;
}

static struct parquet_element next_element(struct building *b)
{
    struct parquet_element element;

    b->reader->failed = b->reader->failed || b->n_left == 0;
    b->n_left -= b->n_left > 0;
    parquet_element_read(b->reader, &element);
    return element;
}

static bool make_children(struct building *b, struct parquet_node *node, int64_t n)
{
    if (n < 0 || (uint64_t)n > b->n_left) {
        b->reader->failed = true;
        return false;
    }
    node->children = calloc((size_t)n + 1, sizeof *node->children);
    node->n_children = node->children != NULL ? (size_t)n : 0;
    b->no_memory |= node->children == NULL;
    return node->children != NULL;
}

static void begin_node(struct building *b, struct parquet_node *node, const char *name, size_t size)
{
    node->name = strndup(name, size);
    b->no_memory |= node->name == NULL;
    b->reader->failed |= node->name != NULL && strlen(node->name) != size;
    node->rep = b->rep;
    node->slot_def = b->slot_def;
}

static void finish_leaf(struct building *b, struct parquet_node *node,
                        const struct parquet_element *element)
{
    const char *why = parquet_type_of(element, node);
    struct parquet_levels *levels = &node->levels;

    if (why != NULL) {
        refuse(b, node->name, why);
    }
    node->shape = PARQUET_LEAF;
    b->n_leaves++;
    for (size_t i = 0; i < b->n_steps; i++) {
        if (b->steps[i] != PARQUET_REQUIRED) {
            levels->canon[levels->max_def++] = (uint8_t)i;
        }
        levels->max_rep = (uint8_t)(levels->max_rep + (b->steps[i] == PARQUET_REPEATED));
    }
    levels->canon[levels->max_def] = (uint8_t)b->n_steps;
}

static void build_fields(struct building *b, struct parquet_node *node, int64_t n);

/* What a group or leaf is once its own step has been taken: not a list's. */
static void build_plain(struct building *b, struct parquet_node *node,
                        const struct parquet_element *element)
{
    node->valid_def = (uint8_t)b->n_steps;
    if (element->n_children > 0) {
        node->shape = PARQUET_STRUCT;
        memcpy(node->format, "+s", sizeof "+s");
        build_fields(b, node, element->n_children);
    } else {
        finish_leaf(b, node, element);
    }
}

static void build_field(struct building *b, struct parquet_node *node);

/*
 * Of the repeated group in a list: with one field it is that field's list, with more a list of
 * itself; a repeated leaf is a list of itself, too. So does the engine.
 */
static void build_list(struct building *b, struct parquet_node *node)
{
    struct parquet_element repeated = next_element(b);
    bool is_map = node->shape == PARQUET_MAP;

    if (b->no_memory || b->reader->failed || !make_children(b, node, 1)) {
        return;
    }
    if (repeated.repetition != PARQUET_REPEATED || (is_map && repeated.n_children != 2)) {
        refuse(b, node->name, "a list or map without a repeated group of the right fields");
    }
    struct parquet_node *child = node->children;
    const uint8_t slot_def = b->slot_def;
    node->element_def = step(b, PARQUET_REPEATED);
    b->slot_def = node->element_def;
    b->rep++;
    if (!is_map && repeated.n_children == 1) {
        build_field(b, child);
    } else {
        begin_node(b, child, is_map ? "entries" : "element",
                   strlen(is_map ? "entries" : "element"));
        step(b, PARQUET_REQUIRED);
        build_plain(b, child, &repeated);
    }
    b->rep--;
    b->slot_def = slot_def;
}

static bool is_map_inside(const struct parquet_element *element)
{
    return element->converted == PARQUET_CONVERTED_MAP ||
           element->converted == PARQUET_CONVERTED_MAP_KEY_VALUE;
}

static void build_element(struct building *b, struct parquet_node *node,
                          const struct parquet_element *element)
{
    const size_t n_steps = b->n_steps;

    begin_node(b, node, element->name, element->name_size);
    if (b->no_memory || b->reader->failed) {
        return;
    }
    if (element->repetition == PARQUET_REPEATED) {
        refuse(b, node->name, "a repeated field that no list is around");
    }
    node->valid_def =
        step(b, element->repetition == PARQUET_OPTIONAL ? PARQUET_OPTIONAL : PARQUET_REQUIRED);
    if (element->n_children == 1 &&
        (element->converted == PARQUET_CONVERTED_LIST || is_map_inside(element))) {
        bool is_list = element->converted == PARQUET_CONVERTED_LIST;
        node->shape = is_list ? PARQUET_LIST : PARQUET_MAP;
        memcpy(node->format, is_list ? "+L" : "+m", sizeof "+L");
        build_list(b, node);
    } else {
        if (element->n_children > 0 && (element->converted >= 0 || element->logical > 0)) {
            refuse(b, node->name, "a group of a kind that is not known");
        }
        build_plain(b, node, element);
    }
    b->n_steps = n_steps;
}

static void build_field(struct building *b, struct parquet_node *node)
{
    struct parquet_element element = next_element(b);

    if (!b->reader->failed) {
        build_element(b, node, &element);
    }
}

static int compare_names(const void *a, const void *b)
{
    const struct parquet_node *const *left = a, *const *right = b;

    return strcasecmp((*left)->name, (*right)->name);
}

/* The engine renames fields that differ in case alone. */
static bool has_twins(struct building *b, const struct parquet_node *node)
{
    const struct parquet_node **sorted = calloc(node->n_children + 1, sizeof *sorted);
    bool found = false;

    b->no_memory |= sorted == NULL;
    if (sorted == NULL) {
        return false;
    }
    for (size_t i = 0; i < node->n_children; i++) {
        sorted[i] = &node->children[i];
    }
    qsort(sorted, node->n_children, sizeof *sorted, compare_names);
    for (size_t i = 1; i < node->n_children; i++) {
        found |= compare_names(&sorted[i - 1], &sorted[i]) == 0;
    }
    free(sorted);
    return found;
}

static void build_fields(struct building *b, struct parquet_node *node, int64_t n)
{
    if (!make_children(b, node, n)) {
        return;
    }
    const size_t n_steps = b->n_steps;
    for (size_t i = 0; i < node->n_children && !b->reader->failed && !b->no_memory; i++) {
        build_field(b, &node->children[i]);
        b->n_steps = n_steps;
    }
    if (!b->reader->failed && !b->no_memory && has_twins(b, node)) {
        refuse(b, node->name, "fields of the same name");
    }
}

static void build_column(struct building *b, struct parquet_schema *schema)
{
    struct parquet_column *column = &schema->columns[schema->n_columns++];
    struct fw_text refused = {0};

    b->refusal = NULL;
    b->refused = &refused;
    b->n_leaves = b->n_steps = 0;
    column->first_leaf = schema->n_leaves;
    build_field(b, &column->root);
    column->n_leaves = b->n_leaves;
    schema->n_leaves += b->n_leaves;
    if (b->refusal != NULL && column->root.name != NULL) {
        fw_text_appendf(&column->refusal, "column '%s': ", column->root.name);
        if (strcmp(fw_text_get(&refused), column->root.name) != 0) {
            fw_text_appendf(&column->refusal, "field '%s': ", fw_text_get(&refused));
        }
        fw_text_append(&column->refusal, b->refusal);
    }
    if (!b->reader->failed && !b->no_memory) {
        parquet_node_type(&column->root, &column->type);
    }
    b->no_memory |= column->refusal.failed || column->type.failed || refused.failed;
    fw_text_finish(&refused);
}

static int compare_columns(const void *a, const void *b)
{
    struct parquet_column *const *left = a, *const *right = b;

    return strcasecmp((*left)->root.name, (*right)->root.name);
}

static bool refuse_twin(struct parquet_column *column)
{
    if (column->refusal.size == 0) {
        fw_text_appendf(&column->refusal, "column '%s': another one has its name",
                        column->root.name);
    }
    return !column->refusal.failed;
}

static bool refuse_twins(struct parquet_schema *schema)
{
    struct parquet_column **sorted = calloc(schema->n_columns + 1, sizeof *sorted);
    bool ok = sorted != NULL;

    for (size_t i = 0; i < schema->n_columns && ok; i++) {
        sorted[i] = &schema->columns[i];
    }
    if (ok) {
        qsort(sorted, schema->n_columns, sizeof(struct parquet_column *), compare_columns);
    }
    for (size_t i = 1; i < schema->n_columns && ok; i++) {
        if (compare_columns(&sorted[i - 1], &sorted[i]) == 0) {
            ok = refuse_twin(sorted[i - 1]) && refuse_twin(sorted[i]);
        }
    }
    free(sorted);
    return ok;
}

static bool find_leaves(struct parquet_schema *schema)
{
    size_t n = 0;

    schema->leaves = calloc(schema->n_leaves + 1, sizeof *schema->leaves);
    for (size_t i = 0; i < schema->n_columns && schema->leaves != NULL; i++) {
        n += parquet_node_leaves(&schema->columns[i].root, schema->leaves + n);
    }
    return schema->leaves != NULL;
}

bool parquet_schema_read(struct thrift_reader *reader, struct parquet_schema *schema)
{
    int type;
    struct parquet_element root;
    struct building b = {.reader = reader};

    b.n_left = thrift_read_list(reader, &type);
    reader->failed =
        reader->failed || type != THRIFT_STRUCT || b.n_left == 0 || b.n_left > MAX_FIELDS;
    root = next_element(&b);
    if (reader->failed || root.n_children < 0 || (uint64_t)root.n_children > b.n_left) {
        reader->failed = true;
        return false;
    }
    schema->columns = calloc((size_t)root.n_children + 1, sizeof *schema->columns);
    b.no_memory = schema->columns == NULL;
    for (int64_t i = 0; i < root.n_children && !reader->failed && !b.no_memory; i++) {
        build_column(&b, schema);
    }
    reader->failed = reader->failed || (b.n_left > 0 && !b.no_memory);
    return !reader->failed && !b.no_memory && find_leaves(schema) && refuse_twins(schema);
}

/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <string.h>

#include "source/internal.h"

/* A slice with everything spelled out. */
struct scan {
    const struct fw_source *source;
    const struct fw_source_slice *slice;
    size_t n_columns, first_file, n_files;
    const char *file; /* SQL: the number of a row's file within the slice */
};

static size_t column_index(const struct scan *scan, size_t i)
{
    if (scan->slice->n_columns == 0) {
        return i;
    }
    return (size_t)(fw_source_column(scan->source, scan->slice->columns[i]) -
                    scan->source->columns);
}

static int32_t partition_of(const struct scan *scan, size_t column)
{
    const struct fw_delta *delta = scan->source->more->delta;
    return delta != NULL ? delta->fields[column].partition : -1;
}

static const char *partition_value(const struct scan *scan, size_t file, int32_t partition)
{
    return scan->source->more->delta->files[scan->first_file + file].values[partition];
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* The value of a partition column as text: one literal, or picked from a list by file. */
static void append_partition_text(const struct scan *scan, int32_t partition, struct fw_text *text)
{
    bool constant = true;
    for (size_t i = 1; i < scan->n_files && constant; i++) {
        constant =
            same_text(partition_value(scan, i, partition), partition_value(scan, 0, partition));
    }
    if (constant) {
        fw_text_literal(text, partition_value(scan, 0, partition));
        return;
    }
    fw_text_append(text, "([");
    for (size_t i = 0; i < scan->n_files; i++) {
        fw_text_append(text, i > 0 ? ", " : "");
        fw_text_literal(text, partition_value(scan, i, partition));
    }
    fw_text_appendf(text, "])[%s::BIGINT + 1]", scan->file);
}

static void append_partition(const struct scan *scan, size_t column, struct fw_text *text)
{
    const char *type = scan->source->columns[column].sql_type;
    /* A binary value is written as its characters; a cast would look for escapes in it. */
    bool binary = strcmp(type, "BLOB") == 0;
    fw_text_append(text, binary ? "encode(CAST(" : "CAST(");
    append_partition_text(scan, partition_of(scan, column), text);
    fw_text_appendf(text, " AS %s)", binary ? "VARCHAR)" : type);
}

/* By what the engine finds the column in a file, and its type there. */
static void append_place(const struct scan *scan, size_t column, struct fw_text *text)
{
    const struct fw_delta *delta = scan->source->more->delta;
    if (delta == NULL) {
        fw_text_literal(text, scan->source->columns[column].name);
    } else if (delta->fields[column].id >= 0) {
        fw_text_appendf(text, "%" PRId32, delta->fields[column].id);
    } else {
        fw_text_literal(text, delta->fields[column].physical);
    }
}

/* The schema cannot be empty, and without one the first file's would count. */
static void append_no_column(const struct scan *scan, struct fw_text *text)
{
    fw_text_append(text, fw_source_has_names(scan->source) ? "''" : "-1");
    fw_text_append(text, ": {name: '', type: 'BOOLEAN', default_value: NULL}");
}

/* Given as the scan's schema, columns are found by name or id, filled with NULL and cast. */
static void append_schema(const struct scan *scan, struct fw_text *text)
{
    fw_text_append(text, ", schema = MAP {");
    bool any = false;
    for (size_t i = 0; i < scan->n_columns; i++) {
        size_t at = column_index(scan, i);
        const struct fw_source_column *column = &scan->source->columns[at];
        if (partition_of(scan, at) < 0) {
            const struct fw_delta *delta = scan->source->more->delta;
            fw_text_append(text, any ? ", " : "");
            append_place(scan, at, text);
            fw_text_append(text, ": {name: ");
            fw_text_literal(text, column->name);
            fw_text_append(text, ", type: ");
            fw_text_literal(text,
                            delta != NULL ? delta->fields[at].physical_type : column->sql_type);
            fw_text_append(text, ", default_value: NULL}");
            any = true;
        }
    }
    if (!any) {
        append_no_column(scan, text);
    }
    fw_text_append(text, "}");
}

/* Which rows of the files belong to the slice and to the table. */
static void append_rows(const struct scan *scan, const char *file, const char *row,
                        struct fw_text *text)
{
    const struct fw_source_slice slice = {.first_file = scan->first_file,
                                          .n_files = scan->n_files,
                                          .first_row = scan->slice->first_row,
                                          .n_rows = scan->slice->n_rows};
    fw_text_append(text, " WHERE true");
    if (slice.n_rows > 0) {
        fw_text_appendf(text, " AND %s >= %" PRId64 " AND %s < %" PRId64, row, slice.first_row, row,
                        slice.first_row + slice.n_rows);
    }
    fw_source_append_limit(scan->source, &slice, file, row, text);
    if (fw_source_has_deleted(scan->source, slice.first_file, slice.n_files)) {
        fw_text_append(text, " AND ");
        fw_source_append_deleted(scan->source, &slice, text);
    }
}

void fw_source_append_origin(const struct fw_source *source, size_t first, size_t n,
                             struct fw_text *text)
{
    const char *first_path = source->files[first].path;
    const char *last_path = source->files[first + n - 1].path;
    if (strstr(first_path, "*/") != NULL || strstr(last_path, "*/") != NULL) {
        return;
    }
    if (n == 1) {
        fw_text_appendf(text, "/* file: %s */ ", first_path);
    } else {
        fw_text_appendf(text, "/* file: one of %zu, from %s to %s */ ", n, first_path, last_path);
    }
}

/* The columns as the table has them, out of those of the files under the table's names. */
static void append_columns(const struct scan *scan, struct fw_text *text)
{
    for (size_t i = 0; i < scan->n_columns; i++) {
        size_t at = column_index(scan, i);
        const struct fw_delta *delta = scan->source->more->delta;
        if (partition_of(scan, at) >= 0) {
            append_partition(scan, at, text);
            fw_text_append(text, " AS ");
        } else if (delta != NULL && delta->fields[at].renamed != NULL) {
            fw_text_append(text, delta->fields[at].renamed);
            fw_text_append(text, " AS ");
        }
        fw_text_identifier(text, scan->source->columns[at].name);
        fw_text_append(text, ", ");
    }
}

static void append_parquet(const struct scan *scan, struct fw_text *text)
{
    fw_text_append(text, "(SELECT ");
    fw_source_append_origin(scan->source, scan->first_file, scan->n_files, text);
    append_columns(scan, text);
    fw_text_appendf(text,
                    "CAST(file_index + %zu AS INTEGER) AS " FW_SOURCE_FILE
                    ", file_row_number AS " FW_SOURCE_ROW " FROM read_parquet(",
                    scan->first_file);
    fw_source_append_paths(scan->source, scan->first_file, scan->n_files, text);
    fw_text_append(text, ", hive_partitioning = false");
    /* For 133 columns binding the schema takes a tenth of the time in which 30,000 rows are copied.
     */
    if (!scan->source->more->uniform) {
        append_schema(scan, text);
    }
    fw_text_append(text, ")");
    append_rows(scan, "file_index", "file_row_number", text);
    fw_text_append(text, ")");
}

/* A table without files. */
static void append_nothing(const struct scan *scan, struct fw_text *text)
{
    fw_text_append(text, "(SELECT ");
    for (size_t i = 0; i < scan->n_columns; i++) {
        const struct fw_source_column *column = &scan->source->columns[column_index(scan, i)];
        fw_text_appendf(text, "CAST(NULL AS %s) AS ", column->sql_type);
        fw_text_identifier(text, column->name);
        fw_text_append(text, ", ");
    }
    fw_text_append(text,
                   "0::INTEGER AS " FW_SOURCE_FILE ", 0::BIGINT AS " FW_SOURCE_ROW " WHERE false)");
}

/* The row number needs the file's own order, which a window without an order follows. */
static void append_csv_file(const struct scan *scan, size_t file, struct fw_text *text)
{
    fw_text_append(text, "SELECT ");
    for (size_t i = 0; i < scan->n_columns; i++) {
        const struct fw_source_column *column = &scan->source->columns[column_index(scan, i)];
        bool known = fw_source_header_find(scan->source, file, column->name) >= 0;
        fw_text_append(text, "CAST(");
        if (known) {
            fw_text_identifier(text, column->name);
        } else {
            fw_text_append(text, "NULL");
        }
        fw_text_appendf(text, " AS %s) AS ", column->sql_type);
        fw_text_identifier(text, column->name);
        fw_text_append(text, ", ");
    }
    fw_text_appendf(text,
                    "%zu::INTEGER AS " FW_SOURCE_FILE ", row_number() OVER () - 1 AS " FW_SOURCE_ROW
                    " FROM ",
                    file);
    fw_source_append_csv(scan->source, file, text);
}

/* Halved, so that many files do not nest deeper than the engine's parser allows. */
static void append_csv_files(const struct scan *scan, size_t first, size_t n, struct fw_text *text)
{
    if (n == 1) {
        append_csv_file(scan, first, text);
        return;
    }
    fw_text_append(text, "(");
    append_csv_files(scan, first, n / 2, text);
    fw_text_append(text, ") UNION ALL (");
    append_csv_files(scan, first + n / 2, n - n / 2, text);
    fw_text_append(text, ")");
}

static void append_csv(const struct scan *scan, struct fw_text *text)
{
    struct fw_text file = {0};
    fw_text_append(text, "(SELECT * FROM (");
    append_csv_files(scan, scan->first_file, scan->n_files, text);
    fw_text_append(text, ")");
    fw_text_appendf(&file, FW_SOURCE_FILE " - %zu", scan->first_file);
    append_rows(scan, fw_text_get(&file), FW_SOURCE_ROW, text);
    fw_text_finish(&file);
    fw_text_append(text, ")");
}

void fw_source_scan(const struct fw_source *source, const struct fw_source_slice *slice,
                    struct fw_text *text)
{
    static const struct fw_source_slice everything;
    struct scan scan = {
        .source = source, .slice = slice != NULL ? slice : &everything, .file = "file_index"};
    scan.n_columns = scan.slice->n_columns > 0 ? scan.slice->n_columns : source->n_columns;
    scan.first_file = scan.slice->first_file;
    size_t n_limited = source->more->n_limited;
    size_t end = n_limited > 0 ? n_limited : source->n_files;
    size_t left = scan.first_file < end ? end - scan.first_file : 0;
    size_t wanted = scan.slice->n_rows > 0 ? 1 : scan.slice->n_files;
    scan.n_files = wanted > 0 && wanted < left ? wanted : left;
    if (left == 0) {
        append_nothing(&scan, text);
    } else if (source->kind == FW_SOURCE_CSV) {
        append_csv(&scan, text);
    } else {
        append_parquet(&scan, text);
    }
}

bool fw_source_has_names(const struct fw_source *source)
{
    const struct fw_delta *delta = source->more->delta;
    bool by_id = false;

    for (size_t i = 0; delta != NULL && i < delta->n_fields; i++) {
        by_id |= delta->fields[i].id >= 0;
    }
    return source->kind != FW_SOURCE_CSV && !by_id;
}

const char *fw_source_name_in_files(const struct fw_source *source,
                                    const struct fw_source_column *column)
{
    const struct fw_delta *delta = source->more->delta;
    const struct fw_delta_field *field =
        delta != NULL ? &delta->fields[column - source->columns] : NULL;

    return field == NULL ? column->name : field->partition < 0 ? field->physical : NULL;
}

const char *fw_source_type_in_files(const struct fw_source *source,
                                    const struct fw_source_column *column)
{
    const struct fw_delta *delta = source->more->delta;

    return delta != NULL ? delta->fields[column - source->columns].physical_type : column->sql_type;
}

void fw_source_scan_table(const struct fw_source *source, const struct fw_source_slice *slice,
                          const char *table, struct fw_text *text)
{
    struct fw_text file = {0};

    fw_text_appendf(&file, "(" FW_SOURCE_FILE " - %zu)", slice->first_file);
    const struct scan scan = {
        .source = source,
        .slice = slice,
        .n_columns = slice->n_columns > 0 ? slice->n_columns : source->n_columns,
        .first_file = slice->first_file,
        .n_files = slice->n_files,
        .file = fw_text_get(&file),
    };
    fw_text_append(text, "(SELECT ");
    append_columns(&scan, text);
    fw_text_append(text, FW_SOURCE_FILE ", " FW_SOURCE_ROW " FROM (SELECT ");
    for (size_t i = 0; i < scan.n_columns; i++) {
        const struct fw_source_column *column = &source->columns[column_index(&scan, i)];
        const char *name = fw_source_name_in_files(source, column);
        if (name != NULL) {
            fw_text_identifier(text, name);
            fw_text_append(text, " AS ");
            fw_text_identifier(text, column->name);
            fw_text_append(text, ", ");
        }
    }
    fw_text_appendf(text, FW_SOURCE_FILE ", " FW_SOURCE_ROW " FROM %s))", table);
    text->failed |= file.failed;
    fw_text_finish(&file);
}

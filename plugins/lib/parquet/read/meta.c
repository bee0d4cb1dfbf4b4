/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "codec.h"
#include "file.h"
#include "parquet/format.h"

/* A row's number in its group has 32 bits. */
enum { MAX_GROUP_ROWS = 1 << 30 };

/* What the file says of a column of a group, and why it cannot be read. */
struct facts {
    struct parquet_chunk chunk;
    int64_t type;
    const char *refusal;
};

static void read_encodings(struct thrift_reader *footer, struct facts *facts)
{
    int type;
    uint64_t n = thrift_read_list(footer, &type);

    footer->failed = footer->failed || type != THRIFT_I32;
    for (uint64_t i = 0; i < n && !footer->failed; i++) {
        int64_t encoding = thrift_read_int(footer);
        if (encoding < PARQUET_PLAIN || encoding > PARQUET_BYTE_STREAM_SPLIT) {
            facts->refusal = "an encoding that is not known";
        }
    }
}

static void read_column_meta(struct thrift_reader *footer, struct facts *facts)
{
    struct thrift_field field = {0};
    int64_t codec = -1;

    while (thrift_read_field(footer, &field)) {
        if (field.id == 1 && field.type == THRIFT_I32) {
            facts->type = thrift_read_int(footer);
        } else if (field.id == 2 && field.type == THRIFT_LIST) {
            read_encodings(footer, facts);
        } else if (field.id == 4 && field.type == THRIFT_I32) {
            codec = thrift_read_int(footer);
        } else if (field.id == 5 && field.type == THRIFT_I64) {
            facts->chunk.n_values = thrift_read_int(footer);
        } else if (field.id == 7 && field.type == THRIFT_I64) {
            facts->chunk.size = thrift_read_int(footer);
        } else if (field.id == 9 && field.type == THRIFT_I64) {
            facts->chunk.data_offset = thrift_read_int(footer);
        } else if (field.id == 11 && field.type == THRIFT_I64) {
            facts->chunk.dictionary_offset = thrift_read_int(footer);
        } else {
            thrift_skip_value(footer, field.type);
        }
    }
    if (!parquet_codec_is_known(codec)) {
        facts->refusal = parquet_codec_refusal(codec);
    }
    facts->chunk.codec = (uint8_t)codec;
}

static void read_chunk(struct thrift_reader *footer, struct facts *facts)
{
    struct thrift_field field = {0};
    bool has_meta = false;

    while (thrift_read_field(footer, &field)) {
        if (field.id == 3 && field.type == THRIFT_STRUCT) {
            read_column_meta(footer, facts);
            has_meta = true;
        } else {
            if (field.id == 1) {
                facts->refusal = "its values are in another file";
            } else if (field.id == 8) {
                facts->refusal = "encrypted";
            }
            thrift_skip_value(footer, field.type);
        }
    }
    if (!has_meta) {
        facts->refusal = "encrypted, or nothing says where its values are";
    }
}

static bool refuse(struct parquet_column *column, size_t group, const char *why)
{
    if (column->refusal.size == 0) {
        fw_text_appendf(&column->refusal, "column '%s': in row group %zu: %s", column->root.name,
                        group, why);
    }
    return !column->refusal.failed;
}

static bool read_chunks(struct fw_parquet_reader *reader, struct thrift_reader *footer,
                        struct parquet_group *group)
{
    const struct parquet_schema *schema = &reader->schema;
    const size_t index = (size_t)(group - reader->groups);
    int type;
    uint64_t n = thrift_read_list(footer, &type);

    footer->failed = footer->failed || type != THRIFT_STRUCT || n != schema->n_leaves;
    group->chunks = footer->failed ? NULL : calloc(schema->n_leaves + 1, sizeof *group->chunks);
    if (group->chunks == NULL) {
        return footer->failed;
    }
    struct parquet_column *column = schema->columns;
    for (size_t i = 0; i < schema->n_leaves && !footer->failed; i++) {
        struct facts facts = {.type = -1};
        while (i >= column->first_leaf + column->n_leaves) {
            column++;
        }
        read_chunk(footer, &facts);
        if (facts.refusal == NULL && facts.type != (int64_t)schema->leaves[i]->physical) {
            facts.refusal = "it is of another type than the schema says";
        }
        group->chunks[i] = facts.chunk;
        if (facts.refusal != NULL && !footer->failed && !refuse(column, index, facts.refusal)) {
            return false;
        }
    }
    return true;
}

/* A value for each row, or one at least where there are lists. */
static bool check_counts(struct fw_parquet_reader *reader, const struct parquet_group *group)
{
    struct parquet_column *column = reader->schema.columns;
    bool ok = true;

    for (size_t i = 0; i < reader->schema.n_leaves && ok; i++) {
        const int64_t n = group->chunks[i].n_values;
        const bool lists = reader->schema.leaves[i]->levels.max_rep > 0;
        while (i >= column->first_leaf + column->n_leaves) {
            column++;
        }
        if (n < group->n_rows || (!lists && n > group->n_rows)) {
            ok = refuse(column, (size_t)(group - reader->groups),
                        "not as many values as the group has rows");
        }
    }
    return ok;
}

/* False: no memory. */
static bool read_group(struct fw_parquet_reader *reader, struct thrift_reader *footer,
                       struct parquet_group *group)
{
    struct thrift_field field = {0};
    bool ok = true;

    group->n_rows = -1;
    while (thrift_read_field(footer, &field) && ok) {
        if (field.id == 1 && field.type == THRIFT_LIST && group->chunks == NULL) {
            ok = read_chunks(reader, footer, group);
        } else if (field.id == 3 && field.type == THRIFT_I64) {
            group->n_rows = thrift_read_int(footer);
        } else {
            thrift_skip_value(footer, field.type);
        }
    }
    footer->failed = footer->failed || group->n_rows < 0 || group->n_rows > MAX_GROUP_ROWS ||
                     group->chunks == NULL;
    group->first_row = reader->n_rows;
    reader->n_rows += footer->failed ? 0 : group->n_rows;
    return ok && (footer->failed || check_counts(reader, group));
}

static bool read_groups(struct fw_parquet_reader *reader, struct thrift_reader *footer)
{
    int type;
    uint64_t n = thrift_read_list(footer, &type);

    footer->failed = footer->failed || reader->schema.columns == NULL || reader->groups != NULL ||
                     (n > 0 && type != THRIFT_STRUCT) || n > (uint64_t)(footer->end - footer->at);
    if (footer->failed) {
        return true;
    }
    reader->groups = calloc((size_t)n + 1, sizeof *reader->groups);
    bool ok = reader->groups != NULL;
    for (uint64_t i = 0; i < n && ok && !footer->failed; i++) {
        ok = read_group(reader, footer, &reader->groups[reader->n_groups++]);
    }
    return ok;
}

void parquet_meta_finish(struct fw_parquet_reader *reader)
{
    for (size_t i = 0; i < reader->n_groups; i++) {
        free(reader->groups[i].chunks);
    }
    free(reader->groups);
    parquet_schema_finish(&reader->schema);
    reader->schema = (struct parquet_schema){0};
    reader->groups = NULL;
    reader->n_groups = 0;
    reader->n_rows = 0;
}

static bool refuse_file(struct fw_parquet_reader *reader, const char *why)
{
    parquet_meta_finish(reader);
    reader->refusal = why;
    return true;
}

bool parquet_meta_read(struct fw_parquet_reader *reader, struct thrift_reader *footer)
{
    struct thrift_field field = {0};
    int64_t n_rows = -1;
    bool ok = true;

    while (ok && thrift_read_field(footer, &field)) {
        if (field.id == 2 && field.type == THRIFT_LIST && reader->schema.columns == NULL) {
            ok = parquet_schema_read(footer, &reader->schema) || footer->failed;
        } else if (field.id == 3 && field.type == THRIFT_I64) {
            n_rows = thrift_read_int(footer);
        } else if (field.id == 4 && field.type == THRIFT_LIST) {
            ok = read_groups(reader, footer);
        } else {
            thrift_skip_value(footer, field.type);
        }
    }
    if (!ok) {
        return false;
    }
    if (footer->failed || reader->schema.columns == NULL) {
        return refuse_file(reader, "its footer is damaged, or of more fields or levels than are "
                                   "read");
    }
    return n_rows == reader->n_rows ||
           refuse_file(reader, "its footer says another number of rows than its row groups");
}

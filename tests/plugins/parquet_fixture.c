/* SPDX-License-Identifier: MIT */
#include "parquet_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

struct one_batch {
    struct ArrowSchema schema;
    struct ArrowArray array;
};

static int get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out)
{
    struct one_batch *own = stream->private_data;

    *out = own->schema;
    own->schema.release = NULL;
    return 0;
}

static int get_next(struct ArrowArrayStream *stream, struct ArrowArray *out)
{
    struct one_batch *own = stream->private_data;

    *out = own->array;
    own->array.release = NULL;
    return 0;
}

static const char *get_last_error(struct ArrowArrayStream *stream)
{
    (void)stream;
    return NULL;
}

static void release(struct ArrowArrayStream *stream)
{
    struct one_batch *own = stream->private_data;

    if (own->schema.release != NULL) {
        own->schema.release(&own->schema);
    }
    if (own->array.release != NULL) {
        own->array.release(&own->array);
    }
    free(own);
    stream->release = NULL;
}

void parquet_stream(struct ArrowSchema *schema, struct ArrowArray *array,
                    struct ArrowArrayStream *ret_stream)
{
    struct one_batch *own = calloc(1, sizeof *own);

    assert_non_null(own);
    *own = (struct one_batch){*schema, *array};
    *ret_stream = (struct ArrowArrayStream){get_schema, get_next, get_last_error, release, own};
}

/* What is compared: names of columns, and SQL that the engine reads the same with. */
struct choice {
    const char **names;
    size_t n;
    struct fw_text list, from;
};

static void choose(struct choice *choice, const struct fw_parquet_reader *reader, const char *path,
                   unsigned one_in)
{
    choice->names = calloc(fw_parquet_reader_columns(reader) + 1, sizeof *choice->names);
    for (size_t i = 0; i < fw_parquet_reader_columns(reader); i++) {
        if (fw_parquet_reader_refusal(reader, i) == NULL) {
            choice->names[choice->n++] = fw_parquet_reader_name(reader, i);
        }
    }
    fw_text_identifiers(&choice->list, choice->names, choice->n);
    fw_text_append(&choice->from, "read_parquet(");
    fw_text_literal(&choice->from, path);
    fw_text_appendf(&choice->from,
                    ", file_row_number = true, binary_as_string = false) WHERE "
                    "hash(file_row_number) %% %u = 0",
                    one_in);
}

static fw_status add_rows(struct sql_fixture *f, struct fw_parquet_batch *batch,
                          const struct fw_parquet_reader *reader, const struct choice *choice,
                          unsigned one_in)
{
    struct fw_sql_grid grid = {0};
    fw_status status = FW_OK;

    if (one_in == 1) {
        for (size_t i = 0; i < fw_parquet_reader_groups(reader) && status == FW_OK; i++) {
            status = fw_parquet_batch_add_group(batch, reader, i);
        }
        return status;
    }
    if (fw_sql_gridf(&f->sql, &grid, "SELECT file_row_number FROM %s ORDER BY 1",
                     fw_text_get(&choice->from)) != FW_OK) {
        fail_msg("%s", fake_task_take_fault(f->task));
    }
    int64_t *rows = calloc(grid.n_rows + 1, sizeof *rows);
    for (size_t i = 0; i < grid.n_rows; i++) {
        rows[i] = strtoll(fw_sql_cell(&grid, i, 0), NULL, 10);
    }
    status = fw_parquet_batch_add(batch, reader, rows, grid.n_rows);
    free(rows);
    fw_sql_grid_finish(&grid);
    return status;
}

static void compare(struct sql_fixture *f, struct fw_parquet_batch *batch, const char *path,
                    const struct choice *choice)
{
    struct ArrowSchema schema;
    struct ArrowArray array;
    struct ArrowArrayStream stream;

    assert_int_equal(fw_parquet_batch_schema(batch, &schema), FW_OK);
    if (fw_parquet_batch_take(batch, &array) != FW_OK) {
        fail_msg("%s: %s", path, fake_task_take_fault(f->task));
    }
    parquet_stream(&schema, &array, &stream);
    assert_int_equal(f->sql.api->attach(f->sql.session, "fw_got", &stream), FW_OK);
    sql_must(f, "CREATE OR REPLACE TABLE got AS SELECT row_number() OVER () AS fw_n, fw_got AS row "
                "FROM fw_got");
    assert_int_equal(f->sql.api->detach(f->sql.session, "fw_got"), FW_OK);
    sql_must(f,
             "CREATE OR REPLACE TABLE wanted AS SELECT row_number() OVER () AS fw_n, fw_w AS row "
             "FROM (SELECT %s FROM %s) AS fw_w",
             fw_text_get(&choice->list), fw_text_get(&choice->from));
    char *types =
        strdup(sql_cell(f, "SELECT column_type FROM (DESCRIBE wanted) WHERE column_name = 'row'"));
    const char *got =
        sql_cell(f, "SELECT column_type FROM (DESCRIBE got) WHERE column_name = 'row'");
    if (strcmp(types, got) != 0) {
        fail_msg("%s: types are\n%s\nand not\n%s", path, got, types);
    }
    free(types);
    const char *differences = sql_cell(
        f, "SELECT count(*) || coalesce(': row ' || min(fw_n) || ' is ' || arg_min(got.row, "
           "fw_n)::VARCHAR || ' and not ' || arg_min(wanted.row, fw_n)::VARCHAR, '') FROM got FULL "
           "JOIN wanted USING (fw_n) WHERE got.row IS DISTINCT FROM wanted.row");
    if (strcmp(differences, "0") != 0) {
        fail_msg("%s: %s", path, differences);
    }
}

int parquet_compare(struct sql_fixture *f, const char *path, unsigned one_in, char **ret_fault)
{
    struct fw_parquet_reader *reader = NULL;
    struct fw_parquet_batch *batch = NULL;
    struct choice choice = {0};
    struct ArrowSchema schema;
    int n = -1;

    if (fw_parquet_reader_open(fake_task_host(f->task), path, &reader) != FW_OK) {
        *ret_fault = strdup(fake_task_take_fault(f->task));
        return -1;
    }
    choose(&choice, reader, path, one_in);
    assert_int_equal(fw_parquet_reader_schema(reader, choice.names, choice.n, &schema), FW_OK);
    assert_int_equal(fw_parquet_batch_create(fake_task_host(f->task), &schema, &batch), FW_OK);
    schema.release(&schema);
    if (choice.n == 0) {
        n = 0;
    } else if (add_rows(f, batch, reader, &choice, one_in) == FW_OK) {
        compare(f, batch, path, &choice);
        n = (int)choice.n;
    } else {
        *ret_fault = strdup(fake_task_take_fault(f->task));
    }
    fw_parquet_batch_destroy(batch);
    fw_parquet_reader_close(reader);
    fw_text_finish(&choice.list);
    fw_text_finish(&choice.from);
    free(choice.names);
    return n;
}

void parquet_must_equal(struct sql_fixture *f, const char *path)
{
    static const unsigned shares[] = {1, 2, 7, 50};
    const int n =
        atoi(sql_cell(f, "SELECT count(*) FROM (DESCRIBE FROM read_parquet('%s'))", path));

    for (size_t i = 0; i < sizeof shares / sizeof shares[0]; i++) {
        char *fault = NULL;
        const int compared = parquet_compare(f, path, shares[i], &fault);
        if (compared != n) {
            fail_msg("%s: of %d columns %d were compared: %s", path, n, compared,
                     fault != NULL ? fault : "others are refused");
        }
    }
}

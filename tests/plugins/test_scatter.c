/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arrow_fixture.h"
#include "scatter/scatter.h"
#include "test_files.h"

/* The columns that rows are sorted by, then one of each kind. */
static const struct arrow_field text[] = {{"x", "u", NULL}, {NULL, NULL, NULL}};
static const struct arrow_field fixed[] = {{"x", "s", NULL}, {NULL, NULL, NULL}};
static const struct arrow_field inner[] = {
    {"a", "+l", text}, {"b", "b", NULL}, {"c", "u", NULL}, {NULL, NULL, NULL}};
static const struct arrow_field entry[] = {{"e", "+s", inner}, {NULL, NULL, NULL}};
static const struct arrow_field fields[] = {
    {"entity", "u", NULL}, {"order", "tdD", NULL},  {"file", "L", NULL},  {"row", "l", NULL},
    {"n", "n", NULL},      {"flag", "b", NULL},     {"byte", "c", NULL},  {"half", "s", NULL},
    {"number", "g", NULL}, {"sum", "d:38,2", NULL}, {"odd", "w:3", NULL}, {"blob", "z", NULL},
    {"list", "+l", text},  {"struct", "+s", inner}, {"map", "+m", entry}, {"three", "+w:3", fixed},
    {NULL, NULL, NULL}};
enum { N_COLUMNS = 16, ENTITY = 0, ORDER = 1, FILE_NUMBER = 2, ROW = 3 };

static const char *const starts[] = {"a", "aab", "ab", "b", "ba", "bbb"};
enum { N_PARTS = 6 };

/* A row of the oracle. */
struct row {
    char *entity, *text;
    int64_t keys[3];
};

struct fixture {
    char *folder;
    char fault[400];
    struct fw_host host;
    struct ArrowSchema schema;
    struct fw_scatter_plan plan;
    struct fw_scatter *scatter;
    struct row *rows;
    size_t n_rows;
    uint64_t seed;
};

static fw_status fail_call(const struct fw_host *host, fw_status status,
                           const struct fw_fault *fault)
{
    struct fixture *f = host->self;

    snprintf(f->fault, sizeof f->fault, "%s: %s", fault->where != NULL ? fault->where : "",
             fault->what);
    return status;
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);

    f->folder = test_folder_create();
    f->host = (struct fw_host){.struct_size = sizeof f->host, .self = f, .fail = fail_call};
    arrow_make_schema(fields, &f->schema);
    f->seed = 7;
    f->plan = (struct fw_scatter_plan){.folder = f->folder,
                                       .starts = starts,
                                       .n_parts = N_PARTS,
                                       .entity = "entity",
                                       .order = "order",
                                       .file = "file",
                                       .row = "row",
                                       .n_slots = 2,
                                       .slot_bytes = 1 << 20,
                                       .part_bytes = 1 << 30};
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    fw_scatter_close(f->scatter);
    f->schema.release(&f->schema);
    for (size_t i = 0; i < f->n_rows; i++) {
        free(f->rows[i].entity);
        free(f->rows[i].text);
    }
    free(f->rows);
    test_folder_remove(f->folder);
    free(f);
    return 0;
}

static void open_scatter(struct fixture *f)
{
    assert_int_equal(fw_scatter_open(&f->host, &f->plan, &f->schema, &f->scatter), FW_OK);
}

/* Drops the validity of a column that is never NULL. */
static void never_null(struct ArrowArray *batch, size_t column)
{
    batch->children[column]->null_count = 0;
}

static char *entity_of(const struct ArrowArray *batch, int64_t row)
{
    const struct ArrowArray *column = batch->children[ENTITY];
    const int32_t *offsets = (const int32_t *)column->buffers[1] + column->offset + batch->offset;

    return strndup((const char *)column->buffers[2] + offsets[row],
                   (size_t)(offsets[row + 1] - offsets[row]));
}

/* The rows' own numbers make the order total; small orders make many of them equal. */
static int32_t set_order(struct fixture *f, struct ArrowArray *batch, int64_t at)
{
    int32_t *order = (int32_t *)(uintptr_t)batch->children[ORDER]->buffers[1];

    order += batch->children[ORDER]->offset + batch->offset;
    order[at] = (int32_t)(arrow_random(&f->seed) % 3) - 1;
    return order[at];
}

static int64_t set_number(struct ArrowArray *batch, size_t column, int64_t at, int64_t number)
{
    int64_t *numbers = (int64_t *)(uintptr_t)batch->children[column]->buffers[1];

    numbers[batch->children[column]->offset + batch->offset + at] = number;
    return number;
}

static bool has_order(const struct ArrowArray *batch, int64_t row)
{
    const struct ArrowArray *column = batch->children[ORDER];
    const uint8_t *bits = column->null_count != 0 ? column->buffers[0] : NULL;
    int64_t at = column->offset + batch->offset + row;

    return bits == NULL || (bits[at / 8] >> at % 8 & 1) != 0;
}

/* Makes a batch and notes its rows. */
static void make_batch(struct fixture *f, size_t n, struct ArrowArray *batch)
{
    arrow_make_batch(fields, n, &f->seed, batch);
    never_null(batch, ENTITY);
    never_null(batch, FILE_NUMBER);
    never_null(batch, ROW);
    f->rows = realloc(f->rows, (f->n_rows + n + 1) * sizeof *f->rows);
    for (size_t i = 0; i < n; i++) {
        struct row *row = &f->rows[f->n_rows++];
        int64_t at = (int64_t)i, order = set_order(f, batch, at);
        row->keys[0] = has_order(batch, at) ? order : INT64_MAX;
        row->keys[1] = set_number(batch, FILE_NUMBER, at, (int64_t)(arrow_random(&f->seed) % 3));
        row->keys[2] = set_number(batch, ROW, at, (int64_t)f->n_rows * 7919 % 100003);
        row->entity = entity_of(batch, at);
        row->text = arrow_row(&f->schema, batch, at);
    }
}

static int compare_rows(const void *left, const void *right)
{
    const struct row *a = left, *b = right;
    int order = strcmp(a->entity, b->entity);

    for (size_t i = 0; order == 0 && i < 3; i++) {
        order = (a->keys[i] > b->keys[i]) - (a->keys[i] < b->keys[i]);
    }
    return order;
}

static void add(struct fixture *f, size_t slot, size_t n)
{
    struct ArrowArray batch;

    make_batch(f, n, &batch);
    fw_status status = fw_scatter_add(f->scatter, slot, &batch);
    if (status != FW_OK) {
        fail_msg("%s", f->fault);
    }
    assert_null(batch.release);
}

static void flush(struct fixture *f)
{
    for (size_t slot = 0; slot < f->plan.n_slots; slot++) {
        assert_int_equal(fw_scatter_flush(f->scatter, slot), FW_OK);
    }
}

static void open_stream(struct fixture *f, size_t part, const uint64_t *columns, uint64_t n,
                        struct fw_scatter_part **ret_part, struct ArrowArrayStream *ret_stream)
{
    assert_int_equal(fw_scatter_part_open(f->scatter, part, ret_part), FW_OK);
    assert_int_equal(fw_scatter_part_read(*ret_part, columns, n, ret_stream), 0);
}

/* Compares a part with the rows of the oracle from `at` on; gives where it ends among them. */
static size_t compare_part(struct fixture *f, size_t part, size_t at, size_t *n_batches)
{
    uint64_t columns[N_COLUMNS];
    struct fw_scatter_part *rows;
    struct ArrowArrayStream stream;
    struct ArrowSchema schema;
    struct ArrowArray batch;

    for (uint64_t i = 0; i < N_COLUMNS; i++) {
        columns[i] = i;
    }
    open_stream(f, part, columns, N_COLUMNS, &rows, &stream);
    assert_int_equal(stream.get_schema(&stream, &schema), 0);
    for (;; (*n_batches)++) {
        assert_int_equal(stream.get_next(&stream, &batch), 0);
        if (batch.release == NULL) {
            break;
        }
        for (int64_t i = 0; i < batch.length; i++, at++) {
            char *found = arrow_row(&schema, &batch, i);
            assert_string_equal(found, f->rows[at].text);
            free(found);
        }
        batch.release(&batch);
    }
    schema.release(&schema);
    stream.release(&stream);
    fw_scatter_part_close(rows);
    return at;
}

static size_t compare(struct fixture *f)
{
    size_t at = 0, n_batches = 0;

    qsort(f->rows, f->n_rows, sizeof *f->rows, compare_rows);
    for (size_t part = 0; part < N_PARTS; part++) {
        at = compare_part(f, part, at, &n_batches);
        if (part + 1 < N_PARTS && at < f->n_rows) {
            assert_true(strcmp(f->rows[at].entity, starts[part + 1]) >= 0);
        }
    }
    assert_int_equal(at, f->n_rows);
    return n_batches;
}

static void gives_every_row_back_in_order(void **state)
{
    struct fixture *f = *state;

    open_scatter(f);
    for (size_t i = 0; i < 30; i++) {
        add(f, i % 2, arrow_random(&f->seed) % 300);
    }
    flush(f);
    compare(f);
}

static void writes_what_exceeds_the_memory_of_a_slot(void **state)
{
    struct fixture *f = *state;

    f->plan.slot_bytes = 20000;
    open_scatter(f);
    add(f, 0, 500);
    assert_int_equal(fw_scatter_bytes(f->scatter), 0);
    add(f, 0, 500);
    assert_true(fw_scatter_bytes(f->scatter) > 0);
    add(f, 0, 1);
    flush(f);
    compare(f);
}

static void reads_a_part_that_is_too_large_in_several_batches(void **state)
{
    struct fixture *f = *state;

    f->plan.part_bytes = 100000;
    f->plan.slot_bytes = 200000;
    open_scatter(f);
    for (size_t i = 0; i < 40; i++) {
        add(f, 0, 500);
    }
    flush(f);
    assert_true(compare(f) > N_PARTS + 3);
}

static void gives_no_rows_of_none(void **state)
{
    struct fixture *f = *state;

    open_scatter(f);
    add(f, 0, 0);
    flush(f);
    assert_int_equal(compare(f), 0);
}

static void gives_the_columns_that_are_asked_for(void **state)
{
    struct fixture *f = *state;
    static const uint64_t columns[] = {ROW, FILE_NUMBER};
    struct fw_scatter_part *part;
    struct ArrowArrayStream stream;
    struct ArrowSchema schema;
    struct ArrowArray batch;

    open_scatter(f);
    add(f, 0, 200);
    flush(f);
    open_stream(f, 0, columns, 2, &part, &stream);
    assert_int_equal(stream.get_schema(&stream, &schema), 0);
    assert_int_equal(schema.n_children, 2);
    assert_string_equal(schema.children[0]->name, "row");
    assert_string_equal(schema.children[1]->format, "L");
    assert_int_equal(stream.get_next(&stream, &batch), 0);
    assert_int_equal(batch.n_children, 2);
    stream.release(&stream);
    fw_scatter_part_close(part);
    assert_true(batch.length > 0); /* a batch outlives what it came from */
    batch.release(&batch);
    schema.release(&schema);
}

static void counts_rows_without_columns(void **state)
{
    struct fixture *f = *state;
    struct fw_scatter_part *part;
    struct ArrowArrayStream stream;
    struct ArrowArray batch;
    int64_t n = 0;

    open_scatter(f);
    add(f, 0, 200);
    flush(f);
    for (size_t i = 0; i < N_PARTS; i++) {
        open_stream(f, i, NULL, 0, &part, &stream);
        assert_int_equal(stream.get_next(&stream, &batch), 0);
        n += batch.length;
        if (batch.release != NULL) {
            batch.release(&batch);
        }
        stream.release(&stream);
        fw_scatter_part_close(part);
    }
    assert_int_equal(n, 200);
}

/* Saves, closes, and opens anew with that many slots. */
static fw_status restart(struct fixture *f, const char *saved, size_t n_slots)
{
    size_t used = 0;

    fw_scatter_close(f->scatter);
    f->plan.n_slots = n_slots;
    open_scatter(f);
    fw_status status = fw_scatter_restore(f->scatter, saved, &used);
    if (status == FW_OK) {
        assert_int_equal(used, strlen(saved));
    }
    return status;
}

static void goes_on_after_a_restart(void **state)
{
    struct fixture *f = *state;
    struct fw_text saved = {0};
    static const size_t n_slots[] = {2, 1, 3};

    open_scatter(f);
    for (size_t i = 0; i < 3; i++) {
        for (size_t slot = 0; slot < f->plan.n_slots; slot++) {
            add(f, slot, 200);
        }
        flush(f);
        fw_text_clear(&saved);
        fw_scatter_save(f->scatter, &saved);
        size_t n_rows = f->n_rows;
        add(f, 0, 100); /* is lost */
        flush(f);
        while (f->n_rows > n_rows) {
            f->n_rows--;
            free(f->rows[f->n_rows].entity);
            free(f->rows[f->n_rows].text);
        }
        assert_int_equal(restart(f, fw_text_get(&saved), n_slots[i]), FW_OK);
    }
    fw_text_finish(&saved);
    add(f, 2, 50);
    flush(f);
    compare(f);
}

/* Changes the middle byte of slot 0's file, or cuts the file there. */
static void damage(struct fixture *f, bool cut)
{
    char path[300];

    snprintf(path, sizeof path, "%s/scatter-0.rows", f->folder);
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    fseek(file, 0, SEEK_END);
    long middle = ftell(file) / 2;
    fseek(file, middle, SEEK_SET);
    int byte = fgetc(file);
    fseek(file, middle, SEEK_SET);
    fputc(byte ^ 1, file);
    fclose(file);
    if (cut) {
        assert_int_equal(truncate(path, middle), 0);
    }
}

static void refuses_files_that_are_not_as_they_were(void **state)
{
    struct fixture *f = *state;
    struct fw_text saved = {0};

    open_scatter(f);
    add(f, 0, 300);
    flush(f);
    fw_scatter_save(f->scatter, &saved);
    assert_int_equal(restart(f, fw_text_get(&saved), 2), FW_OK);
    damage(f, false);
    assert_int_equal(restart(f, fw_text_get(&saved), 2), FW_E_STATE);
    assert_non_null(strstr(f->fault, "scatter-0.rows: "));
    damage(f, false); /* as it was */
    assert_int_equal(restart(f, fw_text_get(&saved), 2), FW_OK);
    damage(f, true);
    assert_int_equal(restart(f, fw_text_get(&saved), 2), FW_E_STATE);
    assert_int_equal(restart(f, "scatter 2 parts 6 columns 15\n0 0\n0 0\n", 2), FW_E_STATE);
    assert_int_equal(restart(f, "nothing", 2), FW_E_STATE);
    fw_text_finish(&saved);
}

static void refuses_a_type_that_it_does_not_know(void **state)
{
    struct fixture *f = *state;
    static const struct arrow_field odd[] = {
        {"entity", "u", NULL}, {"either", "+us:0,1", NULL}, {NULL, NULL, NULL}};
    struct ArrowSchema schema;

    arrow_make_schema(odd, &schema);
    assert_int_equal(fw_scatter_open(&f->host, &f->plan, &schema, &f->scatter), FW_E_UNSUPPORTED);
    assert_non_null(strstr(f->fault, "either: "));
    assert_non_null(strstr(f->fault, "\"+us:0,1\""));
    schema.release(&schema);
}

static void refuses_a_row_without_an_entity(void **state)
{
    struct fixture *f = *state;
    struct ArrowArray batch;

    open_scatter(f);
    make_batch(f, 10, &batch);
    struct ArrowArray *entity = batch.children[ENTITY];
    free((void *)(uintptr_t)entity->buffers[0]);
    entity->buffers[0] = calloc(1, 100);
    entity->null_count = -1;
    assert_int_equal(fw_scatter_add(f->scatter, 0, &batch), FW_E_DATA);
    assert_null(batch.release);
    assert_non_null(strstr(f->fault, "entity: "));
}

static void keeps_to_its_share_of_the_disk(void **state)
{
    struct fixture *f = *state;

    f->plan.max_bytes = 5000;
    open_scatter(f);
    add(f, 0, 500);
    assert_int_equal(fw_scatter_flush(f->scatter, 0), FW_E_NOSPACE);
    assert_non_null(strstr(f->fault, "the temporary space of 5000 bytes"));
}

static void says_that_the_disk_is_full(void **state)
{
    struct fixture *f = *state;
    char path[300];

    snprintf(path, sizeof path, "%s/scatter-0.rows", f->folder);
    assert_int_equal(symlink("/dev/full", path), 0);
    open_scatter(f);
    add(f, 0, 500);
    assert_int_equal(fw_scatter_flush(f->scatter, 0), FW_E_NOSPACE);
    assert_non_null(strstr(f->fault, "scatter-0.rows: cannot write rows"));
}

int main(void)
{
#define TEST(claim) cmocka_unit_test_setup_teardown(claim, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(gives_every_row_back_in_order),
        TEST(writes_what_exceeds_the_memory_of_a_slot),
        TEST(reads_a_part_that_is_too_large_in_several_batches),
        TEST(gives_no_rows_of_none),
        TEST(gives_the_columns_that_are_asked_for),
        TEST(counts_rows_without_columns),
        TEST(goes_on_after_a_restart),
        TEST(refuses_files_that_are_not_as_they_were),
        TEST(refuses_a_type_that_it_does_not_know),
        TEST(refuses_a_row_without_an_entity),
        TEST(keeps_to_its_share_of_the_disk),
        TEST(says_that_the_disk_is_full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

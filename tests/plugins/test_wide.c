/* SPDX-License-Identifier: MIT */
/* What plugins/lib/wide asks of the engine; what it makes is tested through its stages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "sql_fixture.h"
#include "wide/wide.h"

static void finish(const void *self, const struct fw_wide_part *part, struct fw_text *select)
{
    (void)self;
    fw_text_appendf(select, "SELECT id FROM %s", part->rows);
}

/* A folder of n files, one row each. */
static struct fw_source *files(struct sql_fixture *f, const char *name, int n)
{
    char path[200];
    const char *paths[] = {path};
    struct fw_source *source = NULL;

    sql_must(f,
             "COPY (SELECT 'e' || i AS id, i AS file FROM range(%d) r(i)) TO '%s/%s' (FORMAT "
             "parquet, PARTITION_BY (file), WRITE_PARTITION_COLUMNS true)",
             n, f->dir, name);
    snprintf(path, sizeof path, "%s/%s", f->dir, name);
    assert_int_equal(fw_source_open(&f->sql, paths, 1, NULL, &source), FW_OK);
    assert_int_equal(source->n_files, n);
    return source;
}

/* Puts the source's rows in order, and gives the engine's setting after that. */
static const char *setting(struct sql_fixture *f, const struct fw_source *source,
                           const struct fw_source *other, const char *to)
{
    char path[200];
    static const char *const names[] = {"id"};
    const struct fw_output output = {.name = "out", .path = path};
    const struct fw_wide_output outputs[] = {{&output, {names, 1}, finish}};
    const struct fw_wide_plan plan = {
        .sql = &f->sql,
        .source = source,
        .other = other,
        .entity = "id",
        .census_columns = {names, 1},
        .entity_column = "id",
        .outputs = outputs,
        .n_outputs = 1,
        .n_columns_out = 1,
    };
    struct fw_step step = {.struct_size = sizeof step};
    struct fw_wide *wide = NULL;
    fw_status status = FW_MORE;

    snprintf(path, sizeof path, "%s/%s", f->dir, to);
    assert_int_equal(fw_wide_open(&plan, &wide), FW_OK);
    while (status == FW_MORE) {
        status = fw_wide_step(wide, &step);
    }
    assert_int_equal(status, FW_OK);
    assert_int_equal(fw_wide_rows_out(wide, 0), source->n_files);
    fw_wide_close(wide);
    return sql_cell(f, "SELECT current_setting('parquet_metadata_cache')");
}

/* The engine never gives them back, so they would grow with the table. */
static void keeps_the_footers_of_few_files_alone(void **state)
{
    struct sql_fixture *f = *state;
    struct fw_source *few = files(f, "few", 3);
    struct fw_source *many = files(f, "many", 65);

    assert_string_equal(setting(f, few, NULL, "a"), "true");
    assert_string_equal(setting(f, many, NULL, "b"), "false");
    assert_string_equal(setting(f, few, few, "c"), "true");
    assert_string_equal(setting(f, few, many, "d"), "false");
    fw_source_close(few);
    fw_source_close(many);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(keeps_the_footers_of_few_files_alone, sql_fixture_open,
                                        sql_fixture_close),
    };
    return cmocka_run_group_tests(tests, sql_fixture_load, sql_fixture_unload);
}

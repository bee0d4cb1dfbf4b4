/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>

#include "arrow_fixture.h"
#include "failing_alloc.h"
#include "scatter/scatter.h"
#include "test_files.h"

static const struct arrow_field text[] = {{"x", "u", NULL}, {NULL, NULL, NULL}};
static const struct arrow_field inner[] = {
    {"a", "+l", text}, {"b", "b", NULL}, {"c", "u", NULL}, {NULL, NULL, NULL}};
static const struct arrow_field fields[] = {{"entity", "u", NULL},   {"file", "L", NULL},
                                            {"list", "+l", text},    {"struct", "+s", inner},
                                            {"three", "+w:3", text}, {NULL, NULL, NULL}};

static fw_status fail_call(const struct fw_host *host, fw_status status,
                           const struct fw_fault *fault)
{
    unsigned *n_faults = host->self;

    (void)fault;
    ++*n_faults;
    return status;
}

static int read_part(struct fw_scatter *scatter)
{
    static const uint64_t columns[] = {0, 1, 2, 3, 4};
    struct fw_scatter_part *part;
    struct ArrowArrayStream stream;
    struct ArrowArray batch;

    if (fw_scatter_part_open(scatter, 0, &part) != FW_OK) {
        return ENOMEM;
    }
    int code = fw_scatter_part_read(part, columns, FW_COUNT(columns), &stream);
    if (code == 0) {
        code = stream.get_next(&stream, &batch);
        if (code == 0) {
            assert_int_equal(batch.length, 40);
            batch.release(&batch);
        }
        stream.release(&stream);
    }
    fw_scatter_part_close(part);
    return code;
}

static fw_status add(struct fw_scatter *scatter, struct ArrowArray *batches, size_t n)
{
    fw_status status = FW_OK;

    for (size_t i = 0; i < n; i++) {
        if (status == FW_OK) {
            status = fw_scatter_add(scatter, 0, &batches[i]);
        } else {
            batches[i].release(&batches[i]);
        }
    }
    return status == FW_OK ? fw_scatter_flush(scatter, 0) : status;
}

/* The whole way, with the n-th allocation failing; whether none did. */
static bool runs_whole(const char *folder, uint64_t part_bytes, unsigned n)
{
    static const char *const starts[] = {""};
    struct ArrowArray batches[2];
    struct ArrowSchema schema;
    struct fw_scatter *scatter = NULL;
    unsigned n_faults = 0;
    uint64_t seed = 3;
    struct fw_host host = {.struct_size = sizeof host, .self = &n_faults, .fail = fail_call};
    const struct fw_scatter_plan plan = {.folder = folder,
                                         .starts = starts,
                                         .n_parts = 1,
                                         .entity = "entity",
                                         .file = "file",
                                         .n_slots = 1,
                                         .slot_bytes = 1,
                                         .part_bytes = part_bytes};

    arrow_make_schema(fields, &schema);
    for (size_t i = 0; i < FW_COUNT(batches); i++) {
        arrow_make_batch(fields, 20, &seed, &batches[i]);
        batches[i].children[0]->null_count = 0;
    }
    failing_alloc_at(n);
    fw_status status = fw_scatter_open(&host, &plan, &schema, &scatter);
    if (status == FW_OK) {
        status = add(scatter, batches, FW_COUNT(batches));
    } else {
        batches[0].release(&batches[0]);
        batches[1].release(&batches[1]);
    }
    int code = status == FW_OK ? read_part(scatter) : ENOMEM;
    bool struck = failing_alloc_struck();
    failing_alloc_at(0);
    assert_int_equal(struck, code == ENOMEM);
    assert_true(status == FW_OK || (status == FW_E_NOMEM && n_faults > 0));
    fw_scatter_close(scatter);
    schema.release(&schema);
    return !struck;
}

static void reports_every_failed_allocation(void **state)
{
    char *folder = test_folder_create();
    unsigned n = 1;

    (void)state;
    while (!runs_whole(folder, 1 << 20, n)) {
        n++;
    }
    assert_in_range(n, 100, 10000);
    test_folder_remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(reports_every_failed_allocation)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}

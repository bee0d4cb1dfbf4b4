/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "dataset_fixture.h"
#include "failing_alloc.h"

enum { RECORD = 3073, MAX_ALLOCATIONS = 1000 };

static const struct fw_dataset_options OPTIONS = {
    .host = &dataset_host, .val_share = 0.2, .test_share = 0.2};

static fw_status open_npz(struct fw_dataset **ret_set)
{
    const struct fw_dataset_npz files = {.train = dataset_path("a.npz")};
    return fw_dataset_open_npz(&OPTIONS, &files, ret_set);
}

static fw_status open_idx(struct fw_dataset **ret_set)
{
    const struct fw_dataset_idx files = {dataset_path("x"), dataset_path("y"), dataset_path("x"),
                                         dataset_path("y")};
    return fw_dataset_open_idx(&OPTIONS, &files, ret_set);
}

static fw_status open_cifar10(struct fw_dataset **ret_set)
{
    return fw_dataset_open_cifar10(&OPTIONS, dataset_path("a.bin"), dataset_path("a.bin"), ret_set);
}

static fw_status open_gratings(struct fw_dataset **ret_set)
{
    const struct fw_dataset_gratings few = {.n_train = 40, .n_val = 10};
    return fw_dataset_open_gratings(&OPTIONS, &few, ret_set);
}

static fw_status open_and_digest(fw_status (*open)(struct fw_dataset **), char *ret_hex)
{
    struct fw_dataset *set = NULL;
    fw_status status = open(&set);

    if (status == FW_OK) {
        status = fw_dataset_digest(set, ret_hex);
        fw_dataset_close(set);
    } else {
        assert_null(set);
    }
    return status;
}

/* Each allocation fails in turn. Leaks are for the sanitizers. */
static void says_that_memory_ran_out(fw_status (*open)(struct fw_dataset **))
{
    char wanted[FW_DATASET_DIGEST], found[FW_DATASET_DIGEST];
    unsigned n = 0, n_failed = 0;

    dataset_must(open_and_digest(open, wanted));
    do {
        assert_true(n < MAX_ALLOCATIONS);
        failing_alloc_at(++n);
        const fw_status status = open_and_digest(open, found);
        if (failing_alloc_struck()) {
            assert_int_equal(status, FW_E_NOMEM);
            n_failed++;
        }
    } while (failing_alloc_struck());
    failing_alloc_at(0);
    assert_string_equal(found, wanted);
    assert_true(n_failed >= 8);
}

static void memory_runs_out_of_every_source(void **state)
{
    static uint8_t records[50 * RECORD], images[16 + 20 * 4], labels[8 + 20];
    const uint64_t shape[] = {40, 2, 3};

    (void)state;
    memcpy(images, "\0\0\x8\x3\0\0\0\x14\0\0\0\x2\0\0\0\x2", 16);
    memcpy(labels, "\0\0\x8\x1\0\0\0\x14", 8);
    for (size_t i = 0; i < 20; i++) {
        labels[8 + i] = (uint8_t)(i % 2);
    }
    for (size_t i = 0; i < 50; i++) {
        records[i * RECORD] = (uint8_t)(i % 10);
    }
    dataset_write_npz("a.npz", shape, 3);
    dataset_write_bytes("a.bin", records, sizeof records);
    dataset_write_bytes("x", images, sizeof images);
    dataset_write_bytes("y", labels, sizeof labels);
    says_that_memory_ran_out(open_npz);
    says_that_memory_ran_out(open_idx);
    says_that_memory_ran_out(open_cifar10);
    says_that_memory_ran_out(open_gratings);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(memory_runs_out_of_every_source, dataset_start,
                                        dataset_stop),
    };
    return cmocka_run_group_tests_name("data set memory", tests, NULL, NULL);
}

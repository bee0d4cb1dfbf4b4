/* SPDX-License-Identifier: MIT */
#include "alloc_sweep.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "base/files.h"
#include "failing_alloc.h"

static void expect_nothing_half_written(const char *folder)
{
    struct fw_files files;
    assert_int_equal(fw_files_list(folder, &files, NULL), 0);
    for (size_t i = 0; i < files.len; i++) {
        size_t len = strlen(files.items[i].path);
        assert_false(len > 4 && strcmp(files.items[i].path + len - 4, ".tmp") == 0);
    }
    fw_files_finish(&files);
}

void alloc_sweep(const char *folder, alloc_sweep_fn *run, unsigned at_least)
{
    unsigned n = 0;
    int rc;
    cJSON_InitHooks(&(cJSON_Hooks){malloc, free});
    do {
        struct fw_error err = {0};
        failing_alloc_at(++n);
        rc = run(folder, &err);
        bool struck = failing_alloc_struck();
        failing_alloc_at(0);
        if (struck ? rc == 0 || err.code != FW_EXIT_EXHAUSTED : rc < 0) {
            fail_msg("allocation %u %s: %d, code %d, \"%s\"", n, struck ? "failed" : "did not fail",
                     rc, err.code, err.text);
        }
        expect_nothing_half_written(folder);
    } while (rc < 0 && n < 20000);
    cJSON_InitHooks(NULL);
    assert_int_equal(rc, 0);
    assert_true(n > at_least);
}

/* SPDX-License-Identifier: MIT */
#include "dataset_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test_files.h"

enum { MAX_PATHS = 64, MAX_NAME = 64 };

char dataset_fault[2000];
char *dataset_folder;
static char *paths[MAX_PATHS];
static size_t n_paths;

static fw_status take_fault(const struct fw_host *host, fw_status status, const struct fw_fault *f)
{
    (void)host;
    snprintf(dataset_fault, sizeof dataset_fault, "%s: %s (%s)", f->where != NULL ? f->where : "",
             f->what, f->remedy != NULL ? f->remedy : "");
    return status;
}

const struct fw_host dataset_host = {.struct_size = sizeof dataset_host, .fail = take_fault};

int dataset_start(void **state)
{
    (void)state;
    dataset_fault[0] = '\0';
    dataset_folder = test_folder_create();
    return 0;
}

int dataset_stop(void **state)
{
    (void)state;
    while (n_paths > 0) {
        free(paths[--n_paths]);
    }
    test_folder_remove(dataset_folder);
    return 0;
}

void dataset_must(fw_status status)
{
    if (status != FW_OK) {
        fail_msg("status %d: %s", status, dataset_fault);
    }
}

void dataset_refused(fw_status status, fw_status expected, const char *part)
{
    if (status != expected || strstr(dataset_fault, part) == NULL) {
        fail_msg("status %d, expected %d about \"%s\": %s", status, expected, part, dataset_fault);
    }
}

const char *dataset_path(const char *name)
{
    for (size_t i = 0; i < n_paths; i++) {
        if (strcmp(paths[i] + strlen(dataset_folder) + 1, name) == 0) {
            return paths[i];
        }
    }
    assert_true(n_paths < MAX_PATHS);
    return paths[n_paths++] = test_path(dataset_folder, "%s", name);
}

void dataset_write_bytes(const char *name, const void *bytes, size_t size)
{
    FILE *file = fopen(dataset_path(name), "wb");

    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

const char *dataset_write_npz(const char *name, const uint64_t *shape, unsigned n_dims)
{
    uint64_t size = 1;
    struct fw_npz_writer *writer = NULL;

    for (unsigned i = 0; i < n_dims; i++) {
        size *= shape[i];
    }
    uint8_t *x = malloc(size);
    uint8_t *y = malloc(shape[0]);
    for (uint64_t i = 0; i < size; i++) {
        x[i] = (uint8_t)((i * i * 31 + i * 7) % 251);
    }
    for (uint64_t i = 0; i < shape[0]; i++) {
        y[i] = (uint8_t)((i * i + i / 5) % 4);
    }
    dataset_must(fw_npz_writer_create(&dataset_host, dataset_path(name), &writer));
    dataset_must(fw_npz_writer_begin(writer, "x", FW_NPY_U1, shape, n_dims));
    dataset_must(fw_npz_writer_append(writer, x, size));
    dataset_must(fw_npz_writer_begin(writer, "y", FW_NPY_U1, shape, 1));
    dataset_must(fw_npz_writer_append(writer, y, shape[0]));
    dataset_must(fw_npz_writer_finish(writer));
    free(x);
    free(y);
    return dataset_path(name);
}

double *dataset_golden(const char *name, size_t *ret_n)
{
    FILE *file = fopen(DATASET_GOLDEN, "re");
    char found[MAX_NAME];

    assert_non_null(file);
    while (fscanf(file, "%63s %zu", found, ret_n) == 2) {
        double *values = calloc(*ret_n + 1, sizeof *values);
        for (size_t i = 0; i < *ret_n; i++) {
            assert_int_equal(fscanf(file, "%lf", &values[i]), 1);
        }
        if (strcmp(found, name) == 0) {
            fclose(file);
            return values;
        }
        free(values);
    }
    fail_msg("%s: no line %s", DATASET_GOLDEN, name);
    return NULL;
}

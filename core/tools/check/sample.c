/* SPDX-License-Identifier: MIT */
#include "sample.h"

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "base/str.h"

enum { MANY = 5000, MANY_FILES = 20 };

const char *fw_sample_name(enum fw_sample size)
{
    static const char *const names[] = {"empty", "one item", "many items"};
    return names[size];
}

static size_t n_of(enum fw_sample size, size_t many)
{
    return size == FW_SAMPLE_EMPTY ? 0 : size == FW_SAMPLE_ONE ? 1 : many;
}

static void add_table(struct fw_str *text, size_t n)
{
    fw_str_add(text, "id,name,value,day\n");
    for (size_t i = 0; i < n; i++) {
        /* A value is missing now and then, as it is in real tables. */
        fw_str_printf(text, "%zu,name %zu,", i + 1, i % 97);
        if (i % 13 != 5) {
            fw_str_printf(text, "%zu.%zu", i * 7 % 1000, i % 10);
        }
        fw_str_printf(text, ",2024-%02zu-%02zu\n", i % 12 + 1, i % 28 + 1);
    }
}

static void add_document(struct fw_str *text, size_t n)
{
    fw_str_add(text, "{\"items\": [");
    for (size_t i = 0; i < n; i++) {
        fw_str_printf(text, "%s{\"id\": %zu, \"value\": %zu.5}", i == 0 ? "" : ", ", i + 1, i);
    }
    fw_str_add(text, "]}\n");
}

static void add_lines(struct fw_str *text, size_t n)
{
    /* Twice as many as rows: more than the 64 KiB that are a usual chunk. */
    for (size_t i = 0; i < (n > 1 ? 2 * n : n); i++) {
        fw_str_printf(text, "line %zu\n", i + 1);
    }
}

/* Version 1.0 of the format: magic, length of the header, header padded to 64, little endian. */
static void add_tensor(struct fw_str *text, size_t n)
{
    char header[118];
    const int len = snprintf(header, sizeof header,
                             "{'descr': '<f8', 'fortran_order': False, 'shape': (%zu,), }", n);
    memset(header + len, ' ', sizeof header - (size_t)len - 1);
    header[sizeof header - 1] = '\n';
    fw_str_add_bytes(text, "\x93NUMPY\x01\x00\x76\x00", 10);
    fw_str_add_bytes(text, header, sizeof header);
    for (size_t i = 0; i < n; i++) {
        const double value = (double)i / 8;
        fw_str_add_bytes(text, (const char *)&value, sizeof value);
    }
}

static int write_text(const char *path, const struct fw_str *text, struct fw_error *err)
{
    return text->oom
               ? fw_error_oom(err)
               : fw_fs_write(path, text->text ? text->text : "", text->len, FW_DURABLE_RENAME, err);
}

static int make_folder(const char *path, size_t n, struct fw_error *err)
{
    FW_TRY(fw_fs_mkdirs(path, err));
    for (size_t i = 0; i < n; i++) {
        fw_auto(free) char *file = fw_text("%s/file_%02zu.txt", path, i + 1);
        fw_auto(str) struct fw_str text = {0};
        add_lines(&text, i + 1);
        if (!file) {
            return fw_error_oom(err);
        }
        FW_TRY(write_text(file, &text, err));
    }
    return 0;
}

int fw_sample_make(const char *folder, const struct fw_port *port, enum fw_sample size,
                   char **ret_path, struct fw_error *err)
{
    static const struct {
        const char *ending;
        void (*add)(struct fw_str *text, size_t n);
    } kinds[] = {
        [FW_KIND_TABLE] = {".csv", add_table},        [FW_KIND_TENSOR] = {".npy", add_tensor},
        [FW_KIND_FILE] = {".txt", add_lines},         [FW_KIND_DIR] = {"", NULL},
        [FW_KIND_DOCUMENT] = {".json", add_document}, [FW_KIND_ANY] = {".txt", add_lines},
    };
    fw_auto(free) char *path = fw_text("%s/%s%s", folder, port->name, kinds[port->kind].ending);
    fw_auto(str) struct fw_str text = {0};
    if (!path) {
        return fw_error_oom(err);
    }
    if (!kinds[port->kind].add) {
        FW_TRY(make_folder(path, n_of(size, MANY_FILES), err));
    } else {
        kinds[port->kind].add(&text, n_of(size, MANY));
        FW_TRY(fw_fs_mkdirs(folder, err));
        FW_TRY(write_text(path, &text, err));
    }
    *ret_path = fw_steal(&path);
    return 0;
}

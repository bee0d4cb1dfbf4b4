/* SPDX-License-Identifier: MIT */
#include "delta/delta.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuzz_host.h"
#include "test_files.h"

enum { MAX_COMMITS = 4 };

static const char *commit_path(int version)
{
    char name[64];
    snprintf(name, sizeof name, "table/_delta_log/%020d.json", version);
    return fuzz_path(name);
}

/* The commits, each up to a NUL; what is left after the last goes to _last_checkpoint. */
static void write_log(const uint8_t *data, size_t size)
{
    for (int i = 0; i < MAX_COMMITS; i++) {
        const uint8_t *nul = size > 0 ? memchr(data, '\0', size) : NULL;
        size_t n = nul != NULL ? (size_t)(nul - data) : size;
        if (i > 0 && size == 0) {
            unlink(commit_path(i));
            continue;
        }
        fuzz_write(commit_path(i), data, n);
        n += nul != NULL;
        data = size > 0 ? data + n : data;
        size -= n;
    }
    fuzz_write(fuzz_path("table/_delta_log/_last_checkpoint"), data, size);
}

static void check_field(const struct fw_delta *delta, const struct fw_delta_field *field)
{
    FUZZ_CHECK(field->name != NULL && *field->name != '\0');
    FUZZ_CHECK(field->type != NULL && field->sql_type != NULL && *field->sql_type != '\0');
    FUZZ_CHECK(field->partition >= -1 && field->partition < (int32_t)delta->n_partitions);
}

static void check_table(const struct fw_delta *delta)
{
    for (size_t i = 0; i < delta->n_files; i++) {
        const struct fw_delta_file *file = &delta->files[i];
        FUZZ_CHECK(file->path != NULL && *file->path == '/' && *file->name != '\0');
        FUZZ_CHECK(strstr(file->path, "/../") == NULL && file->values != NULL);
        FUZZ_CHECK(file->n_records >= -1);
        FUZZ_CHECK(i == 0 || strcmp(delta->files[i - 1].name, file->name) <= 0);
    }
    for (size_t i = 0; i < delta->n_fields; i++) {
        check_field(delta, &delta->fields[i]);
    }
    FUZZ_CHECK(delta->version >= 0 && delta->reader_version >= 1);
}

/* Input: the JSON commits of a table, divided by NULs, then _last_checkpoint. No data file is read,
 * and no checkpoint, which would need the engine. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct fw_sql_handle sql = {.host = fuzz_host()};
    struct fw_delta *delta = NULL;
    if (access(fuzz_path("table"), F_OK) < 0) {
        char *folder = strdup(fuzz_path("table"));
        test_file_write(folder, "_delta_log/x", "");
        free(folder);
    }
    write_log(data, size);
    fw_status status = fw_delta_open(&sql, fuzz_path("table"), &delta);
    if (status == FW_OK) {
        check_table(delta);
    } else {
        FUZZ_CHECK(status < 0 && delta == NULL);
        fuzz_host_check_fault(status);
    }
    fw_delta_close(delta);
    return 0;
}

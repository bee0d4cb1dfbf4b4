/* SPDX-License-Identifier: MIT */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "test_files.h"

_Noreturn void fuzz_fail(const char *file, int line, const char *claim)
{
    fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, claim);
    abort();
}

static char *folder;

static void remove_folder(void)
{
    test_folder_remove(folder);
}

const char *fuzz_path(const char *name)
{
    static struct {
        char *name, *path;
    } known[16];
    if (folder == NULL) {
        if (access("/dev/shm", W_OK) == 0) {
            setenv("TMPDIR", "/dev/shm", 0); /* thousands of small files a second */
        }
        folder = test_folder_create();
        atexit(remove_folder);
    }
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (known[i].name == NULL) {
            known[i].name = strdup(name);
            known[i].path = test_path(folder, "%s", name);
        }
        if (strcmp(known[i].name, name) == 0) {
            return known[i].path;
        }
    }
    abort();
}

void fuzz_write(const char *path, const void *data, size_t size)
{
    FILE *file = fopen(path, "we");
    if (file == NULL || fwrite(data, 1, size, file) != size || fclose(file) != 0) {
        perror(path);
        abort();
    }
}

struct fuzz_parts fuzz_split(const uint8_t *data, size_t size)
{
    const uint8_t *nul = size > 0 ? memchr(data, '\0', size) : NULL;
    struct fuzz_parts parts = {.text_size = nul != NULL ? (size_t)(nul - data) : size};
    parts.rest_size = nul != NULL ? size - parts.text_size - 1 : 0;
    parts.text = calloc(1, parts.text_size + 1);
    parts.rest = calloc(1, parts.rest_size + 1);
    if (parts.text == NULL || parts.rest == NULL) {
        abort();
    }
    if (size > 0) {
        memcpy(parts.text, data, parts.text_size);
        memcpy(parts.rest, data + size - parts.rest_size, parts.rest_size);
    }
    return parts;
}

void fuzz_parts_finish(struct fuzz_parts *parts)
{
    free(parts->text);
    free(parts->rest);
}

/* SPDX-License-Identifier: MIT */
#include "test_files.h"

#include <stdarg.h>

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void die(const char *what, const char *path)
{
    fprintf(stderr, "test_files: %s %s: %s\n", what, path, strerror(errno));
    abort();
}

char *test_path(const char *folder, const char *format, ...)
{
    char *name = NULL, *path = NULL;
    va_list args;
    va_start(args, format);
    if (vasprintf(&name, format, args) < 0 || asprintf(&path, "%s/%s", folder, name) < 0) {
        die("cannot format a path in", folder);
    }
    va_end(args);
    free(name);
    return path;
}

char *test_folder_create(void)
{
    const char *base = getenv("TMPDIR");
    char *folder = test_path(base != NULL ? base : "/tmp", "fwrun-test-XXXXXX");
    if (mkdtemp(folder) == NULL) {
        die("cannot make", folder);
    }
    return folder;
}

static int remove_one(const char *path, const struct stat *facts, int type, struct FTW *at)
{
    (void)facts;
    (void)type;
    (void)at;
    return remove(path);
}

void test_folder_remove(char *folder)
{
    if (folder != NULL && nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS) != 0) {
        die("cannot remove", folder);
    }
    free(folder);
}

static void make_folders(char *path)
{
    for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(path, 0777) != 0 && errno != EEXIST) {
            die("cannot make", path);
        }
        *slash = '/';
    }
}

void test_file_write(const char *folder, const char *name, const char *text)
{
    char *path = test_path(folder, "%s", name);
    make_folders(path);
    FILE *file = fopen(path, "we");
    if (file == NULL || fputs(text, file) < 0 || fclose(file) != 0) {
        die("cannot write", path);
    }
    free(path);
}

char *test_file_read(const char *path, size_t *ret_size)
{
    struct stat facts;
    FILE *file = fopen(path, "re");
    if (file == NULL || fstat(fileno(file), &facts) != 0) {
        die("cannot open", path);
    }
    size_t size = (size_t)facts.st_size;
    char *text = malloc(size + 1);
    if (text == NULL || fread(text, 1, size, file) != size) {
        die("cannot read", path);
    }
    fclose(file);
    text[size] = '\0';
    if (ret_size != NULL) {
        *ret_size = size;
    }
    return text;
}

char *test_shared_data(const char *name)
{
    const char *shared = getenv("FWRUN_SHARED");
    const char *source = getenv("FWRUN_SOURCE_ROOT");
    char *path = shared != NULL
                     ? test_path(shared, "data/%s", name)
                     : test_path(source != NULL ? source : ".", "../shared/data/%s", name);
    if (access(path, R_OK) != 0) {
        fprintf(stderr, "skipped: the shared data %s is not there (set FWRUN_SHARED)\n", path);
        free(path);
        return NULL;
    }
    /* As those who are given it will name it: without .. and links. */
    char *real = realpath(path, NULL);
    free(path);
    return real;
}

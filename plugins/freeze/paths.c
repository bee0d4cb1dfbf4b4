/* SPDX-License-Identifier: MIT */
#include <ftw.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "freeze.h"

char *freeze_folder(const char *path)
{
    char *copy = strdup(path);
    char *folder = copy != NULL ? strdup(dirname(copy)) : NULL;

    free(copy);
    return folder;
}

char *freeze_final(const struct fw_task *task, const char *port)
{
    const struct fw_output *output = fw_task_output(task, port);
    char *folder = freeze_folder(output->path);
    char *path = NULL;

    if (folder != NULL && asprintf(&path, "%s/%s", folder, output->name) < 0) {
        path = NULL;
    }
    free(folder);
    return path;
}

/* Cuts the last part off. */
static void up(char *path)
{
    char *slash = strrchr(path, '/');

    if (slash != NULL) {
        *slash = '\0';
    }
}

char *freeze_normal(const char *path)
{
    char *normal = calloc(strlen(path) + 2, 1);

    if (normal == NULL) {
        return NULL;
    }
    for (const char *at = path; *at != '\0';) {
        size_t n = strcspn(at, "/");
        if (n == 2 && memcmp(at, "..", 2) == 0) {
            up(normal);
        } else if (n > 0 && !(n == 1 && *at == '.')) {
            strcat(normal, "/");
            strncat(normal, at, n);
        }
        at += n + (at[n] == '/');
    }
    if (*normal == '\0') {
        strcpy(normal, "/");
    }
    return normal;
}

const char *freeze_below(const char *root, const char *path)
{
    size_t n = strlen(root);

    return strncmp(root, path, n) == 0 && path[n] == '/' ? path + n + 1 : NULL;
}

bool freeze_exists(const char *path)
{
    return access(path, R_OK) == 0;
}

static _Thread_local int64_t n_bytes; /* nftw has no argument of the caller's */

static int count(const char *path, const struct stat *found, int type, struct FTW *ftw)
{
    (void)path;
    (void)ftw;
    n_bytes += type == FTW_F ? (int64_t)found->st_size : 0;
    return 0;
}

int64_t freeze_bytes(const char *path)
{
    n_bytes = 0;
    return nftw(path, count, 16, FTW_PHYS) == 0 ? n_bytes : -1;
}

/* SPDX-License-Identifier: MIT */
#include "file/paths.h"

#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *fw_path_folder(const char *path)
{
    char *copy = strdup(path);
    char *folder = copy != NULL ? strdup(dirname(copy)) : NULL;

    free(copy);
    return folder;
}

char *fw_path_final(const struct fw_task *task, const char *port)
{
    const struct fw_output *output = fw_task_output(task, port);
    char *folder = fw_path_folder(output->path);
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

char *fw_path_normal(const char *path)
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

const char *fw_path_below(const char *root, const char *path)
{
    size_t n = strlen(root);

    return strncmp(root, path, n) == 0 && path[n] == '/' ? path + n + 1 : NULL;
}

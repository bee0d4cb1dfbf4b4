/* SPDX-License-Identifier: MIT */
#include "project.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fs.h"
#include "base/str.h"
#include "templates.h"

static const char placeholder[] = "plugin_name";

/* `text` with the project's name in place of the placeholder; NULL when out of memory. */
static char *named(const char *text, const char *name)
{
    struct fw_str out = {0};
    for (const char *at; (at = strstr(text, placeholder)) != NULL;
         text = at + sizeof placeholder - 1) {
        fw_str_add_bytes(&out, text, (size_t)(at - text));
        fw_str_add(&out, name);
    }
    fw_str_add(&out, text);
    return fw_str_take(&out);
}

static bool is_in(const char *path, const char *folder)
{
    const size_t len = strlen(folder);
    return strncmp(path, folder, len) == 0 && path[len] == '/';
}

/* Whether the kind has a file of its own in place of the one that is for all. */
static bool is_replaced(const struct new_plugin_project *project, const char *path)
{
    const char *file = strchr(path, '/');
    for (size_t i = 0; i < new_plugin_n_templates && is_in(path, "common"); i++) {
        const char *other = new_plugin_templates[i].path;
        if (is_in(other, project->kind) && strcmp(strchr(other, '/'), file) == 0) {
            return true;
        }
    }
    return false;
}

/*
 * What a template becomes, with the placeholder still in it: common/ is for all, LANGUAGE/ has one
 * source for each kind beside what all need, KIND/ is for both languages. NULL: not for this one.
 */
static const char *destination(const struct new_plugin_project *project, const char *path)
{
    if ((!is_in(path, "common") && !is_in(path, project->language) &&
         !is_in(path, project->kind)) ||
        is_replaced(project, path)) {
        return NULL;
    }
    const char *file = strchr(path, '/') + 1;
    static const char *const sources[][2] = {
        {"table.c", "plugin_name.c"},    {"table.cpp", "plugin_name.cpp"},
        {"file.c", "plugin_name.c"},     {"file.cpp", "plugin_name.cpp"},
        {"sql.c", "plugin_name.c"},      {"sql.cpp", "plugin_name.cpp"},
        {"callback.c", "plugin_name.c"}, {"callback.cpp", "plugin_name.cpp"}};
    for (size_t i = 0; i < sizeof sources / sizeof *sources; i++) {
        if (strcmp(file, sources[i][0]) == 0) {
            const size_t len = strlen(project->kind);
            const bool wanted = strncmp(file, project->kind, len) == 0 && file[len] == '.';
            return wanted ? sources[i][1] : NULL;
        }
    }
    return strcmp(file, "test.c") == 0      ? "test_plugin_name.c"
           : strcmp(file, "gitignore") == 0 ? ".gitignore"
                                            : file;
}

static int write_file(const struct new_plugin_project *project, const char *folder,
                      const struct new_plugin_template *from, struct fw_strings *files,
                      struct fw_error *err)
{
    const char *to = destination(project, from->path);
    if (to == NULL) {
        return 0;
    }
    fw_auto(free) char *name = named(to, project->name);
    fw_auto(free) char *text = named(from->text, project->name);
    fw_auto(free) char *path = name ? fw_text("%s/%s", folder, name) : NULL;
    if (!path || !text || fw_strings_add(files, name) != 0) {
        return fw_error_oom(err);
    }
    return fw_fs_write(path, text, strlen(text), FW_DURABLE_RENAME, err);
}

int new_plugin_write(const struct new_plugin_project *project, const char *folder,
                     struct fw_strings *ret_files, struct fw_error *err)
{
    if (mkdir(folder, 0777) != 0) {
        return fw_error_errno(err, FW_EXIT_STATE, "cannot make %s", folder);
    }
    for (size_t i = 0; i < new_plugin_n_templates; i++) {
        if (write_file(project, folder, &new_plugin_templates[i], ret_files, err) != 0) {
            fw_fs_remove(folder, NULL);
            return -1;
        }
    }
    fw_strings_sort(ret_files);
    return 0;
}

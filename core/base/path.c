/* SPDX-License-Identifier: MIT */
#include "base/path.h"

#include <errno.h>
#include <glob.h>

#include "base/str.h"

/* Takes back the last part of `out`, unless there is none or it is "..". */
static bool drop_last(struct fw_str *out, bool absolute)
{
    size_t start = out->len;
    while (start > 0 && out->text[start - 1] != '/') {
        start--;
    }
    if (out->len == start || strcmp(out->text + start, "..") == 0) {
        return absolute;
    }
    out->len = start > (absolute ? 1u : 0u) ? start - 1 : start;
    out->text[out->len] = '\0';
    return true;
}

char *fw_path_join(const char *base, const char *path)
{
    fw_auto(free) char *whole = *path == '/' ? strdup(path) : fw_text("%s/%s", base, path);
    if (!whole) {
        return NULL;
    }
    struct fw_str out = {0};
    bool absolute = *whole == '/';
    fw_str_add(&out, absolute ? "/" : "");
    char *rest = NULL;
    for (char *part = strtok_r(whole, "/", &rest); part; part = strtok_r(NULL, "/", &rest)) {
        if (out.oom || strcmp(part, ".") == 0 ||
            (strcmp(part, "..") == 0 && drop_last(&out, absolute))) {
            continue;
        }
        if (out.len > (absolute ? 1u : 0u)) {
            fw_str_add(&out, "/");
        }
        fw_str_add(&out, part);
    }
    if (out.len == 0) {
        fw_str_add(&out, ".");
    }
    return fw_str_take(&out);
}

char *fw_path_absolute(const char *path)
{
    fw_auto(free) char *here = getcwd(NULL, 0);
    return here ? fw_path_join(here, path) : NULL;
}

char *fw_path_folder(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash) {
        return strdup(".");
    }
    return strndup(path, slash == path ? 1 : (size_t)(slash - path));
}

const char *fw_path_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* Whether `folder` has the file `mark`. */
static bool is_marked(const char *folder, const char *mark)
{
    char path[4400];
    snprintf(path, sizeof path, "%s/%s", folder, mark);
    return *mark == '/' ? access(mark, F_OK) == 0 : access(path, F_OK) == 0;
}

char *fw_path_own(const char *built, const char *installed)
{
    char folder[4096];
    const ssize_t len = readlink("/proc/self/exe", folder, sizeof folder - 1);
    folder[len < 0 ? 0 : len] = '\0';
    /* The program is PREFIX/bin/fwrun, a tool PREFIX/libexec/fwrun/fwrun-VERB. */
    for (int level = 0; level < 3 && strrchr(folder, '/'); level++) {
        *strrchr(folder, '/') = '\0';
        if (is_marked(folder, "meson-private")) {
            return fw_path_join(folder, built);
        }
        if (is_marked(folder, installed)) {
            return fw_path_join(folder, installed);
        }
    }
    return strdup("");
}

bool fw_path_is_glob(const char *path)
{
    return strpbrk(path, "*?[") != NULL;
}

/* A folder that is not there has no matches; one that cannot be read might have some. */
static int stop_unless_missing(const char *path, int cause)
{
    (void)path;
    return cause != ENOENT;
}

int fw_path_glob(const char *pattern, struct fw_strings *list, struct fw_error *err)
{
    glob_t found = {0};
    int rc = glob(pattern, GLOB_NOSORT, stop_unless_missing, &found);
    /* glob's own order follows the locale. */
    fw_strings_sort(&(struct fw_strings){.items = found.gl_pathv, .len = found.gl_pathc});
    if (rc == GLOB_ABORTED) {
        fw_error_errno(err, FW_EXIT_FAILED, "cannot look for %s", pattern);
    } else if (rc == GLOB_NOSPACE) {
        fw_error_oom(err);
    }
    for (size_t i = 0; rc == 0 && i < found.gl_pathc; i++) {
        rc = fw_strings_add(list, found.gl_pathv[i]) < 0 ? fw_error_oom(err) : 0;
    }
    globfree(&found);
    return rc == 0 || rc == GLOB_NOMATCH ? 0 : -1;
}

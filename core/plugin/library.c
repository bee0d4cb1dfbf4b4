/* SPDX-License-Identifier: MIT */
#include "plugin/library.h"

#include <stdint.h>

#include <elf.h>
#include <fcntl.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "base/path.h"
#include "base/str.h"

#define CACHE_FILE  "/etc/ld.so.cache"
#define CACHE_MAGIC "glibc-ld.so.cache1.1"

enum { CACHE_HEADER = 48, CACHE_ENTRY = 24 };

#if defined(__x86_64__)
enum { THIS_MACHINE = EM_X86_64 };
#elif defined(__aarch64__)
enum { THIS_MACHINE = EM_AARCH64 };
#endif

static bool is_library(const char *path)
{
    Elf64_Ehdr h;
    fw_auto(close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    return fd >= 0 && read(fd, &h, sizeof h) == (ssize_t)sizeof h &&
           memcmp(h.e_ident, ELFMAG, SELFMAG) == 0 && h.e_ident[EI_CLASS] == ELFCLASS64 &&
           h.e_machine == THIS_MACHINE;
}

/* Returns 1 when the library is in the folder, 0 when not, -1 when out of memory. */
static int look_in(const char *folder, const char *name, char **ret_path)
{
    char *path = fw_path_join(folder, name);
    if (path != NULL && is_library(path)) {
        *ret_path = path;
        return 1;
    }
    free(path);
    return path == NULL ? -1 : 0;
}

/* Replaces $ORIGIN and ${ORIGIN} in one folder of a run path. */
static char *expand(const char *folder, const char *origin, bool *ret_used)
{
    struct fw_str out = {0};
    for (const char *at = folder; *at != '\0';) {
        const size_t token = strncmp(at, "${ORIGIN}", 9) == 0 ? 9
                             : strncmp(at, "$ORIGIN", 7) == 0 ? 7
                                                              : 0;
        if (token > 0) {
            fw_str_add(&out, origin);
            *ret_used = true;
            at += token;
        } else {
            fw_str_add_bytes(&out, at++, 1);
        }
    }
    return fw_str_take(&out);
}

/* A list as in LD_LIBRARY_PATH or a run path. Returns as look_in. */
static int look_along(const char *list, const char *origin, const char *name, char **ret_path,
                      bool *ret_by_origin)
{
    fw_auto(free) char *copy = strdup(list);
    if (copy == NULL) {
        return -1;
    }
    char *save = NULL;
    for (char *item = strtok_r(copy, ":;", &save); item != NULL;
         item = strtok_r(NULL, ":;", &save)) {
        bool by_origin = false;
        fw_auto(free) char *folder = expand(item, origin, &by_origin);
        const int found = folder == NULL ? -1 : look_in(folder, name, ret_path);
        if (found != 0) {
            *ret_by_origin = by_origin;
            return found;
        }
    }
    return 0;
}

static uint32_t word(const char *at)
{
    uint32_t value;
    memcpy(&value, at, sizeof value);
    return value;
}

/* The file that ldconfig wrote. A missing or strange one finds nothing: the folders come next. */
static int look_in_cache(const char *name, char **ret_path)
{
    fw_auto(free) char *text = NULL;
    size_t len = 0;
    struct fw_error err = {0};
    if (fw_fs_read(CACHE_FILE, &text, &len, &err) != 0 || len < CACHE_HEADER ||
        memcmp(text, CACHE_MAGIC, strlen(CACHE_MAGIC)) != 0) {
        return err.code == FW_EXIT_EXHAUSTED ? -1 : 0;
    }
    const uint64_t n = word(text + 20);
    for (uint64_t i = 0; i < n && CACHE_HEADER + (i + 1) * CACHE_ENTRY <= len; i++) {
        const char *entry = text + CACHE_HEADER + i * CACHE_ENTRY;
        uint64_t hwcap;
        memcpy(&hwcap, entry + 16, sizeof hwcap);
        /* The text that was read ends with a NUL, so a string in it ends too. */
        if (hwcap == 0 && word(entry + 4) < len && word(entry + 8) < len &&
            strcmp(text + word(entry + 4), name) == 0 && is_library(text + word(entry + 8))) {
            *ret_path = strdup(text + word(entry + 8));
            return *ret_path == NULL ? -1 : 1;
        }
    }
    return 0;
}

static int look_everywhere(const struct fw_library_user *user, const char *name, char **ret_path,
                           bool *by_origin)
{
    if (strchr(name, '/') != NULL) {
        return look_in("/", name, ret_path);
    }
    const char *env = getenv("LD_LIBRARY_PATH");
    int found = env == NULL ? 0 : look_along(env, user->folder, name, ret_path, by_origin);
    if (found == 0 && user->runpath != NULL) {
        found = look_along(user->runpath, user->folder, name, ret_path, by_origin);
    }
    found = found == 0 ? look_in_cache(name, ret_path) : found;
    return found == 0 ? look_along("/lib64:/usr/lib64:/lib:/usr/lib", "", name, ret_path, by_origin)
                      : found;
}

int fw_library_find(const struct fw_library_user *user, const char *name, char **ret_path,
                    bool *ret_by_origin, struct fw_error *err)
{
    bool by_origin = false;
    const int found = look_everywhere(user, name, ret_path, &by_origin);
    if (found < 0) {
        return fw_error_oom(err);
    }
    if (found == 0) {
        return fw_error_set(err, FW_EXIT_PLUGIN,
                            "the shared library %s is nowhere: not in LD_LIBRARY_PATH, %s%s%sor "
                            "the system's library folders; install the package that has it",
                            name, user->runpath == NULL ? "" : "the run path ",
                            user->runpath == NULL ? "" : user->runpath,
                            user->runpath == NULL ? "" : ", ");
    }
    if (ret_by_origin != NULL) {
        *ret_by_origin = by_origin;
    }
    return 0;
}

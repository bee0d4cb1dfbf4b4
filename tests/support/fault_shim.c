/* SPDX-License-Identifier: MIT */
/*
 * A disk that fails, for programs that are started with this library in LD_PRELOAD. What changes
 * files below a folder is counted over all processes, and from one operation on, or just that
 * one, fails:
 *   FW_FAULT_ROOT     the folder; nothing else is touched
 *   FW_FAULT_COUNTER  a file of struct state, zeros at first: how far all processes have come
 *   FW_FAULT_AT       which operation fails, from 1; 0: none, they are only counted
 *   FW_FAULT_ERRNO    how
 *   FW_FAULT_ONCE     the ones after it succeed again; otherwise they fail too
 *   FW_FAULT_READ     a file below the folder of which every read fails; nothing is counted then
 * Operations of stdio are not seen: they do not leave libc through its symbols.
 */
#include <stdarg.h>

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define SHIM __attribute__((visibility("default")))

struct state {
    _Atomic unsigned count;
    char failed[508]; /* the first that failed, for people */
};

static struct state *state;
static const char *root, *unreadable;
static unsigned fault_at;
static int fault_errno;
static bool fault_once;

/* The next definition of a function, as a pointer of its type. */
#define NEXT(name) (__extension__(__typeof__(&name)) dlsym(RTLD_NEXT, #name))

static unsigned number(const char *name)
{
    const char *text = getenv(name);
    return text != NULL ? (unsigned)strtoul(text, NULL, 10) : 0;
}

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("FW_FAULT_COUNTER");
    int fd = path != NULL ? NEXT(open)(path, O_RDWR | O_CLOEXEC) : -1;
    void *mapped =
        fd >= 0 ? mmap(NULL, sizeof *state, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) : MAP_FAILED;
    if (fd >= 0) {
        close(fd);
    }
    root = getenv("FW_FAULT_ROOT");
    unreadable = getenv("FW_FAULT_READ");
    fault_at = number("FW_FAULT_AT");
    fault_errno = (int)number("FW_FAULT_ERRNO");
    fault_once = getenv("FW_FAULT_ONCE") != NULL;
    state = mapped != MAP_FAILED ? mapped : NULL;
}

static bool below_root(const char *path)
{
    size_t n = root != NULL ? strlen(root) : 0;
    return n > 0 && strncmp(path, root, n) == 0 && (path[n] == '/' || path[n] == '\0');
}

static bool path_of(int fd, char *path, size_t size)
{
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, size - 1);
    path[n > 0 ? n : 0] = '\0';
    return n > 0;
}

/* Whether this operation is to fail; errno is set then. */
static bool fails(const char *what, const char *path)
{
    char whole[PATH_MAX];
    if (path[0] != '/') {
        size_t n = getcwd(whole, sizeof whole - 1) != NULL ? strlen(whole) : 0;
        snprintf(whole + n, sizeof whole - n, "/%s", path);
        path = whole;
    }
    if (state == NULL || !below_root(path)) {
        return false;
    }
    unsigned n = atomic_fetch_add(&state->count, 1) + 1;
    if (fault_at == 0 || n < fault_at || (fault_once && n > fault_at)) {
        return false;
    }
    if (n == fault_at) {
        snprintf(state->failed, sizeof state->failed, "%s %s\n", what, path);
    }
    errno = fault_errno;
    return true;
}

static bool fails_fd(const char *what, int fd)
{
    char path[PATH_MAX];
    int before = errno;
    bool named = path_of(fd, path, sizeof path);
    errno = before;
    return named && fails(what, path);
}

static bool fails_read(int fd)
{
    char path[PATH_MAX];
    if (unreadable == NULL || !path_of(fd, path, sizeof path) || strcmp(path, unreadable) != 0) {
        return false;
    }
    errno = fault_errno;
    return true;
}

static bool fails_open(const char *path, int flags)
{
    return (flags & (O_CREAT | O_TRUNC)) != 0 && fails("open", path);
}

static mode_t mode_of(int flags, va_list args)
{
    return (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(args, mode_t) : 0;
}

SHIM int open(const char *path, int flags, ...)
{
    va_list args;
    va_start(args, flags);
    mode_t mode = mode_of(flags, args);
    va_end(args);
    return fails_open(path, flags) ? -1 : NEXT(open)(path, flags, mode);
}

SHIM int open64(const char *path, int flags, ...)
{
    va_list args;
    va_start(args, flags);
    mode_t mode = mode_of(flags, args);
    va_end(args);
    return fails_open(path, flags) ? -1 : NEXT(open64)(path, flags, mode);
}

SHIM ssize_t write(int fd, const void *data, size_t size)
{
    return fails_fd("write", fd) ? -1 : NEXT(write)(fd, data, size);
}

SHIM ssize_t pwrite(int fd, const void *data, size_t size, off_t offset)
{
    return fails_fd("pwrite", fd) ? -1 : NEXT(pwrite)(fd, data, size, offset);
}

SHIM ssize_t pwrite64(int fd, const void *data, size_t size, off_t offset)
{
    return fails_fd("pwrite", fd) ? -1 : NEXT(pwrite64)(fd, data, size, offset);
}

SHIM int ftruncate(int fd, off_t size)
{
    return fails_fd("ftruncate", fd) ? -1 : NEXT(ftruncate)(fd, size);
}

SHIM int fsync(int fd)
{
    return fails_fd("fsync", fd) ? -1 : NEXT(fsync)(fd);
}

SHIM int fdatasync(int fd)
{
    return fails_fd("fdatasync", fd) ? -1 : NEXT(fdatasync)(fd);
}

SHIM int syncfs(int fd)
{
    return fails_fd("syncfs", fd) ? -1 : NEXT(syncfs)(fd);
}

SHIM int rename(const char *from, const char *to)
{
    return fails("rename", to) ? -1 : NEXT(rename)(from, to);
}

SHIM int link(const char *from, const char *to)
{
    return fails("link", to) ? -1 : NEXT(link)(from, to);
}

SHIM int symlink(const char *target, const char *path)
{
    return fails("symlink", path) ? -1 : NEXT(symlink)(target, path);
}

SHIM int mkdir(const char *path, mode_t mode)
{
    return fails("mkdir", path) ? -1 : NEXT(mkdir)(path, mode);
}

SHIM ssize_t read(int fd, void *data, size_t size)
{
    return fails_read(fd) ? -1 : NEXT(read)(fd, data, size);
}

SHIM ssize_t pread(int fd, void *data, size_t size, off_t offset)
{
    return fails_read(fd) ? -1 : NEXT(pread)(fd, data, size, offset);
}

SHIM ssize_t pread64(int fd, void *data, size_t size, off_t offset)
{
    return fails_read(fd) ? -1 : NEXT(pread64)(fd, data, size, offset);
}

/* SPDX-License-Identifier: MIT */
#include "said.h"

#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TAIL = 4096 };

static const char log_fd[] = "/proc/self/fd/2";

/* In a process of its own the stage's stderr is logs/STAGE.log, which nobody else writes to. */
static int open_log(off_t *ret_end)
{
    char path[4096];
    struct stat st;
    ssize_t len = readlink(log_fd, path, sizeof path - 1);
    if (len < 0) {
        return -1;
    }
    path[len] = '\0';
    int fd = strstr(path, "/logs/") != NULL ? open(log_fd, O_RDONLY | O_CLOEXEC) : -1;
    if (fd >= 0 && (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))) {
        close(fd);
        return -1;
    }
    *ret_end = fd < 0 ? -1 : st.st_size;
    return fd;
}

off_t exec_said_begin(void)
{
    off_t end = -1;
    int fd = open_log(&end);
    if (fd >= 0) {
        close(fd);
    }
    return end;
}

static bool shows(char byte)
{
    return (unsigned char)byte > ' ' && byte != 0x7F;
}

/* What the host writes between the command's own lines: "2024-05-31T23:59:59.123Z info: ..." */
static bool is_hosts(const char *line)
{
    return strlen(line) > 24 && line[4] == '-' && line[10] == 'T' && line[23] == 'Z' &&
           line[24] == ' ';
}

/* The last line of `text` that is the command's, ended by a NUL in its place. */
static const char *last_line(char *text, size_t len)
{
    for (;;) {
        while (len > 0 && !shows(text[len - 1])) {
            len--;
        }
        text[len] = '\0';
        char *newline = strrchr(text, '\n');
        char *line = newline != NULL ? newline + 1 : text;
        line += strspn(line, " \t\r");
        if (len == 0 || !is_hosts(line)) {
            return line;
        }
        len = (size_t)(line - text);
    }
}

void exec_said_last(off_t since, char *ret_line, size_t size)
{
    char tail[TAIL + 1];
    off_t end;
    size_t used = 0;
    ret_line[0] = '\0';
    int fd = since < 0 ? -1 : open_log(&end);
    if (fd < 0) {
        return;
    }
    off_t from = end - since > TAIL ? end - TAIL : since;
    ssize_t len = pread(fd, tail, TAIL, from);
    close(fd);
    for (const char *line = len > 0 ? last_line(tail, (size_t)len) : ""; *line != '\0'; line++) {
        if ((shows(*line) || *line == ' ') && used + 1 < size) {
            ret_line[used++] = *line;
        }
    }
    ret_line[used] = '\0';
}

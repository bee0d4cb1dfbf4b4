/* SPDX-License-Identifier: MIT */
#include "guard.h"

#include <dirent.h>
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "base/str.h"

static char *environment(void)
{
    struct fw_str text = {0};
    for (char **item = environ; item && *item; item++) {
        fw_str_printf(&text, "%s\n", *item);
    }
    return fw_str_take(&text);
}

int fw_guard_take(struct fw_guard *guard)
{
    *guard = (struct fw_guard){.environment = environment()};
    for (int i = 1; i <= FW_GUARD_SIGNALS; i++) {
        sigaction(i, NULL, &guard->actions[i]);
    }
    for (int fd = 0; fd < FW_GUARD_FDS; fd++) {
        guard->open[fd] = fcntl(fd, F_GETFD) >= 0;
    }
    return guard->environment && getcwd(guard->folder, sizeof guard->folder) &&
                   pthread_sigmask(SIG_SETMASK, NULL, &guard->mask) == 0
               ? 0
               : -1;
}

static void compare_signals(const struct fw_guard *guard, cJSON *changed)
{
    sigset_t mask;
    pthread_sigmask(SIG_SETMASK, NULL, &mask);
    for (int i = 1; i <= FW_GUARD_SIGNALS; i++) {
        struct sigaction now = {0};
        char text[160];
        sigaction(i, NULL, &now);
        const bool handled = now.sa_handler != guard->actions[i].sa_handler;
        if (handled || sigismember(&mask, i) != sigismember(&guard->mask, i)) {
            snprintf(text, sizeof text, "signal %d (%s) is %s, which it was not before", i,
                     strsignal(i),
                     !handled                    ? "blocked or no longer blocked"
                     : now.sa_handler == SIG_IGN ? "ignored"
                                                 : "handled in another way");
            cJSON_AddStringToObject(changed, "signals", text);
            return;
        }
    }
}

static void compare_descriptors(const struct fw_guard *guard, cJSON *changed)
{
    for (int fd = 0; fd < FW_GUARD_FDS; fd++) {
        if (guard->open[fd] && fcntl(fd, F_GETFD) < 0) {
            char text[80];
            snprintf(text, sizeof text, "descriptor %d was open before and is closed", fd);
            cJSON_AddStringToObject(changed, "descriptors", text);
            return;
        }
    }
}

static void compare_environment(const struct fw_guard *guard, cJSON *changed)
{
    fw_auto(free) char *now = environment();
    if (!now || strcmp(now, guard->environment) == 0) {
        return;
    }
    size_t at = 0;
    while (now[at] != '\0' && now[at] == guard->environment[at]) {
        at++;
    }
    while (at > 0 && now[at - 1] != '\n') {
        at--;
    }
    /* The name alone: values may be secret. */
    fw_auto(free) char *text = fw_text("it differs from the variable \"%.*s\" on",
                                       (int)strcspn(now + at, "=\n"), now + at);
    cJSON_AddStringToObject(changed, "environment", text ? text : "");
}

cJSON *fw_guard_compare(const struct fw_guard *guard)
{
    cJSON *changed = cJSON_CreateObject();
    char folder[sizeof guard->folder];
    if (!getcwd(folder, sizeof folder) || strcmp(folder, guard->folder) != 0) {
        fw_auto(free) char *text = fw_text("it was %s and is %s", guard->folder, folder);
        cJSON_AddStringToObject(changed, "folder", text ? text : "");
    }
    compare_signals(guard, changed);
    compare_environment(guard, changed);
    compare_descriptors(guard, changed);
    return changed;
}

void fw_guard_finish(struct fw_guard *guard)
{
    free(guard->environment);
}

static double count(const char *folder)
{
    double n = 0;
    fw_auto(closedir) DIR *dir = opendir(folder);
    while (dir && readdir(dir)) {
        n++;
    }
    return n;
}

struct fw_holding fw_guard_holding(void)
{
    char text[256];
    const struct mallinfo2 heap = mallinfo2();
    const double pages = fw_fs_peek("/proc/self/statm", text, sizeof text) ? strtod(text, NULL) : 0;
    return (struct fw_holding){.memory = (double)heap.uordblks + (double)heap.hblkhd,
                               .mapped = pages * (double)sysconf(_SC_PAGESIZE),
                               .descriptors = count("/proc/self/fd"),
                               .threads = count("/proc/self/task")};
}

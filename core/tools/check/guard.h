/* SPDX-License-Identifier: MIT */
#ifndef FW_CHECK_GUARD_H
#define FW_CHECK_GUARD_H

#include <cjson/cJSON.h>
#include <signal.h>
#include <stdbool.h>

/* What belongs to the process and not to a plugin, before and after; and what a process holds. */
enum { FW_GUARD_SIGNALS = 64, FW_GUARD_FDS = 1024 };

struct fw_guard {
    char folder[4096];
    sigset_t mask;
    struct sigaction actions[FW_GUARD_SIGNALS + 1];
    char *environment; /* all of it, one a line */
    bool open[FW_GUARD_FDS];
};

int fw_guard_take(struct fw_guard *guard);

/* {"folder": "was /a, is /b", "signals": ..., "environment": ..., "descriptors": ...}: only what is
 * no longer what it was. */
cJSON *fw_guard_compare(const struct fw_guard *guard);
void fw_guard_finish(struct fw_guard *guard);

/* Bytes from malloc, bytes mapped, open descriptors, threads: of this process, now. */
struct fw_holding {
    double memory, mapped, descriptors, threads;
};
struct fw_holding fw_guard_holding(void);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef FW_CORE_BASE_EXIT_H
#define FW_CORE_BASE_EXIT_H

#include <stddef.h>

/* The exit codes of the program, which are also the classes of every error in the core. */
enum fw_exit {
    FW_EXIT_OK = 0,
    FW_EXIT_FAILED = 1,
    FW_EXIT_USAGE = 2,
    FW_EXIT_CONFIG = 3,
    FW_EXIT_PLUGIN = 4,
    FW_EXIT_CRASHED = 5,
    FW_EXIT_REFUSED = 6,
    FW_EXIT_CHECK = 7,
    FW_EXIT_REGRESSION = 8,
    FW_EXIT_INCONCLUSIVE = 9,
    FW_EXIT_EXHAUSTED = 10,
    FW_EXIT_PARTIAL = 11,
    FW_EXIT_STATE = 12,
    FW_EXIT_TIME = 75,
    FW_EXIT_SIGNAL = 128 /* plus the number of the signal */
};

struct fw_exit_meaning {
    int code;
    const char *name;
    const char *meaning;
};

/* One row per code, ascending. */
extern const struct fw_exit_meaning fw_exit_table[];
extern const size_t fw_exit_table_len;

#endif

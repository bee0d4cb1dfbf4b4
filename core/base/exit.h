/* SPDX-License-Identifier: MIT */
#ifndef FW_CORE_BASE_EXIT_H
#define FW_CORE_BASE_EXIT_H

/* The exit codes of the program, which are also the classes of every error in the core; `fwrun
 * exit-codes` says what they mean (core/tools/facts). */
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

#endif

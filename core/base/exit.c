/* SPDX-License-Identifier: MIT */
#include "base/exit.h"

const struct fw_exit_meaning fw_exit_table[] = {
    {FW_EXIT_OK, "ok", "everything asked for is done"},
    {FW_EXIT_FAILED, "failed", "a stage failed"},
    {FW_EXIT_USAGE, "usage", "the command line is wrong; nothing ran"},
    {FW_EXIT_CONFIG, "config", "the configuration is invalid; nothing ran"},
    {FW_EXIT_PLUGIN, "plugin", "a plugin cannot be loaded; nothing ran"},
    {FW_EXIT_CRASHED, "crashed", "a stage was ended by a signal"},
    {FW_EXIT_REFUSED, "refused", "refused by policy or preflight, or held by a live run"},
    {FW_EXIT_CHECK, "check", "a check failed: gate, verify, audit or swap difference"},
    {FW_EXIT_REGRESSION, "regression", "a benchmark got slower"},
    {FW_EXIT_INCONCLUSIVE, "inconclusive", "a benchmark cannot tell"},
    {FW_EXIT_EXHAUSTED, "exhausted", "resources ran out on every rung of the fallback ladder"},
    {FW_EXIT_PARTIAL, "partial", "a sweep ended with failures"},
    {FW_EXIT_STATE, "state", "the recorded state is damaged or cannot be written"},
    {FW_EXIT_TIME, "time", "the time budget is used up; the same command resumes"},
    {FW_EXIT_SIGNAL, "signal", "128+n: ended by signal n; the same command resumes"},
};
const size_t fw_exit_table_len = sizeof fw_exit_table / sizeof fw_exit_table[0];

/* SPDX-License-Identifier: MIT */
#ifndef FW_CORE_CLI_TOOL_H
#define FW_CORE_CLI_TOOL_H

#include "base/error.h"

/* The program of a larger verb: below this one in the build tree, in libexec once installed. The
 * caller's to free; NULL when there is none. */
char *fw_tool_path(const char *verb);

/* Runs `fwrun-VERB VERB ARGUMENT` with these as standard input and output, -1 for none, and waits
 * for it. What it has to complain about stands on stderr. */
int fw_tool_run(const char *verb, const char *argument, int in, int out, struct fw_error *err);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef FW_CORE_CLI_DETACH_H
#define FW_CORE_CLI_DETACH_H

#include <sys/types.h>

#include "base/error.h"

/*
 * Goes on in a child with a session of its own, whose stdin is empty and whose stdout and stderr
 * are appended to the file `log`. Called before there are threads.
 *
 * In the child: 0, *ret_pid is 0, and fw_detach_ready(*ret_ready) tells the parent that the run has
 * begun. In the parent: 0 and the child's pid once that was said; -1 with the child's own exit code
 * when it ended before.
 */
int fw_detach(const char *log, pid_t *ret_pid, int *ret_ready, struct fw_error *err);

/* Nothing if `ready` is -1. */
void fw_detach_ready(int ready);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef EXEC_SAID_H
#define EXEC_SAID_H

#include <stddef.h>

#include <sys/types.h>

/* Where the stage's log ends now; -1 where stderr is no log of a stage's own. */
off_t exec_said_begin(void);

/* The last line with anything on it that was written since; "" where there is none. */
void exec_said_last(off_t since, char *ret_line, size_t size);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef FW_TOOLS_RUNS_LIVE_H
#define FW_TOOLS_RUNS_LIVE_H

#include "base/str.h"
#include "view.h"

/*
 * A run as bars at the bottom of a terminal, drawn again and again.
 *
 * Between two drawings the cursor stands at the block's upper left corner. So another process may
 * write lines to the same terminal without knowing of the block: it begins each with
 * FW_CONSOLE_ERASE and writes it at once, and the next drawing comes below it.
 */

/* At most `rows` lines of less than `columns` columns: with `head` what the run is, a bar per stage
 * that runs, how many stages are in which state. */
void fw_live_text(const struct fw_view *view, bool head, int columns, int rows,
                  struct fw_str *ret_text);

/* Whether the descriptor is a terminal on which a cursor can be moved. */
bool fw_live_possible(int fd);

/* Draws, as large as the terminal is now; erases. False when the terminal is gone. */
bool fw_live_draw(int fd, const struct fw_view *view, bool head);
bool fw_live_erase(int fd);

#endif

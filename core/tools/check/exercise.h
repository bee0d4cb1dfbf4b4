/* SPDX-License-Identifier: MIT */
#ifndef FW_CHECK_EXERCISE_H
#define FW_CHECK_EXERCISE_H

/*
 * The main of the child: one exercise with one plugin, which may crash it. The first message on
 * descriptor 3 is the task as a worker gets it, with "exercise" (load, run, pair, repeat, resume,
 * save, cancel, abandon) and "folder"; it answers {"type": "call", call, n} before each call and
 * {"type": "end", runs, changed, strays, holding} at the end. Returns its exit code.
 */
int fw_exercise_main(const char *parent);

#endif

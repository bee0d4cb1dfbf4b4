/* SPDX-License-Identifier: MIT */
#ifndef FW_WATCH_LIVE_H
#define FW_WATCH_LIVE_H

/*
 * The workers of `fwrun run --watch-plugins`: between two steps a rebuilt plugin is tried in a
 * child, its steps are compared with those of the build that runs, and then it takes over, or not.
 * Sets fw_run_hooks; first in the main of a worker, and of the run.
 */
void fw_live_begin(void);

#endif

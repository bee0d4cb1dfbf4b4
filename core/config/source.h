/* SPDX-License-Identifier: MIT */
#ifndef FW_CORE_CONFIG_SOURCE_H
#define FW_CORE_CONFIG_SOURCE_H

#include "config/diag.h"
#include "config/node.h"

/*
 * Reads the text of configuration files a second time, for the two things that libconfig 1.5 gets
 * wrong: it ends the process when an @include names a folder, and it wraps large integers.
 */

/* Adds the file and all that it includes (relative to `folder`) to `files`. -1, with the reason in
 * `diag`, when libconfig must not see them. A missing file is left for libconfig to report. */
int fw_cfg_source_list(const char *path, const char *folder, struct fw_strings *files,
                       struct fw_diag *diag);

/* Gives the integers below `node` that came from `file`, whose text this is, the values that were
 * written, and reports each that libconfig had wrapped, with the remedy. */
void fw_cfg_source_check_integers(const char *text, const char *file, struct fw_cfg_node *node,
                                  struct fw_diag *diag);

#endif

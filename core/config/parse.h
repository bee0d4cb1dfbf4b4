/* SPDX-License-Identifier: MIT */
#ifndef FW_CORE_CONFIG_PARSE_H
#define FW_CORE_CONFIG_PARSE_H

#include "config/diag.h"
#include "config/node.h"

/*
 * libconfig's part of reading a configuration, and the mending of what libconfig 1.5 gets wrong.
 * Both return 0 with a tree whose paths are named, or -1 with the reason in `diag`; the tree is to
 * be finished with fw_cfg_node_finish. `files` takes the names that the nodes borrow.
 */
int fw_cfg_parse_file(const char *path, struct fw_strings *files, struct fw_cfg_node *ret_root,
                      struct fw_diag *diag);

/* A text without @include; every node gets `file` (which is borrowed) and `line`. */
int fw_cfg_parse_text(const char *text, const char *file, int line, struct fw_cfg_node *ret_root,
                      struct fw_diag *diag);

#endif

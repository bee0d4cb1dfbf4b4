/* SPDX-License-Identifier: MIT */
#ifndef FW_CORE_CONFIG_VARS_H
#define FW_CORE_CONFIG_VARS_H

#include "config/diag.h"
#include "config/node.h"

/* Replaces `${name}` in every string outside the group `vars` by that group's member, whose own
 * variables are replaced too; `$${` becomes `${`. Strings with mistakes stay as they are. */
void fw_cfg_vars_replace(struct fw_cfg_node *root, struct fw_diag *diag);

#endif

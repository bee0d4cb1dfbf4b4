/* SPDX-License-Identifier: MIT */
#ifndef FW_TOOLS_PLUGINS_KINDS_H
#define FW_TOOLS_PLUGINS_KINDS_H

#include <stdbool.h>

#include "fw/service/callback.h"
#include "plugin/elf.h"

/*
 * The kinds of callbacks that a plugin provides, out of its image: nothing of it runs. The image
 * may be hostile; what the engine knows of a service is that its table begins there.
 */

/* Whether the service's table is one of these. */
bool fw_kinds_are(const struct fw_service *service);

/*
 * Whether the table can be believed: then all its pointers may be followed, except for functions.
 * FW_EXIT_PLUGIN says what is wrong with which kind, and does not name the file.
 */
int fw_kinds_check(const struct fw_elf *elf, const struct fw_service *service,
                   struct fw_error *err);

#endif

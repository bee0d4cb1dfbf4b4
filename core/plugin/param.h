/* SPDX-License-Identifier: MIT */
#ifndef FW_CORE_PLUGIN_PARAM_H
#define FW_CORE_PLUGIN_PARAM_H

#include "base/error.h"
#include "fw/param.h"

/*
 * What a plugin declares about one parameter makes sense: a known type and flags, limits and
 * choices only where the type has them, and all of them and the default readable as that type
 * and in range. Its texts have to be readable. FW_EXIT_PLUGIN; does not name the parameter.
 */
int fw_param_check(const struct fw_param *param, struct fw_error *err);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef FW_SQL_STAGE_H
#define FW_SQL_STAGE_H

#include <fw/stage.h>

/** The stage `sql`: one query over the input ports, its result to a file. */
extern const struct fw_stage sql_stage;

#endif

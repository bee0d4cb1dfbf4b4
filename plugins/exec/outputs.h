/* SPDX-License-Identifier: MIT */
#ifndef EXEC_OUTPUTS_H
#define EXEC_OUTPUTS_H

#include "fw/sdk.h"

/* Makes the folder in which each output is written under its final name (exec_output_path). */
fw_status exec_outputs_prepare(const struct fw_host *host, const struct fw_task *task);

/* Puts what the command wrote where the host wants it; every output must be there, and nothing
 * else beside it. */
fw_status exec_outputs_take(const struct fw_host *host, const struct fw_task *task);

#endif

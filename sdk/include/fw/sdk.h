/* SPDX-License-Identifier: MIT */
#ifndef FW_SDK_H
#define FW_SDK_H

/**
 * Everything that a stage author needs, in one include. Services of plugins (fw/service/sql.h,
 * fw/service/table.h) are included by those who use them.
 */

#include "fw/arrow.h"
#include "fw/host.h"
#include "fw/macros.h"
#include "fw/param.h"
#include "fw/plugin.h"
#include "fw/port.h"
#include "fw/service/artifact.h"
#include "fw/service/budget.h"
#include "fw/service/cancel.h"
#include "fw/service/gate.h"
#include "fw/service/log.h"
#include "fw/service/metrics.h"
#include "fw/service/progress.h"
#include "fw/service/rng.h"
#include "fw/service/tmp.h"
#include "fw/stage.h"
#include "fw/status.h"
#include "fw/task.h"
#include "fw/version.h"

#endif

/* SPDX-License-Identifier: MIT */
#ifndef FW_CORE_CONFIG_SCHEMA_H
#define FW_CORE_CONFIG_SCHEMA_H

#include <stdbool.h>

#include "config/pipeline.h"

/* Fills the pipeline from its tree; whatever does not fit is reported and left at its default.
 * `root` is settled before. */
void fw_cfg_schema_read(struct fw_pipeline *pipeline, struct fw_diag *diag);

/* Names of pipelines and stages: at most 64 letters, digits, _ and -, a letter or digit first. */
bool fw_cfg_is_name(const char *text);

#endif

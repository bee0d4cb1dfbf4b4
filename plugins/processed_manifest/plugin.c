/* SPDX-License-Identifier: MIT */
#include <fw/plugin.h>

#include "processed.h"

static const struct fw_stage *const stages[] = {&processed_manifest_stage,
                                                &verify_processed_manifest_stage};

FW_PLUGIN("org.fwrun.processed_manifest", "0.1.0", "MIT",
          .doc = "A list of data sets with their digests that only grows", .stages = stages,
          .n_stages = FW_COUNT(stages));

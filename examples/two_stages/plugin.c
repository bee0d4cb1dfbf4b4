/* SPDX-License-Identifier: MIT */
#include "line_hash.h"
#include "stages.h"

static const struct fw_stage *const stages[] = {&split_stage, &fingerprint_stage};

static const struct fw_service line_hash = {
    .struct_size = (uint32_t)sizeof line_hash,
    .id = LINE_HASH_ID,
    .doc = "A hash of a line that never changes",
    .table = &line_hash_table,
};
static const struct fw_service *const services[] = {&line_hash};

FW_PLUGIN("org.example.two_stages", "0.1.0", "MIT",
          .doc = "Splits texts for training, and proves that no line was lost", .stages = stages,
          .n_stages = FW_COUNT(stages), .services = services, .n_services = FW_COUNT(services));

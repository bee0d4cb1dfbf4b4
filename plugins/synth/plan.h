/* SPDX-License-Identifier: MIT */
#ifndef SYNTH_PLAN_H
#define SYNTH_PLAN_H

#include <stdint.h>

#include <stdbool.h>

#include <fw/host.h>
#include <fw/task.h>

#include "columns.h"

#define SYNTH_PLATFORMS       4
#define SYNTH_MAX_COLUMNS     128
#define SYNTH_STALE_FILES     2 /* in the shape raw: added and removed again by the log */
#define SYNTH_STALE_ROWS      64
#define SYNTH_ENTITIES_A_STEP 1024

/**
 * What is generated, worked out from the parameters once. An entity is an offer; its days are
 * numbered 0 .. entity_days - 1 and lie in a calendar of `days` days, with two days without a
 * crawl after every 60. In the shape raw rows are numbered through entity by entity and the
 * rows of two neighbouring entity-days are split between them at random, so that their
 * number varies about crawls_per_day while the total is exact.
 */
struct synth_plan {
    bool raw;         /**< shape */
    bool shuffled;    /**< shape entity_day: rows in no order */
    bool single_file; /**< shape entity_day: one file instead of a folder */
    uint64_t seed;
    int64_t rows;
    int64_t keyless_rows; /**< of these, rows without a platform; the last ones */
    int64_t entities;
    int64_t entity_days;
    int64_t days;
    double crawls_per_day;
    int64_t n_slices; /**< raw: periods, each with one file per platform */
    int64_t n_parts;  /**< files in all, those of the log's removals included */
    enum synth_kind kinds[SYNTH_MAX_COLUMNS];
    const char *path; /**< output */
};

/** Reads the task; FW_E_CONFIG when the numbers do not go together. */
fw_status synth_plan_init(struct synth_plan *plan, const struct fw_host *host,
                          const struct fw_task *task);

/** Calendar days from the first to the last crawl of an entity, both included. */
int64_t synth_plan_span(const struct synth_plan *plan);

/** The names, in the order of entity_id. */
extern const char *const synth_platforms[SYNTH_PLATFORMS];

/** What part number `part` of the shape raw is. */
enum synth_part_kind {
    SYNTH_PART_CRAWL,  /**< rows of one platform and period */
    SYNTH_PART_STALE,  /**< a file that the log removes; reading it would change results */
    SYNTH_PART_KEYLESS /**< rows without a platform, in a file without a partition value */
};
enum synth_part_kind synth_part_kind(const struct synth_plan *plan, int64_t part);

/** Platform and period of a part that is SYNTH_PART_CRAWL; part 0.. of period 0 come first. */
static inline int64_t synth_part_platform(int64_t part)
{
    return part % SYNTH_PLATFORMS;
}

static inline int64_t synth_part_slice(int64_t part)
{
    return part / SYNTH_PLATFORMS;
}

#endif

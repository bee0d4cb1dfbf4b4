/* SPDX-License-Identifier: MIT */
#ifndef FREEZE_FREEZE_H
#define FREEZE_FREEZE_H

#include <stdint.h>

#include <cjson/cJSON.h>
#include <stdbool.h>

#include <fw/stage.h>

#include "report/report.h"

/* What a freeze points to, in the order of the reports. */
enum freeze_part {
    FREEZE_SNAPSHOT,
    FREEZE_DAILY,
    FREEZE_INDEX,
    FREEZE_EDGAR,
    FREEZE_MULTISCALE,
    FREEZE_TEXT,
    FREEZE_N_PARTS
};

/** What a manifest says of a product; -1 and NULL where it says nothing. */
struct freeze_facts {
    bool has_manifest;
    int64_t rows_scanned, rows_emitted, delta_version, active_files, n_columns;
    const char *built_at; /**< borrowed from the manifest */
};

/** One product of the freeze. */
struct freeze_product {
    const char *key;  /**< in the pointer */
    const char *port; /**< of the stage */
    char *path;       /**< of what is plugged in, absolute */
    char *dir;        /**< its folder, absolute, which holds MANIFEST.json */
    cJSON *manifest;  /**< NULL: there is none that can be read */
    char sha256[65];  /**< of MANIFEST.json */
    struct freeze_facts facts;
};

/** One instance of the stage freeze. */
struct freeze {
    const struct fw_host *host;
    const struct fw_task *task;
    char *root; /**< what the pointer's paths are relative to, absolute */
    const char *stamp;
    bool any_stamp; /**< candidates of other stamps may be selected */
    struct freeze_product products[FREEZE_N_PARTS];
    cJSON *gates[3]; /**< the reports of gates A, B and C */
    int64_t target_rows;
    struct fw_report candidates;
    struct fw_report status; /**< its reasons are why no pointer is written */
};

/* paths.c */

bool freeze_exists(const char *path);

/** Bytes of all files below; -1 when it cannot be read. */
int64_t freeze_bytes(const char *path);

/* manifest.c */

/** Reads DIR/MANIFEST.json; *ret_manifest is NULL when there is none or it is no JSON object. */
fw_status freeze_manifest_read(const struct fw_host *host, const char *dir, cJSON **ret_manifest,
                               char sha256[65]);

/**
 * One digest for all outputs that a manifest records: the same when a stage made the same bytes
 * again, although its manifest has other times then. "" when it records none.
 */
bool freeze_outputs_digest(const cJSON *manifest, char sha256[65]);

/** Reads what manifests call by several names. */
struct freeze_facts freeze_facts_of(const cJSON *manifest);

/** Whether one of the inputs that the manifest records has this digest. */
bool freeze_has_input(const cJSON *manifest, const char *digest);

/** A number of an object, -1 when it has none. */
int64_t freeze_number(const cJSON *object, const char *name);

/* candidates.c */

/** One folder that may be an artifact. */
struct freeze_candidate {
    const char *name; /**< below the root */
    struct freeze_facts facts;
};

/**
 * The one to select: among those whose name holds `stamp` ("": all), for offers the one whose
 * rows_scanned is nearest to `target`, the first of equals; otherwise the newest with a manifest,
 * else the newest. The list is newest first. -1: none.
 */
int freeze_select(const struct freeze_candidate *list, int n, const char *stamp, bool is_offers,
                  int64_t target);

/** At least 99 of 100 rows of the raw table. */
bool freeze_is_full_scale(int64_t rows_scanned, int64_t target);

fw_status freeze_candidates_report(struct freeze *freeze);

/* checks.c: what must hold before a pointer is written */

void freeze_check(struct freeze *freeze);

/* pointer.c */

/** Writes the pointer, and what was there before to the output `previous`. */
fw_status freeze_pointer_write(const struct freeze *freeze);

/** Fills the status report's facts. */
void freeze_status_report(struct freeze *freeze);

/* stage.c, verify.c */

extern const struct fw_stage freeze_stage;
extern const struct fw_stage verify_freeze_stage;

#endif

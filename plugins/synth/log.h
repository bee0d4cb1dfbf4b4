/* SPDX-License-Identifier: MIT */
#ifndef SYNTH_LOG_H
#define SYNTH_LOG_H

#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include <fw/host.h>

#include "sql/text.h"

/**
 * A Delta log being written: the actions of one commit, or of a checkpoint, a line each. A failed
 * allocation shows when the commit is written. Nothing in it depends on the clock.
 */
struct synth_log {
    const struct fw_host *host;
    const char *folder; /**< of the table */
    struct fw_text lines;
    size_t n_lines;
};

/** Makes _delta_log. */
fw_status synth_log_make(const struct synth_log *log);

/** Forgets the actions so far. */
void synth_log_clear(struct synth_log *log);

/** Appends text with %XX for bytes that are no letters or digits and not in `plain`. */
void synth_log_escape(struct fw_text *out, const char *text, const char *plain);

/** A data file that is there: `name` below the folder; `column`, if any, is partitioned by. */
struct synth_log_file {
    const char *name;
    const char *column, *value; /**< NULL value: none */
    uint64_t n_rows;
};
fw_status synth_log_add(struct synth_log *log, const struct synth_log_file *file);
void synth_log_remove(struct synth_log *log, const char *name);

/** The table's schema as Delta's JSON; `partition`, a column or NULL. */
void synth_log_metadata(struct synth_log *log, uint64_t id, const char *schema,
                        const char *partition);
void synth_log_protocol(struct synth_log *log);
void synth_log_info(struct synth_log *log, const char *operation);

/** Writes the actions as a commit and forgets them. */
fw_status synth_log_commit(struct synth_log *log, int version);

/** Writes a file of the log. */
fw_status synth_log_write(const struct synth_log *log, const char *name, const char *bytes,
                          size_t size);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef MONITORS_SINK_H
#define MONITORS_SINK_H

#include <stdint.h>

#include <stdbool.h>

#include <fw/service/callback.h>

#include "monitors.h"
#include "stream.h"

/** A binary file's names by number: definitions stand in it before their first use. */
struct sink_names {
    char **names;
    uint64_t n, capacity;
    uint64_t n_written; /* those that are in the file */
    uint64_t hint;      /* metrics come in the same order again and again */
};

struct sink {
    const struct fw_host *host;
    const struct fw_callback_task *task;
    const struct fw_training_info *info;
    struct monitors_stream lines, binary;
    bool has_binary;
    struct sink_names names;

    uint64_t n_buffered; /* records */
    double flushed_at;   /* on the monotonic clock */
    bool warned;

    /* what the state keeps */
    struct sink_count {
        uint64_t dropped;          /* records that a file lacks */
        uint64_t nonfinite_losses; /* of batches */
        uint64_t nonfinite_values; /* of all metrics */
        uint64_t retries;          /* restores */
        int64_t started_at;        /* seconds since 1970 */
        double train_loss, val_loss;
    } count;
};

/** Appends a number as JSON: 17 digits, whatever the locale; null where it is not finite. */
void sink_number_append(struct fw_text *text, double value);

/** Appends a record as a line of JSON that names what is not finite. */
void sink_line_append(struct fw_text *text, const struct fw_training_record *record);

/* The binary file: little-endian pieces of 16 bytes. */
void sink_binary_begin(struct fw_text *text);
/** False: out of memory for a new name. */
bool sink_binary_append(struct fw_text *text, struct sink_names *names,
                        const struct fw_training_record *record);
/** Names that were defined in a buffer that is lost are new again. */
void sink_names_forget(struct sink_names *names);
/** The number of a name, made where it is new; UINT64_MAX: out of memory. */
uint64_t sink_names_find(struct sink_names *names, const char *name);
void sink_names_finish(struct sink_names *names);

/** Replaces status.json at once; false, with errno, if it cannot be. */
bool sink_status_write(const struct sink *sink, const struct fw_training *training);

#endif

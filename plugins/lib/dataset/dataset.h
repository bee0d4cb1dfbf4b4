/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_DATASET_DATASET_H
#define FW_LIB_DATASET_DATASET_H

#include <stddef.h>
#include <stdint.h>

#include <stdbool.h>

#include <fw/host.h>

/*
 * What a trainer draws batches from: samples in memory with their classes, divided into parts.
 * Opened once [stage thread], then only read [any thread]. Samples are numbered over all parts, in
 * the order of the files; which numbers a part has is fixed by the data and the split's seed, never
 * by the run's. What is drawn for a sample depends on the run's seed, the epoch and its number
 * alone, so batches may be filled by any threads in any order.
 */

enum fw_dataset_part { FW_DATASET_TRAIN, FW_DATASET_VAL, FW_DATASET_TEST, FW_DATASET_PARTS };

/** "train", "val", "test": as tables of predictions say it. */
extern const char *const fw_dataset_part_names[FW_DATASET_PARTS];

struct fw_dataset;

/** What a sample's key is, for tables of predictions. */
enum fw_dataset_key_kind {
    FW_DATASET_KEY_NUMBER, /**< of the sample in its file or files, from 0 */
    FW_DATASET_KEY_DAY     /**< days since 1970-01-01 */
};

struct fw_dataset_info {
    const char *kind;               /**< "cifar10", "idx", "npz", "gratings", "windows", "rows" */
    uint64_t channels, rows, cols;  /**< of a sample: 1 × tokens × features of a window, 1 × 1 ×
                                         features of a row */
    uint64_t n_samples;             /**< of all parts; below 2^32 */
    uint32_t n_classes;             /**< 2 or more: labels are 0 … n_classes - 1 */
    bool binary;                    /**< of a table whose target is 0 or 1: one output will do */
    const char *const *class_names; /**< n_classes of them, or NULL */
    const char *const *columns;     /**< names of a window's or row's features, or NULL */
    enum fw_dataset_key_kind key_kind;
    const char *val_origin; /**< "source", "share", "test" or "none", for records */
    uint64_t n_scales;      /**< channels or cols; input = (raw · raw_scale - mean) / deviation */
    const double *means, *deviations; /**< n_scales of each; 0 and 1 as they are */
    double raw_scale;                 /**< 1/255 of bytes, else 1 */
};

/** Valid as long as the data set. */
const struct fw_dataset_info *fw_dataset_info(const struct fw_dataset *set);

/** Accepts NULL. */
void fw_dataset_close(struct fw_dataset *set);

/** The numbers of a part's samples, ascending; n may be 0 of all parts but the training part. */
const uint32_t *fw_dataset_part(const struct fw_dataset *set, enum fw_dataset_part part,
                                uint64_t *ret_n);

/** How many samples of each class a part has: n_classes numbers. */
void fw_dataset_count(const struct fw_dataset *set, enum fw_dataset_part part,
                      uint64_t *ret_counts);

/** The part in the order of an epoch: Fisher–Yates by FW_STREAM_SHUFFLE. As many as it has. */
void fw_dataset_order(const struct fw_dataset *set, enum fw_dataset_part part, uint64_t seed,
                      uint64_t epoch, uint32_t *ret_samples);

/** By what a training batch is augmented. */
struct fw_dataset_draw {
    uint64_t seed, epoch;
};

/**
 * The inputs of n samples: [n][channels][rows][cols], scaled, and augmented where `draw` is given
 * (NULL: as an evaluation sees them). Cannot fail, allocates nothing. [any thread]
 */
void fw_dataset_fill(const struct fw_dataset *set, const uint32_t *samples, uint64_t n,
                     const struct fw_dataset_draw *draw, float *ret_inputs);

/** Their classes. [any thread] */
void fw_dataset_labels(const struct fw_dataset *set, const uint32_t *samples, uint64_t n,
                       int32_t *ret_labels);

/** The key of one sample, of info's key_kind. [any thread] */
int64_t fw_dataset_key(const struct fw_dataset *set, uint32_t sample);

enum { FW_DATASET_DAY_TEXT = 32 };

/** A day since 1970-01-01 as YYYY-MM-DD; NULL for one that no calendar has. */
const char *fw_dataset_day_text(double day, char text[FW_DATASET_DAY_TEXT]);

enum { FW_DATASET_DIGEST = 65 };

/**
 * SHA-256 of what can be drawn: shape, raw values, labels, parts, scaling, columns; never paths.
 * Lower-case hexadecimal digits and a NUL.
 */
fw_status fw_dataset_digest(const struct fw_dataset *set, char ret_hex[FW_DATASET_DIGEST]);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_INFERENCE_RESAMPLE_H
#define FW_LIB_INFERENCE_RESAMPLE_H

#include <stddef.h>
#include <stdint.h>

#include <stdbool.h>

#include "philox.h"

/** How the rows of a replicate are drawn, with replacement. */
enum fw_resample_kind {
    FW_RESAMPLE_IID,        /**< each row by itself */
    FW_RESAMPLE_STRATIFIED, /**< as many of each class as there are: no replicate of one class */
    FW_RESAMPLE_BLOCK       /**< runs of rows, the last going on at the first: for dependent rows */
};

/** Zero-initialise; finish frees. Read-only while replicates are drawn. */
struct fw_resample {
    enum fw_resample_kind kind;
    uint32_t n;
    uint32_t block;  /**< rows of a run; 1 to n */
    uint32_t *rows;  /**< FW_RESAMPLE_STRATIFIED: those of class 1, then those of class 0 */
    uint32_t n_ones; /**< of them of class 1 */
};

/**
 * Makes a scheme for n rows, 1 or more, of the classes `y`. `block` is for FW_RESAMPLE_BLOCK, whose
 * rows are in order of time, and is cut to n. Returns whether there was memory for it.
 */
bool fw_resample_init(struct fw_resample *ret, enum fw_resample_kind kind, const uint8_t *y,
                      uint32_t n, uint32_t block);
void fw_resample_finish(struct fw_resample *resample);

/** How often each of the n rows is in the replicate; n in all. [any thread] */
void fw_resample_draw(const struct fw_resample *resample, const uint64_t key[2], uint64_t replicate,
                      uint32_t *ret_counts);

#endif

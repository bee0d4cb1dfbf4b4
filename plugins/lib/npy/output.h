/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_NPY_OUTPUT_H
#define FW_LIB_NPY_OUTPUT_H

#include <stdint.h>

#include <stdio.h>

#include "npy.h"

/* A file that is written beside its place and takes it when it is complete. */
struct npz_output {
    const struct fw_host *host;
    char *path, *beside;
    FILE *file;
    uint64_t at; /**< where the next byte goes */
};

/** To be finished in any case, as long as it was zeroed before. */
fw_status npz_output_open(struct npz_output *output, const struct fw_host *host, const char *path);

fw_status npz_output_put(struct npz_output *output, const void *bytes, size_t size);
fw_status npz_output_seek(struct npz_output *output, uint64_t at);

/** Flushes to the disk, closes and renames. */
fw_status npz_output_publish(struct npz_output *output);

/** What was not published goes away. */
void npz_output_finish(struct npz_output *output);

#endif

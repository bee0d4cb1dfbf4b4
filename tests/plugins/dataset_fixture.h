/* SPDX-License-Identifier: MIT */
#ifndef DATASET_FIXTURE_H
#define DATASET_FIXTURE_H

/* What the tests of plugins/lib/dataset have in common. */

#include "dataset/sources.h"
#include "npy/npy.h"

/* A host that keeps the fault of the last call. */
extern const struct fw_host dataset_host;
extern char dataset_fault[2000];

/* A folder of the test's own. */
extern char *dataset_folder;
int dataset_start(void **state);
int dataset_stop(void **state);

void dataset_must(fw_status status);

/* The status, and a fault that holds the part. */
void dataset_refused(fw_status status, fw_status expected, const char *part);

/* FOLDER/NAME, valid until the test ends. */
const char *dataset_path(const char *name);

/* Writes x, bytes of that shape with a value for each place, and y, 4 classes: an .npz. The same
   numbers as in tests/reference/dataset_reference.py. */
const char *dataset_write_npz(const char *name, const uint64_t *shape, unsigned n_dims);

void dataset_write_bytes(const char *name, const void *bytes, size_t size);

/* The values of a line of dataset_golden.txt, the caller's to free. */
double *dataset_golden(const char *name, size_t *ret_n);

#endif

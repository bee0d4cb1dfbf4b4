/* SPDX-License-Identifier: MIT */
#ifndef RECON_FIXTURE_H
#define RECON_FIXTURE_H

#include <stddef.h>

#include <complex.h>

#include <fw/testkit.h>

#include "npy/npy.h"

/* Scans, answers and tasks for tests of the stage compare_reconstructions. */

/** Plugins of the tests: set by recon_open_kit, a group's setup. */
extern struct fake_kit *recon_kit;
int recon_open_kit(void **state);
int recon_close_kit(void **state);

/** Each test has a folder of its own. */
int recon_start(void **state);
int recon_stop(void **state);

struct recon_array {
    const char *name;
    enum fw_npy_type type;
    uint64_t shape[4];
    unsigned n_dims;
    const void *items;
};

/** Writes an archive into the folder; the path is kept for the next eight. */
const char *recon_put(const char *name, const struct recon_array *arrays, size_t n);

/** The same for a text. */
const char *recon_write(const char *name, const char *text);

/** An array of n items that an archive has; the caller frees. */
void *recon_read(const char *path, const char *name, enum fw_npy_type type, size_t n);

/** SHA-256 of a file in hexadecimal. */
void recon_digest(const char *path, char hex[65]);

/* A scan over an object: positions on a raster around its middle. */
enum { SIDE = 64, N = 16, CROP = 8, ROWS = 9, IMAGES = ROWS * ROWS, STRIDE = 4 };

struct recon_scan {
    double complex object[SIDE * SIDE];
    double x[IMAGES], y[IMAGES];
    float diffraction[IMAGES * N * N];
    float complex patches[IMAGES * N * N];
};

/** The object with its patches; the caller frees. */
struct recon_scan *recon_scan_make(void);
const char *recon_scan_put(const struct recon_scan *scan);
const char *recon_put_answers(const char *name, const float complex *patches, uint64_t n);

/** All outputs, stitch_crop CROP. */
struct fake_task *recon_task(const char *data);
struct fake_task *recon_one_arm(const char *data, const char *model, const char *arm);

const struct fake_result *recon_must(struct fake_task *t);
void recon_must_fail(struct fake_task *t, fw_status status, const char *text);

/** A cell of the metrics: column 2 is the amplitude, 3 the phase, 4 the value. NaN: empty. */
double recon_metric(struct fake_task *t, const char *model, const char *name, int column);
void recon_assert_text(struct fake_task *t, const char *file, const char *part);

#endif

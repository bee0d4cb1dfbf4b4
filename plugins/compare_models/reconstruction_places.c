/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "reconstruction.h"
#include "sql/fault.h"

/* A scan that is wider has another unit than was said. */
enum { WIDEST = 32768 };

static fw_status read_axis(struct recon_places *places, const struct fw_npz *npz, const char *name,
                           double **ret_all)
{
    struct fw_npy *npy = NULL;
    fw_status status = fw_npy_open(npz, name, &npy);
    if (status != FW_OK) {
        return status;
    }
    const struct fw_npy_header *header = fw_npy_header(npy);
    if (header->n_dims != 1 || header->shape[0] != places->n) {
        status = fw_faultf(places->host, FW_E_DATA, places->path, NULL,
                           "%s has %llu numbers on %u axes; one for each of the %u diffraction "
                           "images is needed",
                           name, (unsigned long long)header->n_items, header->n_dims, places->n);
    } else {
        status = fw_npy_read_all(npy, FW_NPY_F8, (void **)ret_all);
    }
    fw_npy_close(npy);
    return status;
}

static fw_status split_columns(struct recon_places *places, const double *both, size_t width)
{
    places->x = calloc(places->n, sizeof *places->x);
    places->y = calloc(places->n, sizeof *places->y);
    if (places->x == NULL || places->y == NULL) {
        return fw_fault_nomem(places->host);
    }
    for (uint32_t i = 0; i < places->n; i++) {
        places->x[i] = both[i * width];
        places->y[i] = both[i * width + 1];
    }
    return FW_OK;
}

/* [n][2 or 3]: x, y and perhaps z, in metres, as in CXI files. */
static fw_status read_translation(struct recon_places *places, const struct fw_npz *npz)
{
    struct fw_npy *npy = NULL;
    double *both = NULL;
    fw_status status = fw_npy_open(npz, "translation", &npy);
    if (status != FW_OK) {
        return status;
    }
    const struct fw_npy_header *header = fw_npy_header(npy);
    if (header->n_dims != 2 || header->shape[0] != places->n ||
        (header->shape[1] != 2 && header->shape[1] != 3)) {
        status =
            fw_faultf(places->host, FW_E_DATA, places->path, NULL,
                      "translation has %llu numbers on %u axes; x and y (and perhaps z) for each "
                      "of the %u diffraction images are needed",
                      (unsigned long long)header->n_items, header->n_dims, places->n);
    } else if (!(places->pixel_size > 0)) {
        status = fw_faultf(places->host, FW_E_CONFIG, "pixel_size",
                           "set it to how many metres a pixel of the object is",
                           "the positions of %s are a translation in metres", places->path);
    } else {
        status = fw_npy_read_all(npy, FW_NPY_F8, (void **)&both);
    }
    if (status == FW_OK) {
        status = split_columns(places, both, header->shape[1]);
    }
    free(both);
    fw_npy_close(npy);
    return status;
}

static fw_status read_any(struct recon_places *places, const struct fw_npz *npz)
{
    if (!fw_npz_has(npz, "xcoords") && fw_npz_has(npz, "translation")) {
        return read_translation(places, npz);
    }
    fw_status status = read_axis(places, npz, "xcoords", &places->x);
    return status == FW_OK ? read_axis(places, npz, "ycoords", &places->y) : status;
}

static void bound_axis(const double *at, uint32_t n, double *ret_low, double *ret_high)
{
    *ret_low = INFINITY;
    *ret_high = -INFINITY;
    for (uint32_t i = 0; i < n; i++) {
        *ret_low = fmin(*ret_low, at[i]);
        *ret_high = fmax(*ret_high, at[i]);
    }
}

static fw_status check(const struct recon_places *places, const double *at, const char *axis)
{
    double lowest, highest;
    for (uint32_t i = 0; i < places->n; i++) {
        if (!isfinite(at[i])) {
            return fw_faultf(places->host, FW_E_DATA, places->path, NULL,
                             "the position of image %u is not finite", i);
        }
    }
    bound_axis(at, places->n, &lowest, &highest);
    return highest - lowest < WIDEST
               ? FW_OK
               : fw_faultf(places->host, FW_E_DATA, places->path,
                           "set pixel_size to how many metres a pixel of the object is, 0 where "
                           "positions are pixels already",
                           "the positions span %.6g pixels along %s; fewer than %d are possible",
                           highest - lowest, axis, WIDEST);
}

/* Of the axes as they are in the file to columns and rows of the object. */
static void turn(struct recon_places *places, const struct fw_task *task)
{
    const char *mirror = fw_task_value(task, "mirror")->text;
    const struct fw_value *origin = fw_task_value(task, "origin");
    const double unit = places->pixel_size > 0 ? places->pixel_size : 1;
    const double signs[] = {strchr(mirror, 'x') != NULL ? -1 : 1,
                            strchr(mirror, 'y') != NULL ? -1 : 1};
    if (fw_task_value(task, "swap_xy")->integer != 0) {
        double *x = places->x;
        places->x = places->y;
        places->y = x;
    }
    for (uint32_t i = 0; i < places->n; i++) {
        places->x[i] = signs[0] * places->x[i] / unit + (origin->n == 2 ? origin->reals[0] : 0);
        places->y[i] = signs[1] * places->y[i] / unit + (origin->n == 2 ? origin->reals[1] : 0);
    }
}

fw_status recon_places_read(const struct fw_host *host, const struct fw_task *task,
                            const struct fw_npz *npz, uint32_t n, struct recon_places *places)
{
    const struct fw_value *origin = fw_task_value(task, "origin");
    *places = (struct recon_places){.host = host,
                                    .path = fw_task_input(task, "data")->paths[0],
                                    .pixel_size = fw_task_value(task, "pixel_size")->real,
                                    .n = n};
    if (origin->n != 0 && origin->n != 2) {
        return fw_faultf(host, FW_E_CONFIG, "origin", NULL,
                         "it has %llu numbers; x and y of the object's pixel at position (0, 0) "
                         "are needed, or none",
                         (unsigned long long)origin->n);
    }
    fw_status status = read_any(places, npz);
    if (status != FW_OK) {
        return status;
    }
    turn(places, task);
    status = check(places, places->x, "x");
    return status == FW_OK ? check(places, places->y, "y") : status;
}

void recon_places_finish(struct recon_places *places)
{
    free(places->x);
    free(places->y);
    *places = (struct recon_places){0};
}

void recon_places_bound(struct recon_places *places, uint32_t n)
{
    bound_axis(places->x, n, &places->low[0], &places->high[0]);
    bound_axis(places->y, n, &places->low[1], &places->high[1]);
}

/* Whole pixels: what lies between them stays. */
static size_t move_axis(struct recon_places *places, uint32_t n, unsigned axis, double margin)
{
    double *at = axis == 0 ? places->x : places->y;
    const double by = margin - floor(places->low[axis]);
    for (uint32_t i = 0; i < n; i++) {
        at[i] += by;
    }
    places->low[axis] += by;
    places->high[axis] += by;
    return (size_t)(ceil(places->high[axis]) + margin);
}

void recon_places_frame(struct recon_places *places, uint32_t n, size_t crop, size_t ret_shape[2])
{
    ret_shape[0] = move_axis(places, n, 1, (double)(crop / 2));
    ret_shape[1] = move_axis(places, n, 0, (double)(crop / 2));
}

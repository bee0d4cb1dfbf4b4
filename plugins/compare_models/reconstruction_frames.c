/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "reconstruction.h"
#include "sql/fault.h"

/* How many positions there are; 0: none are, which is found out elsewhere. */
static fw_status count_positions(const struct fw_npz *npz, uint64_t *ret_n)
{
    const char *name = fw_npz_has(npz, "xcoords") ? "xcoords" : "translation";
    struct fw_npy *npy = NULL;
    *ret_n = 0;
    if (!fw_npz_has(npz, name)) {
        return FW_OK;
    }
    fw_status status = fw_npy_open(npz, name, &npy);
    if (status == FW_OK) {
        *ret_n = fw_npy_header(npy)->n_dims == 0 ? 0 : fw_npy_header(npy)->shape[0];
    }
    fw_npy_close(npy);
    return status;
}

/* Which axis has an image for each position: the first, if it has. */
static fw_status find_axis(struct recon_frames *frames, const struct fw_npz *npz)
{
    const struct fw_npy_header *header = fw_npy_header(frames->stack);
    uint64_t n_positions = 0;
    fw_status status = count_positions(npz, &n_positions);
    frames->is_last =
        header->n_dims == 3 && header->shape[0] != n_positions && header->shape[2] == n_positions;
    return status;
}

/* [n][rows][columns], or with an axis of one behind, or [rows][columns][n]. */
static fw_status open_stack(struct recon_frames *frames, const struct fw_npz *npz)
{
    const char *name = fw_npz_has(npz, "diff3d") ? "diff3d" : "diffraction";
    fw_status status = fw_npy_open(npz, name, &frames->stack);
    if (status == FW_OK) {
        status = find_axis(frames, npz);
    }
    if (status != FW_OK) {
        return status;
    }
    const struct fw_npy_header *header = fw_npy_header(frames->stack);
    const uint64_t *shape = header->shape;
    const unsigned last = frames->is_last ? 1 : 0;
    const bool right = (header->n_dims == 3 || (header->n_dims == 4 && shape[3] == 1)) &&
                       shape[2 * last] > 0 && shape[2 * last] < UINT32_MAX && shape[1 - last] > 0 &&
                       shape[1 - last] < UINT16_MAX && shape[2 - last] > 0 &&
                       shape[2 - last] < UINT16_MAX;
    if (!right) {
        return fw_faultf(frames->host, FW_E_DATA, frames->path,
                         "write it with one image after the other along the first axis",
                         "%s is no stack of images (%u axes)", name, header->n_dims);
    }
    frames->n = (uint32_t)shape[2 * last];
    frames->rows = (uint32_t)shape[1 - last];
    frames->columns = (uint32_t)shape[2 - last];
    return FW_OK;
}

/* What is not 0 marks a bad pixel, as in CXI files. */
static fw_status read_mask(struct recon_frames *frames, const struct fw_npz *npz)
{
    const size_t n = (size_t)frames->rows * frames->columns;
    struct fw_npy *npy = NULL;
    if (!fw_npz_has(npz, "mask")) {
        return FW_OK;
    }
    fw_status status = fw_npy_open(npz, "mask", &npy);
    if (status != FW_OK) {
        return status;
    }
    const struct fw_npy_header *header = fw_npy_header(npy);
    if (header->n_dims != 2 || header->shape[0] != frames->rows ||
        header->shape[1] != frames->columns) {
        status =
            fw_faultf(frames->host, FW_E_DATA, frames->path,
                      "leave it out with mask = \"none\", or give one number for each pixel, "
                      "0 for a good one",
                      "mask is not of the images' %u by %u pixels", frames->rows, frames->columns);
    } else {
        status = fw_npy_read_all(npy, FW_NPY_F4, (void **)&frames->bad);
    }
    for (size_t i = 0; status == FW_OK && i < n; i++) {
        frames->n_bad += frames->bad[i] != 0 ? 1 : 0;
    }
    fw_npy_close(npy);
    return status;
}

static fw_status find_side(struct recon_frames *frames, uint32_t wanted)
{
    const uint32_t bin = frames->bin;
    if (frames->rows % bin != 0 || frames->columns % bin != 0) {
        return fw_faultf(frames->host, FW_E_CONFIG, "frame_bin", NULL,
                         "images of %u by %u pixels cannot be binned by %u: it divides not both",
                         frames->rows, frames->columns, bin);
    }
    const uint32_t rows = frames->rows / bin, columns = frames->columns / bin;
    if (wanted == 0 && rows != columns) {
        return fw_faultf(frames->host, FW_E_DATA, frames->path,
                         "set frame_side to the side of the square that is to be cut out",
                         "the images are no squares: %u by %u pixels", rows, columns);
    }
    if (wanted > rows || wanted > columns) {
        return fw_faultf(frames->host, FW_E_CONFIG, "frame_side", NULL,
                         "a square of %u pixels cannot be cut out of %u by %u", wanted, rows,
                         columns);
    }
    frames->side = wanted == 0 ? rows : wanted;
    return FW_OK;
}

fw_status recon_frames_open(const struct fw_host *host, const struct fw_task *task,
                            const struct fw_npz *npz, struct recon_frames *frames)
{
    *frames = (struct recon_frames){.host = host,
                                    .path = fw_task_input(task, "data")->paths[0],
                                    .bin = (uint32_t)fw_task_value(task, "frame_bin")->integer,
                                    .are_counts =
                                        strcmp(fw_task_value(task, "frames")->text, "counts") == 0};
    fw_status status = open_stack(frames, npz);
    if (status == FW_OK && strcmp(fw_task_value(task, "mask")->text, "file") == 0) {
        status = read_mask(frames, npz);
    }
    return status == FW_OK ? find_side(frames, (uint32_t)fw_task_value(task, "frame_side")->integer)
                           : status;
}

void recon_frames_close(struct recon_frames *frames)
{
    fw_npy_close(frames->stack);
    free(frames->bad);
    *frames = (struct recon_frames){0};
}

/* The sum of what `bin` by `bin` pixels counted; amplitudes are roots of counts. */
static double count_of(const struct recon_frames *frames, const float *raw, size_t row,
                       size_t column)
{
    double sum = 0;
    for (size_t i = 0; i < (size_t)frames->bin * frames->bin; i++) {
        const size_t r = row * frames->bin + i / frames->bin;
        const size_t at = r * frames->columns + column * frames->bin + i % frames->bin;
        const double value = frames->bad != NULL && frames->bad[at] != 0 ? 0 : raw[at];
        sum += frames->are_counts ? value : value * value;
    }
    return sum;
}

/* The pixel in the middle, which is n/2 of n, stays there. */
static void convert(const struct recon_frames *frames, const float *raw, float *ret_image)
{
    const size_t side = frames->side;
    const size_t top = frames->rows / frames->bin / 2 - side / 2;
    const size_t left = frames->columns / frames->bin / 2 - side / 2;
    for (size_t i = 0; i < side * side; i++) {
        ret_image[i] = (float)sqrt(count_of(frames, raw, top + i / side, left + i % side));
    }
}

/* A row of all images at a time. */
static fw_status read_last(const struct recon_frames *frames, const uint32_t *numbers, size_t n,
                           float *ret_raw)
{
    const size_t rows = frames->rows, columns = frames->columns;
    float *row = malloc(columns * frames->n * sizeof *row);
    fw_status status = row == NULL ? fw_fault_nomem(frames->host) : FW_OK;
    for (size_t r = 0; status == FW_OK && r < rows; r++) {
        status = fw_npy_read_as(frames->stack, FW_NPY_F4, r, 1, row);
        for (size_t i = 0; status == FW_OK && i < n * columns; i++) {
            ret_raw[(i / columns * rows + r) * columns + i % columns] =
                row[i % columns * frames->n + numbers[i / columns]];
        }
    }
    free(row);
    return status;
}

/* As they are in the file. */
static fw_status read_raw(const struct recon_frames *frames, const uint32_t *numbers, size_t n,
                          float *ret_raw)
{
    const size_t size = (size_t)frames->rows * frames->columns;
    fw_status status = FW_OK;
    if (frames->is_last) {
        return read_last(frames, numbers, n, ret_raw);
    }
    for (size_t i = 0; status == FW_OK && i < n; i++) {
        status = fw_npy_read_as(frames->stack, FW_NPY_F4, numbers[i], 1, ret_raw + i * size);
    }
    return status;
}

fw_status recon_frames_read(const struct recon_frames *frames, const uint32_t *numbers, size_t n,
                            float *ret_images)
{
    const size_t size = (size_t)frames->side * frames->side;
    const size_t raw_size = (size_t)frames->rows * frames->columns;
    const bool as_they_are =
        !frames->are_counts && frames->bin == 1 && frames->n_bad == 0 && size == raw_size;
    if (as_they_are) {
        return read_raw(frames, numbers, n, ret_images);
    }
    const size_t at_once = frames->is_last ? n : 1;
    float *raw = malloc(at_once * raw_size * sizeof *raw + 1);
    fw_status status = raw == NULL ? fw_fault_nomem(frames->host) : FW_OK;
    for (size_t i = 0; status == FW_OK && i < n; i++) {
        if (i % at_once == 0) {
            status = read_raw(frames, numbers + i, at_once, raw);
        }
        if (status == FW_OK) {
            convert(frames, raw + i % at_once * raw_size, ret_images + i * size);
        }
    }
    free(raw);
    return status;
}

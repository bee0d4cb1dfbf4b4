/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "reconstruction.h"
#include "sql/fault.h"

/* A choice that was made elsewhere, or by the seed: the same images in every run. */
static fw_status choose(struct recon_scan *scan, const struct fw_task *task, uint32_t n_all)
{
    const struct fw_input *given = fw_task_input(task, "images");
    if (given != NULL && given->n_paths > 0) {
        if (fw_task_value(task, "n_subsample")->integer != 0) {
            return fw_faultf(scan->host, FW_E_CONFIG, "n_subsample", "leave one of them out",
                             "images are drawn, and %s names them", given->paths[0]);
        }
        struct recon_selection selection = {0};
        fw_status status = recon_selection_read(scan->host, given->paths[0], n_all, &selection);
        scan->images = selection.images;
        scan->n = selection.n;
        scan->powers = calloc(scan->n + 1u, sizeof *scan->powers);
        return status == FW_OK && scan->powers == NULL ? fw_fault_nomem(scan->host) : status;
    }
    const int64_t wanted = fw_task_value(task, "n_subsample")->integer;
    const uint64_t seed = (uint64_t)fw_task_value(task, "sample_seed")->integer;
    scan->n = wanted == 0 || wanted > n_all ? n_all : (uint32_t)wanted;
    scan->images = calloc(scan->n + 1u, sizeof *scan->images);
    scan->powers = calloc(scan->n + 1u, sizeof *scan->powers);
    if (scan->images == NULL || scan->powers == NULL ||
        fw_scan_select(scan->n, n_all, seed, scan->images) != 0) {
        return fw_fault_nomem(scan->host);
    }
    return FW_OK;
}

static void keep_chosen(const struct recon_scan *scan, double *all)
{
    for (uint32_t i = 0; i < scan->n; i++) { /* numbers ascend: none is overwritten unread */
        all[i] = all[scan->images[i]];
    }
}

static fw_status group(struct recon_scan *scan, const struct fw_task *task)
{
    const struct fw_scan places = {scan->places.x, scan->places.y, scan->n};
    const int64_t side = fw_task_value(task, "gridsize")->integer;
    const struct fw_grouping how = {
        .n_groups = (uint32_t)fw_task_value(task, "n_groups")->integer,
        .per_group = (uint32_t)(side * side),
        .n_neighbours = (uint32_t)fw_task_value(task, "neighbours")->integer,
        .is_oversampled = side > 1 && fw_task_value(task, "oversampling")->integer != 0,
        .seed = (uint64_t)fw_task_value(task, "sample_seed")->integer};
    if (how.n_groups > scan->n && how.per_group > 1 && !how.is_oversampled) {
        return fw_faultf(scan->host, FW_E_CONFIG, "n_groups",
                         "ask for fewer, or set oversampling: images then have several groups",
                         "there are %u images for %u groups", scan->n, how.n_groups);
    }
    int rc = fw_groups_init(&scan->groups, &places, &how);
    if (rc == 0) {
        return FW_OK;
    }
    return rc == -ENOMEM
               ? fw_fault_nomem(scan->host)
               : fw_faultf(scan->host, FW_E_CONFIG, scan->path,
                           "take more images, more neighbours or a smaller gridsize; "
                           "positions must be finite",
                           "%u images cannot be put into %u groups of %u out of %u neighbours",
                           scan->n, how.n_groups == 0 ? scan->n : how.n_groups, how.per_group,
                           how.n_neighbours);
}

fw_status recon_read_object(const struct fw_host *host, const struct fw_npz *npz, const char *path,
                            const char *name, double complex **ret_pixels, size_t ret_shape[2])
{
    struct fw_npy *npy = NULL;
    fw_status status = fw_npy_open(npz, name, &npy);
    if (status != FW_OK) {
        return status;
    }
    const struct fw_npy_header *header = fw_npy_header(npy);
    const bool is_complex = header->type == FW_NPY_C8 || header->type == FW_NPY_C16;
    if (header->n_dims != 2 || !is_complex || header->n_items == 0) {
        status = fw_faultf(host, FW_E_DATA, path, NULL,
                           "%s is %s on %u axes; complex numbers on two are needed", name,
                           header->descr, header->n_dims);
    } else {
        status = fw_npy_read_all(npy, FW_NPY_C16, (void **)ret_pixels);
    }
    if (status == FW_OK) {
        ret_shape[0] = header->shape[0];
        ret_shape[1] = header->shape[1];
    }
    fw_npy_close(npy);
    return status;
}

static fw_status read_truth(struct recon_scan *scan, const struct fw_task *task)
{
    size_t shape[2] = {0};
    fw_status status = FW_OK;
    if (fw_npz_has(scan->npz, "objectGuess")) {
        status = recon_read_object(scan->host, scan->npz, scan->path, "objectGuess", &scan->object,
                                   shape);
    } else {
        const size_t crop = (size_t)fw_task_value(task, "stitch_crop")->integer;
        recon_places_frame(&scan->places, scan->n, crop, shape);
    }
    scan->height = shape[0];
    scan->width = shape[1];
    return status;
}

static fw_status read_scan(struct recon_scan *scan, const struct fw_task *task)
{
    fw_status status = recon_frames_open(scan->host, task, scan->npz, &scan->frames);
    scan->n_side = scan->frames.side;
    if (status == FW_OK) {
        status = recon_places_read(scan->host, task, scan->npz, scan->frames.n, &scan->places);
    }
    if (status == FW_OK) {
        status = choose(scan, task, scan->frames.n);
    }
    if (status != FW_OK) {
        return status;
    }
    recon_places_bound(&scan->places, scan->frames.n);
    keep_chosen(scan, scan->places.x);
    keep_chosen(scan, scan->places.y);
    if (fw_task_value(task, "fixed_canvas")->integer == 0) {
        recon_places_bound(&scan->places, scan->n);
    }
    status = read_truth(scan, task);
    return status == FW_OK ? group(scan, task) : status;
}

fw_status recon_scan_open(const struct fw_host *host, const struct fw_task *task,
                          struct recon_scan *scan)
{
    *scan = (struct recon_scan){.host = host, .path = fw_task_input(task, "data")->paths[0]};
    fw_status status = fw_npz_open(host, scan->path, &scan->npz);
    return status == FW_OK ? read_scan(scan, task) : status;
}

void recon_scan_close(struct recon_scan *scan)
{
    fw_groups_finish(&scan->groups);
    recon_frames_close(&scan->frames);
    recon_places_finish(&scan->places);
    fw_npz_close(scan->npz);
    free(scan->images);
    free(scan->powers);
    free(scan->object);
    *scan = (struct recon_scan){0};
}

fw_status recon_scan_read(const struct recon_scan *scan, const uint32_t *numbers, size_t n,
                          float *ret_images)
{
    uint32_t *frames = malloc((n + 1) * sizeof *frames);
    if (frames == NULL) {
        return fw_fault_nomem(scan->host);
    }
    for (size_t i = 0; i < n; i++) {
        frames[i] = scan->images[numbers[i]];
    }
    fw_status status = recon_frames_read(&scan->frames, frames, n, ret_images);
    free(frames);
    return status;
}

fw_status recon_scan_measure(struct recon_scan *scan, uint32_t first, uint32_t n)
{
    const size_t size = (size_t)scan->n_side * scan->n_side;
    float *images = malloc(n * size * sizeof *images);
    uint32_t *numbers = malloc(n * sizeof *numbers);
    for (uint32_t i = 0; numbers != NULL && i < n; i++) {
        numbers[i] = first + i;
    }
    fw_status status = images == NULL || numbers == NULL
                           ? fw_fault_nomem(scan->host)
                           : recon_scan_read(scan, numbers, n, images);
    for (uint32_t i = first; status == FW_OK && i < first + n; i++) {
        scan->powers[i] = fw_scan_power(images + (i - first) * size, size);
        if (!isfinite(scan->powers[i])) {
            status = fw_faultf(
                scan->host, FW_E_DATA, scan->path, NULL,
                "diffraction image %u holds a number that is not finite, or a count below 0",
                scan->images[i]);
        }
    }
    free(images);
    free(numbers);
    return status;
}

fw_status recon_scan_normalise(struct recon_scan *scan)
{
    struct fw_scan_mean mean = {0};
    const struct fw_groups *groups = &scan->groups;
    for (size_t i = 0; i < (size_t)groups->n * groups->per_group; i++) {
        fw_scan_mean_add(&mean, scan->powers[groups->members[i]]);
    }
    scan->scale = fw_scan_scale(&mean, scan->n_side);
    return isfinite(scan->scale) ? FW_OK
                                 : fw_faultf(scan->host, FW_E_DATA, scan->path, NULL,
                                             "all diffraction images of the groups are dark");
}

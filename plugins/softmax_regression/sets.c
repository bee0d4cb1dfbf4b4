/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>

#include "softmax.h"
#include "sql/fault.h"

/* Images that are on their way at a time. */
enum { CHUNK = 512, MAX_CLASSES = 65536 };

struct source {
    struct fw_npz *npz;
    struct fw_npy *x, *y;
    const char *path;
};

static void close_source(struct source *source)
{
    fw_npy_close(source->x);
    fw_npy_close(source->y);
    fw_npz_close(source->npz);
}

static fw_status open_source(const struct softmax *softmax, const char *port, struct source *source)
{
    source->path = fw_task_input(softmax->task, port)->paths[0];
    fw_status status = fw_npz_open(softmax->host, source->path, &source->npz);
    if (status == FW_OK) {
        status = fw_npy_open(source->npz, fw_task_text(softmax->task, "input"), &source->x);
    }
    if (status == FW_OK) {
        status = fw_npy_open(source->npz, fw_task_text(softmax->task, "target"), &source->y);
    }
    return status;
}

/* [n][numbers], [n][rows][columns] or [n][channels][rows][columns]. */
static fw_status read_shape(const struct softmax *softmax, const struct source *source,
                            struct softmax_set *set)
{
    const struct fw_npy_header *x = fw_npy_header(source->x), *y = fw_npy_header(source->y);
    const bool image = x->n_dims == 3 || x->n_dims == 4;
    if ((x->n_dims != 2 && !image) || x->n_items == 0 || y->n_dims != 1 ||
        y->shape[0] != x->shape[0] || x->shape[0] > UINT32_MAX) {
        return fw_faultf(softmax->host, FW_E_DATA, source->path, NULL,
                         "expected samples [n][numbers], [n][rows][columns] or "
                         "[n][channels][rows][columns] and as many classes, found %u axes and %llu "
                         "samples beside %llu classes",
                         x->n_dims, (unsigned long long)(x->n_dims > 0 ? x->shape[0] : 0),
                         (unsigned long long)(y->n_dims > 0 ? y->shape[0] : 0));
    }
    set->n = x->shape[0];
    set->channels = (uint32_t)(x->n_dims == 3 ? 1 : x->shape[1]);
    set->rows = (uint32_t)(image ? x->shape[x->n_dims - 2] : 1);
    set->cols = (uint32_t)(image ? x->shape[x->n_dims - 1] : 1);
    return FW_OK;
}

static fw_status read_labels(const struct softmax *softmax, const struct source *source,
                             struct softmax_set *set)
{
    double *labels = malloc(set->n * sizeof *labels);
    set->labels = malloc(set->n * sizeof *set->labels);
    fw_status status = labels == NULL || set->labels == NULL
                           ? fw_fault_nomem(softmax->host)
                           : fw_npy_read_as(source->y, FW_NPY_F8, 0, set->n, labels);
    for (uint64_t i = 0; status == FW_OK && i < set->n; i++) {
        if (!(labels[i] >= 0 && labels[i] < MAX_CLASSES && labels[i] == floor(labels[i]))) {
            status = fw_faultf(softmax->host, FW_E_DATA, source->path, NULL,
                               "the target of sample %llu is %g, expected a class, 0 or a whole "
                               "number above",
                               (unsigned long long)i, labels[i]);
        } else {
            set->labels[i] = (int32_t)labels[i];
            set->n_classes =
                set->n_classes > (uint64_t)labels[i] ? set->n_classes : (uint64_t)labels[i] + 1;
        }
    }
    free(labels);
    return status;
}

static fw_status read_chunk(struct softmax *softmax, const struct source *source,
                            struct softmax_set *set, uint64_t first, float *images)
{
    const uint64_t n = set->n - first < CHUNK ? set->n - first : CHUNK;
    const uint64_t items = n * set->channels * set->rows * set->cols;
    const double scale = fw_task_real(softmax->task, "input_scale");
    fw_status status = fw_npy_read_as(source->x, FW_NPY_F4, first, n, images);
    for (uint64_t i = 0; status == FW_OK && i < items; i++) {
        images[i] = (float)(images[i] * scale);
        if (!isfinite(images[i])) {
            return fw_faultf(softmax->host, FW_E_DATA, source->path, NULL,
                             "sample %llu holds a number that is not finite",
                             (unsigned long long)(first + i / (items / n)));
        }
    }
    return status == FW_OK ? softmax_features(softmax, images, first, n, set, set->features)
                           : status;
}

static fw_status read_images(struct softmax *softmax, const struct source *source,
                             struct softmax_set *set)
{
    float *images = malloc((size_t)CHUNK * set->channels * set->rows * set->cols * sizeof *images);
    fw_status status =
        images == NULL
            ? fw_fault_nomem(softmax->host)
            : softmax->kernels->buffer_create(
                  softmax->session, set->n * softmax->n_features * sizeof(float), &set->features);
    for (uint64_t first = 0; status == FW_OK && first < set->n; first += CHUNK) {
        status = read_chunk(softmax, source, set, first, images);
    }
    free(images);
    return status;
}

static fw_status load_train(struct softmax *softmax)
{
    struct source source = {0};
    struct softmax_set *set = &softmax->train;
    fw_status status = open_source(softmax, "train", &source);
    if (status == FW_OK) {
        status = read_shape(softmax, &source, set);
    }
    if (status == FW_OK) {
        status = read_labels(softmax, &source, set);
    }
    if (status == FW_OK && set->n_classes < 2) {
        status = fw_faultf(softmax->host, FW_E_DATA, source.path, NULL,
                           "all %llu samples are of class 0: there is nothing to tell apart",
                           (unsigned long long)set->n);
    }
    if (status == FW_OK) {
        status = softmax_filters_make(softmax);
    }
    if (status == FW_OK) {
        status = read_images(softmax, &source, set);
    }
    close_source(&source);
    return status;
}

static fw_status load_test(struct softmax *softmax)
{
    struct source source = {0};
    struct softmax_set *set = &softmax->test;
    const struct softmax_set *train = &softmax->train;
    fw_status status = open_source(softmax, "test", &source);
    if (status == FW_OK) {
        status = read_shape(softmax, &source, set);
    }
    if (status == FW_OK && (set->channels != train->channels || set->rows != train->rows ||
                            set->cols != train->cols)) {
        status = fw_faultf(
            softmax->host, FW_E_DATA, source.path, NULL,
            "samples are of %u x %u x %u, those of the training part of %u x %u x %u",
            set->channels, set->rows, set->cols, train->channels, train->rows, train->cols);
    }
    if (status == FW_OK) {
        status = read_images(softmax, &source, set);
    }
    close_source(&source);
    return status;
}

fw_status softmax_load(struct softmax *softmax)
{
    fw_status status = load_train(softmax);
    return status == FW_OK && fw_task_input(softmax->task, "test") != NULL ? load_test(softmax)
                                                                           : status;
}

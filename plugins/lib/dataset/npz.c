/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>

#include "dataset/internal.h"
#include "npy/npy.h"
#include "sql/fault.h"

/* One part: two arrays, of one archive or of a file each. */
struct arrays {
    const struct fw_host *host;
    const char *path, *labels_path;
    struct fw_npz *archive, *labels_archive;
    struct fw_npy *x, *y;
    const struct fw_npy_header *shape;
};

static void close_arrays(struct arrays *arrays)
{
    fw_npy_close(arrays->x);
    fw_npy_close(arrays->y);
    fw_npz_close(arrays->archive);
    fw_npz_close(arrays->labels_archive);
}

/* The one array of a .npy is called "". */
static fw_status open_array(const struct fw_npz *archive, const char *name, struct fw_npy **ret)
{
    const bool alone = fw_npz_n_arrays(archive) == 1 && fw_npz_name(archive, 0)[0] == '\0';

    return fw_npy_open(archive, alone ? "" : name, ret);
}

static fw_status check_shape(const struct arrays *arrays)
{
    const struct fw_npy_header *x = fw_npy_header(arrays->x), *y = fw_npy_header(arrays->y);

    if (x->n_dims >= 2 && x->n_dims <= 4 && x->n_items > 0 && y->n_dims == 1 &&
        y->shape[0] == x->shape[0]) {
        return FW_OK;
    }
    return fw_faultf(arrays->host, FW_E_DATA, arrays->path, NULL,
                     "expected samples [n][features], [n][rows][columns] or "
                     "[n][channels][rows][columns] and as many classes, found %u axes and %llu "
                     "samples beside %llu classes",
                     x->n_dims, (unsigned long long)(x->n_dims > 0 ? x->shape[0] : 0),
                     (unsigned long long)(y->n_dims > 0 ? y->shape[0] : 0));
}

static fw_status open_arrays(struct arrays *arrays, const struct fw_dataset_npz *files)
{
    const char *input = files->input != NULL ? files->input : "x";
    const char *target = files->target != NULL ? files->target : "y";
    fw_status status = fw_npz_open(arrays->host, arrays->path, &arrays->archive);

    if (status == FW_OK) {
        status = open_array(arrays->archive, input, &arrays->x);
    }
    if (status == FW_OK && arrays->labels_path != NULL) {
        status = fw_npz_open(arrays->host, arrays->labels_path, &arrays->labels_archive);
    }
    if (status == FW_OK) {
        const struct fw_npz *of =
            arrays->labels_path != NULL ? arrays->labels_archive : arrays->archive;
        status = of == arrays->archive ? fw_npy_open(of, target, &arrays->y)
                                       : open_array(of, target, &arrays->y);
    }
    if (status == FW_OK) {
        status = check_shape(arrays);
        arrays->shape = fw_npy_header(arrays->x);
    }
    return status;
}

/* Dimension `from_last` of a sample: 0 columns, 1 rows, 2 channels; 1 where it has none. */
static uint64_t dimension(const struct fw_npy_header *x, unsigned from_last)
{
    return from_last + 1 < x->n_dims ? x->shape[x->n_dims - 1 - from_last] : 1;
}

static fw_status read_labels(const struct arrays *arrays, uint64_t first, struct fw_dataset *set)
{
    void *read = NULL;
    fw_status status = fw_npy_read_all(arrays->y, FW_NPY_F8, &read);
    const double *labels = read;

    for (uint64_t i = 0; status == FW_OK && i < arrays->shape->shape[0]; i++) {
        if (!fw_dataset_label(set, first + i, labels[i])) {
            status =
                fw_faultf(arrays->host, FW_E_DATA,
                          arrays->labels_path != NULL ? arrays->labels_path : arrays->path, NULL,
                          "the class of sample %llu is %g, expected 0 or a whole number "
                          "above",
                          (unsigned long long)i, labels[i]);
        }
    }
    free(read);
    return status;
}

static fw_status check_finite(const struct arrays *arrays, const float *values,
                              const struct fw_dataset *set)
{
    for (uint64_t i = 0; i < arrays->shape->n_items; i++) {
        if (!isfinite(values[i])) {
            return fw_faultf(arrays->host, FW_E_DATA, arrays->path, NULL,
                             "number %llu of sample %llu is %g, expected a finite one (as float32)",
                             (unsigned long long)(i % set->item),
                             (unsigned long long)(i / set->item), (double)values[i]);
        }
    }
    return FW_OK;
}

static fw_status read_part(const struct arrays *arrays, uint64_t first, struct fw_dataset *set)
{
    const uint64_t n = arrays->shape->shape[0], at = first * set->item;
    fw_status status = fw_npy_check(arrays->x);

    if (status == FW_OK) {
        status = set->bytes != NULL ? fw_npy_read(arrays->x, 0, n, set->bytes + at)
                                    : fw_npy_read_as(arrays->x, FW_NPY_F4, 0, n, set->floats + at);
    }
    if (status == FW_OK && set->floats != NULL) {
        status = check_finite(arrays, set->floats + at, set);
    }
    return status == FW_OK ? read_labels(arrays, first, set) : status;
}

static fw_status check_same(const struct arrays *train, const struct arrays *test)
{
    const struct fw_npy_header *a = train->shape, *b = test->shape;
    bool same = a->n_dims == b->n_dims && (a->type == FW_NPY_U1) == (b->type == FW_NPY_U1);

    for (unsigned i = 1; same && i < a->n_dims; i++) {
        same = a->shape[i] == b->shape[i];
    }
    return same
               ? FW_OK
               : fw_faultf(test->host, FW_E_DATA, test->path, NULL,
                           "%s of %llu x %llu x %llu, those to train with are %s of %llu x %llu x "
                           "%llu",
                           fw_npy_type_name(b->type), (unsigned long long)dimension(b, 2),
                           (unsigned long long)dimension(b, 1), (unsigned long long)dimension(b, 0),
                           fw_npy_type_name(a->type), (unsigned long long)dimension(a, 2),
                           (unsigned long long)dimension(a, 1),
                           (unsigned long long)dimension(a, 0));
}

static fw_status load(const struct fw_dataset_options *options, const struct arrays *train,
                      const struct arrays *test, struct fw_dataset **ret_set)
{
    const struct fw_npy_header *x = train->shape;
    const uint64_t n_test = test->x != NULL ? test->shape->shape[0] : 0;
    const struct fw_dataset_plan plan = {.kind = "npz",
                                         .path = train->path,
                                         .channels = dimension(x, 2),
                                         .rows = dimension(x, 1),
                                         .cols = dimension(x, 0),
                                         .n_samples = x->shape[0] + n_test,
                                         .floats = x->type != FW_NPY_U1,
                                         .by_column = x->n_dims == 2,
                                         .measured = options->scaling != FW_DATASET_AS_IS};
    struct fw_dataset *set = NULL;
    fw_status status = fw_dataset_create(options, &plan, &set);

    if (status == FW_OK) {
        status = read_part(train, 0, set);
    }
    if (status == FW_OK && n_test > 0) {
        fw_dataset_give(set, x->shape[0], FW_DATASET_TEST);
        status = read_part(test, x->shape[0], set);
    }
    if (status != FW_OK) {
        fw_dataset_close(set);
        return status;
    }
    status = fw_dataset_ready(options, train->path, &set);
    if (status == FW_OK) {
        *ret_set = set;
    }
    return status;
}

fw_status fw_dataset_open_npz(const struct fw_dataset_options *options,
                              const struct fw_dataset_npz *files, struct fw_dataset **ret_set)
{
    struct arrays train = {
        .host = options->host, .path = files->train, .labels_path = files->train_labels};
    struct arrays test = {
        .host = options->host, .path = files->test, .labels_path = files->test_labels};
    fw_status status = open_arrays(&train, files);

    if (status == FW_OK && files->test != NULL) {
        status = open_arrays(&test, files);
        status = status == FW_OK ? check_same(&train, &test) : status;
    }
    if (status == FW_OK) {
        status = load(options, &train, &test, ret_set);
    }
    close_arrays(&train);
    close_arrays(&test);
    return status;
}

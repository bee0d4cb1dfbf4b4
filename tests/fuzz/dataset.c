/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>

#include "dataset/sources.h"
#include "fuzz_host.h"

enum { HEADER = 2, MAX_ITEM = 1 << 16 };

static struct fw_dataset_options options_of(uint8_t byte)
{
    return (struct fw_dataset_options){
        .host = fuzz_host(),
        .val_share = (byte & 3) * 0.1,
        .test_share = (byte >> 2 & 3) * 0.2,
        .scaling = byte >> 4 & 1 ? FW_DATASET_AS_IS : FW_DATASET_USUAL,
        .augment = {.crop_scale_min = byte >> 5 & 1 ? 0.3 : 0, .flip = byte >> 6 & 1 ? 0.5 : 0}};
}

/* The first 64 bytes at most are the labels. */
static fw_status open_idx(const struct fw_dataset_options *options, const uint8_t *data,
                          size_t size, struct fw_dataset **ret_set)
{
    const size_t n_labels = size < 64 ? size : 64;
    const struct fw_dataset_idx files = {.train_images = fuzz_path("images"),
                                         .train_labels = fuzz_path("labels")};
    const size_t used = n_labels >= 8 && data[7] < 56 ? (size_t)8 + data[7] : n_labels;

    fuzz_write(files.train_labels, data, used < size ? used : size);
    fuzz_write(files.train_images, data + (used < size ? used : size),
               size - (used < size ? used : size));
    return fw_dataset_open_idx(options, &files, ret_set);
}

static fw_status open_any(const uint8_t *data, size_t size, struct fw_dataset **ret_set)
{
    const struct fw_dataset_options options = options_of(data[1]);
    const struct fw_dataset_npz npz = {.train = fuzz_path("a.npz")};

    switch (data[0] % 3) {
    case 0:
        return open_idx(&options, data + HEADER, size - HEADER, ret_set);
    case 1:
        fuzz_write(fuzz_path("a.bin"), data + HEADER, size - HEADER);
        return fw_dataset_open_cifar10(&options, fuzz_path("a.bin"), NULL, ret_set);
    default:
        fuzz_write(npz.train, data + HEADER, size - HEADER);
        return fw_dataset_open_npz(&options, &npz, ret_set);
    }
}

/* Each sample is of one part, and of a class that there is. */
static void check_parts(const struct fw_dataset *set)
{
    const struct fw_dataset_info *info = fw_dataset_info(set);
    uint64_t n_all = 0;
    int32_t label;

    for (int part = 0; part < FW_DATASET_PARTS; part++) {
        uint64_t n;
        const uint32_t *samples = fw_dataset_part(set, (enum fw_dataset_part)part, &n);
        for (uint64_t i = 0; i < n; i++) {
            FUZZ_CHECK(samples[i] < info->n_samples && (i == 0 || samples[i] > samples[i - 1]));
            fw_dataset_labels(set, &samples[i], 1, &label);
            FUZZ_CHECK(label >= 0 && (uint32_t)label < info->n_classes);
        }
        n_all += n;
    }
    FUZZ_CHECK(n_all == info->n_samples);
}

static void check_inputs(const struct fw_dataset *set)
{
    const struct fw_dataset_info *info = fw_dataset_info(set);
    const uint64_t item = info->channels * info->rows * info->cols;
    const struct fw_dataset_draw draw = {.seed = 1};
    float *inputs = item <= MAX_ITEM ? malloc(item * sizeof *inputs) : NULL;

    for (uint32_t i = 0; inputs != NULL && i < info->n_samples && i < 3; i++) {
        fw_dataset_fill(set, &i, 1, i == 1 ? NULL : &draw, inputs);
        for (uint64_t at = 0; info->raw_scale < 1 && at < item; at++) {
            FUZZ_CHECK(isfinite(inputs[at])); /* bytes are, whatever they are scaled by */
        }
    }
    free(inputs);
}

/* Input: which reader, options, its file. It is a data set, or there is a sentence about it. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fw_dataset *set = NULL;

    if (size < HEADER) {
        return 0;
    }
    const fw_status status = open_any(data, size, &set);
    if (status != FW_OK) {
        FUZZ_CHECK(status < 0 && set == NULL);
        fuzz_host_check_fault(status);
        return 0;
    }
    check_parts(set);
    check_inputs(set);
    fw_dataset_close(set);
    return 0;
}

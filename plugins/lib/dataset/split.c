/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>

#include "dataset/internal.h"
#include "splitmix/splitmix.h"
#include "sql/fault.h"

static bool has(const struct fw_dataset *set, enum fw_dataset_part part)
{
    for (uint64_t i = 0; i < set->info.n_samples; i++) {
        if (set->given[i] == part) {
            return true;
        }
    }
    return false;
}

/* Of one class's n samples: shares, in an order that the split's seed and the class say. */
static void take(struct fw_dataset *set, uint32_t *samples, uint64_t n,
                 const double share[FW_DATASET_PARTS])
{
    uint64_t at = 0;

    for (size_t part = FW_DATASET_VAL; part < FW_DATASET_PARTS; part++) {
        const uint64_t end = at + (uint64_t)llround(share[part] * (double)n);
        for (; at < end && at < n; at++) {
            set->given[samples[at]] = (uint8_t)part;
        }
    }
}

static fw_status stratify(const struct fw_dataset_options *options, struct fw_dataset *set,
                          const double share[FW_DATASET_PARTS])
{
    uint32_t *samples = calloc(set->info.n_samples, sizeof *samples);

    if (samples == NULL) {
        return fw_fault_nomem(options->host);
    }
    for (uint32_t class = 0; class < set->info.n_classes; class ++) {
        uint64_t n = 0;
        for (uint64_t i = 0; i < set->info.n_samples; i++) {
            if (set->given[i] == FW_DATASET_TRAIN && set->labels[i] == (int32_t) class) {
                samples[n++] = (uint32_t)i;
            }
        }
        fw_dataset_shuffle(samples, n, fw_splitmix(options->split_seed, class));
        take(set, samples, n, share);
    }
    free(samples);
    return FW_OK;
}

static fw_status list(struct fw_dataset *set, enum fw_dataset_part of, enum fw_dataset_part as)
{
    uint64_t n = 0;

    for (uint64_t i = 0; i < set->info.n_samples; i++) {
        n += set->given[i] == of;
    }
    uint32_t *samples = malloc((n > 0 ? n : 1) * sizeof *samples);
    if (samples == NULL) {
        return fw_fault_nomem(set->host);
    }
    set->parts[as] = samples;
    for (uint64_t i = 0; i < set->info.n_samples; i++) {
        if (set->given[i] == of) {
            samples[set->n_parts[as]++] = (uint32_t)i;
        }
    }
    return FW_OK;
}

/* What validates instead of a part of its own. */
static fw_status choose_test(const struct fw_dataset_options *options, const char *path,
                             struct fw_dataset *set)
{
    if (!has(set, FW_DATASET_TEST) && options->test_share == 0) {
        return fw_faultf(options->host, FW_E_CONFIG, path, "give a test part, or a test_share",
                         "the test part is to validate, and there is none");
    }
    for (uint64_t i = 0; i < set->info.n_samples; i++) {
        set->given[i] = set->given[i] == FW_DATASET_TEST ? FW_DATASET_TEST : FW_DATASET_TRAIN;
    }
    set->info.val_origin = "test";
    return FW_OK;
}

static fw_status check_parts(const struct fw_dataset_options *options, const char *path,
                             const struct fw_dataset *set)
{
    const bool no_val = options->val_share > 0 && set->n_parts[FW_DATASET_VAL] == 0;

    if (set->n_parts[FW_DATASET_TRAIN] > 0 && !no_val) {
        return FW_OK;
    }
    return fw_faultf(options->host, FW_E_DATA, path, "give more samples, or other shares",
                     "of %llu samples %llu are left to train and %llu to validate with",
                     (unsigned long long)set->info.n_samples,
                     (unsigned long long)set->n_parts[FW_DATASET_TRAIN],
                     (unsigned long long)set->n_parts[FW_DATASET_VAL]);
}

fw_status fw_dataset_divide(const struct fw_dataset_options *options, const char *path,
                            struct fw_dataset *set)
{
    const bool own_val = has(set, FW_DATASET_VAL) && !options->val_is_test;
    const double share[FW_DATASET_PARTS] = {
        0, own_val || options->val_is_test ? 0 : options->val_share,
        has(set, FW_DATASET_TEST) ? 0 : options->test_share};
    fw_status status = FW_OK;

    set->info.val_origin = own_val ? "source" : share[FW_DATASET_VAL] > 0 ? "share" : "none";
    if (options->val_is_test) {
        status = choose_test(options, path, set);
    }
    if (status == FW_OK && (share[FW_DATASET_VAL] > 0 || share[FW_DATASET_TEST] > 0)) {
        status = stratify(options, set, share);
    }
    for (size_t part = 0; part < FW_DATASET_PARTS && status == FW_OK; part++) {
        const bool of_test = part == FW_DATASET_VAL && options->val_is_test;
        status = list(set, of_test ? FW_DATASET_TEST : (enum fw_dataset_part)part,
                      (enum fw_dataset_part)part);
    }
    return status == FW_OK ? check_parts(options, path, set) : status;
}

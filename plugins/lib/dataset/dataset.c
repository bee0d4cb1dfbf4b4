/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "dataset/internal.h"
#include "sql/fault.h"

/* Classes beyond that are a target that was meant to be a number. */
enum { MAX_CLASSES = 65536 };

const char *const fw_dataset_part_names[FW_DATASET_PARTS] = {"train", "val", "test"};

static fw_status refuse_size(const struct fw_dataset_options *options,
                             const struct fw_dataset_plan *plan)
{
    return fw_faultf(options->host, FW_E_DATA, plan->path, NULL,
                     "%llu samples of %llu x %llu x %llu numbers are none, or more than fit",
                     (unsigned long long)plan->n_samples, (unsigned long long)plan->channels,
                     (unsigned long long)plan->rows, (unsigned long long)plan->cols);
}

/* False: something is 0, or a product of them cannot be counted in bytes. */
static bool count_values(const struct fw_dataset_plan *plan, uint64_t *ret_item, uint64_t *ret_n)
{
    uint64_t bytes;

    return plan->n_samples > 0 && plan->n_samples < UINT32_MAX &&
           !__builtin_mul_overflow(plan->channels, plan->rows, ret_item) &&
           !__builtin_mul_overflow(*ret_item, plan->cols, ret_item) && *ret_item > 0 &&
           !__builtin_mul_overflow(*ret_item, plan->n_samples, ret_n) &&
           !__builtin_mul_overflow(plan->n_values > 0 ? plan->n_values : *ret_n, sizeof(double),
                                   &bytes) &&
           bytes <= PTRDIFF_MAX;
}

static bool allocate(struct fw_dataset *set, const struct fw_dataset_plan *plan)
{
    const uint64_t n = plan->n_samples;

    if (plan->floats) {
        set->floats = calloc(set->n_values, sizeof *set->floats);
    } else {
        set->bytes = calloc(set->n_values, 1);
    }
    set->begins = plan->n_values > 0 ? calloc(n, sizeof *set->begins) : NULL;
    set->labels = calloc(n, sizeof *set->labels);
    set->keys = calloc(n, sizeof *set->keys);
    set->given = calloc(n, 1);
    set->scales = calloc(2 * set->info.n_scales, sizeof *set->scales);
    return (set->floats != NULL || set->bytes != NULL) &&
           (set->begins != NULL || plan->n_values == 0) && set->labels != NULL &&
           set->keys != NULL && set->given != NULL && set->scales != NULL;
}

fw_status fw_dataset_create(const struct fw_dataset_options *options,
                            const struct fw_dataset_plan *plan, struct fw_dataset **ret_set)
{
    uint64_t item, n_values;

    if (!count_values(plan, &item, &n_values)) {
        return refuse_size(options, plan);
    }
    struct fw_dataset *set = calloc(1, sizeof *set);
    if (set == NULL) {
        return fw_fault_nomem(options->host);
    }
    set->host = options->host;
    set->item = item;
    set->n_values = plan->n_values > 0 ? plan->n_values : n_values;
    set->by_column = plan->by_column;
    set->measured = plan->measured;
    set->augment = options->augment;
    set->info = (struct fw_dataset_info){.kind = plan->kind,
                                         .channels = plan->channels,
                                         .rows = plan->rows,
                                         .cols = plan->cols,
                                         .n_samples = plan->n_samples,
                                         .n_scales = plan->by_column ? plan->cols : plan->channels,
                                         .raw_scale = plan->floats ? 1 : 1.0 / 255};
    if (!allocate(set, plan)) {
        fw_dataset_close(set);
        return fw_fault_nomem(options->host);
    }
    set->info.means = set->scales;
    set->info.deviations = set->scales + set->info.n_scales;
    for (uint64_t i = 0; i < set->info.n_scales; i++) {
        set->scales[set->info.n_scales + i] = 1;
    }
    fw_dataset_give(set, 0, FW_DATASET_TRAIN);
    *ret_set = set;
    return FW_OK;
}

void fw_dataset_give(struct fw_dataset *set, uint64_t first, enum fw_dataset_part part)
{
    for (uint64_t i = first; i < set->info.n_samples; i++) {
        set->given[i] = (uint8_t)part;
        set->keys[i] = (int64_t)(i - first);
    }
}

bool fw_dataset_label(struct fw_dataset *set, uint64_t sample, double value)
{
    if (!(value >= 0 && value < MAX_CLASSES && value == floor(value))) {
        return false;
    }
    set->labels[sample] = (int32_t)value;
    if (set->info.n_classes <= (uint32_t)value) {
        set->info.n_classes = (uint32_t)value + 1;
    }
    return true;
}

static fw_status refuse_option(const struct fw_dataset_options *options, const char *name,
                               double value, const char *expected)
{
    return fw_faultf(options->host, FW_E_CONFIG, name, NULL, "%g is not %s", value, expected);
}

static fw_status check_options(const struct fw_dataset_options *options,
                               const struct fw_dataset *set)
{
    const struct fw_dataset_augment *augment = &options->augment;
    const double probabilities[] = {augment->crop_scale_min, augment->flip, augment->turn,
                                    options->val_share, options->test_share};
    static const char *const names[] = {"crop_scale_min", "flip", "turn", "val_share",
                                        "test_share"};

    for (size_t i = 0; i < FW_COUNT(names); i++) {
        if (!(probabilities[i] >= 0 && probabilities[i] <= 1)) {
            return refuse_option(options, names[i], probabilities[i], "in 0 ... 1");
        }
    }
    if (options->val_share + options->test_share >= 1) {
        return refuse_option(options, "val_share", options->val_share,
                             "below 1 together with test_share: nothing is left to train with");
    }
    if (augment->pad > 0 && augment->crop_scale_min > 0) {
        return refuse_option(options, "crop_scale_min", augment->crop_scale_min,
                             "0 where pad is not: one crop at a time");
    }
    if (augment->pad > 0 && (augment->pad >= set->info.rows || augment->pad >= set->info.cols)) {
        return refuse_option(options, "pad", augment->pad,
                             "less than the images are wide and high");
    }
    if (set->by_column &&
        (augment->pad > 0 || probabilities[0] > 0 || augment->flip > 0 || augment->turn > 0)) {
        return fw_faultf(options->host, FW_E_CONFIG, "augment", "leave the augmentation out",
                         "%s are no images, and cannot be cropped, mirrored or turned",
                         set->info.kind);
    }
    return FW_OK;
}

static fw_status check_classes(const struct fw_dataset_options *options, const char *path,
                               const struct fw_dataset *set)
{
    return set->info.n_classes >= 2
               ? FW_OK
               : fw_faultf(options->host, FW_E_DATA, path, NULL,
                           "all %llu samples are of class 0: there is nothing to tell apart",
                           (unsigned long long)set->info.n_samples);
}

fw_status fw_dataset_ready(const struct fw_dataset_options *options, const char *path,
                           struct fw_dataset **set)
{
    fw_status status = check_options(options, *set);

    if (status == FW_OK) {
        status = check_classes(options, path, *set);
    }
    if (status == FW_OK) {
        status = fw_dataset_divide(options, path, *set);
    }
    if (status != FW_OK) {
        fw_dataset_close(*set);
        *set = NULL;
        return status;
    }
    free((*set)->given);
    (*set)->given = NULL;
    if ((*set)->measured) {
        fw_dataset_measure(*set);
    }
    return FW_OK;
}

void fw_dataset_close(struct fw_dataset *set)
{
    if (set == NULL) {
        return;
    }
    for (uint64_t i = 0; set->columns != NULL && i < set->info.n_scales; i++) {
        free(set->columns[i]);
    }
    for (size_t i = 0; i < FW_DATASET_PARTS; i++) {
        free(set->parts[i]);
    }
    free(set->columns);
    free(set->bytes);
    free(set->floats);
    free(set->begins);
    free(set->labels);
    free(set->keys);
    free(set->given);
    free(set->scales);
    free(set);
}

const struct fw_dataset_info *fw_dataset_info(const struct fw_dataset *set)
{
    return &set->info;
}

const uint32_t *fw_dataset_part(const struct fw_dataset *set, enum fw_dataset_part part,
                                uint64_t *ret_n)
{
    *ret_n = set->n_parts[part];
    return set->parts[part];
}

void fw_dataset_count(const struct fw_dataset *set, enum fw_dataset_part part, uint64_t *ret_counts)
{
    memset(ret_counts, 0, set->info.n_classes * sizeof *ret_counts);
    for (uint64_t i = 0; i < set->n_parts[part]; i++) {
        ret_counts[set->labels[set->parts[part][i]]]++;
    }
}

void fw_dataset_labels(const struct fw_dataset *set, const uint32_t *samples, uint64_t n,
                       int32_t *ret_labels)
{
    for (uint64_t i = 0; i < n; i++) {
        ret_labels[i] = set->labels[samples[i]];
    }
}

int64_t fw_dataset_key(const struct fw_dataset *set, uint32_t sample)
{
    return set->keys[sample];
}

const char *fw_dataset_day_text(double day, char text[FW_DATASET_DAY_TEXT])
{
    const time_t seconds = isfinite(day) ? (time_t)(day * 86400) : 0;
    struct tm parts;

    return isfinite(day) && gmtime_r(&seconds, &parts) != NULL &&
                   strftime(text, FW_DATASET_DAY_TEXT, "%F", &parts) > 0
               ? text
               : NULL;
}

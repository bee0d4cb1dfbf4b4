/* SPDX-License-Identifier: MIT */
/* What is drawn from a data set: parts, orders, scales and augmented images, against
 * tests/reference/dataset_reference.py (PyTorch, NumPy), and what it must not depend on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dataset/stream.h"
#include "dataset_fixture.h"

static const uint64_t SHAPE[] = {120, 3, 6, 9};
enum { ITEM = 3 * 6 * 9 };

static struct fw_dataset *open_with(const struct fw_dataset_options *options)
{
    struct fw_dataset *set = NULL;
    const struct fw_dataset_npz files = {.train = dataset_write_npz("set.npz", SHAPE, 4)};

    dataset_must(fw_dataset_open_npz(options, &files, &set));
    return set;
}

static void equal_to_golden(const char *name, const float *found, size_t n, double tolerance)
{
    size_t n_expected;
    double *expected = dataset_golden(name, &n_expected);

    assert_int_equal(n, n_expected);
    for (size_t i = 0; i < n; i++) {
        if (!(fabs(found[i] - expected[i]) <= tolerance)) {
            fail_msg("%s, value %zu: %.9g, expected %.9g", name, i, found[i], expected[i]);
        }
    }
    free(expected);
}

static void augmented_as_by_pytorch(const char *name, const struct fw_dataset *set, size_t item)
{
    static const uint32_t samples[] = {0, 5, 11};
    float *found = malloc(item * sizeof *found);
    char line[64];

    for (uint64_t epoch = 0; epoch <= 3; epoch += 3) {
        const struct fw_dataset_draw draw = {.seed = 42, .epoch = epoch};
        for (size_t i = 0; i < FW_COUNT(samples); i++) {
            snprintf(line, sizeof line, "%s-%d-%u", name, (int)epoch, samples[i]);
            fw_dataset_fill(set, &samples[i], 1, &draw, found);
            equal_to_golden(line, found, item, 1e-6);
        }
    }
    free(found);
}

static void crops_as_torchvision_does_with_tensors(void **state)
{
    (void)state;
    struct fw_dataset *set = open_with(&(const struct fw_dataset_options){
        .host = &dataset_host,
        .scaling = FW_DATASET_AS_IS,
        .augment = {.crop_scale_min = 0.08, .flip = 0.5},
    });
    augmented_as_by_pytorch("crop", set, ITEM);
    fw_dataset_close(set);
}

static void tries_again_where_a_window_does_not_fit(void **state)
{
    (void)state;
    struct fw_dataset *set = open_with(
        &(const struct fw_dataset_options){.host = &dataset_host,
                                           .scaling = FW_DATASET_AS_IS,
                                           .augment = {.crop_scale_min = 0.8, .flip = 0.5}});
    augmented_as_by_pytorch("retry", set, ITEM);
    fw_dataset_close(set);
}

static void pads_flips_and_turns(void **state)
{
    (void)state;
    struct fw_dataset *set = open_with(&(const struct fw_dataset_options){
        .host = &dataset_host,
        .scaling = FW_DATASET_AS_IS,
        .augment = {.pad = 2, .flip = 0.5, .turn = 0.5},
    });
    augmented_as_by_pytorch("pad", set, ITEM);
    fw_dataset_close(set);
}

static void takes_the_centre_where_no_ratio_fits(void **state)
{
    (void)state;
    static const uint64_t shape[] = {24, 1, 2, 40};
    const struct fw_dataset_npz files = {.train = dataset_write_npz("narrow.npz", shape, 4)};
    struct fw_dataset *set = NULL;
    dataset_must(fw_dataset_open_npz(
        &(const struct fw_dataset_options){
            .host = &dataset_host, .scaling = FW_DATASET_AS_IS, .augment = {.crop_scale_min = 1}},
        &files, &set));
    augmented_as_by_pytorch("centre", set, 80);
    fw_dataset_close(set);
}

static const struct fw_dataset_options SPLIT = {
    .host = &dataset_host, .split_seed = 7, .val_share = 0.1, .test_share = 0.15};

static void equal_numbers(const char *name, const uint32_t *found, uint64_t n)
{
    float *as_floats = malloc((n + 1) * sizeof *as_floats);
    for (uint64_t i = 0; i < n; i++) {
        as_floats[i] = (float)found[i];
    }
    equal_to_golden(name, as_floats, n, 0);
    free(as_floats);
}

static void divides_each_class_by_its_share(void **state)
{
    (void)state;
    struct fw_dataset *set = open_with(&SPLIT);
    uint64_t n, counts[3][4];
    const uint32_t *part = fw_dataset_part(set, FW_DATASET_VAL, &n);
    equal_numbers("val", part, n);
    part = fw_dataset_part(set, FW_DATASET_TEST, &n);
    equal_numbers("test", part, n);
    for (int i = 0; i < FW_DATASET_PARTS; i++) {
        fw_dataset_count(set, (enum fw_dataset_part)i, counts[i]);
    }
    for (int i = 0; i < 4; i++) {
        const uint64_t all = counts[0][i] + counts[1][i] + counts[2][i];
        assert_int_equal(counts[1][i], llround(0.1 * (double)all));
        assert_int_equal(counts[2][i], llround(0.15 * (double)all));
    }
    assert_string_equal(fw_dataset_info(set)->val_origin, "share");
    fw_dataset_close(set);
}

static void the_order_is_that_of_seed_and_epoch(void **state)
{
    (void)state;
    struct fw_dataset *set = open_with(&SPLIT);
    uint64_t n;
    (void)fw_dataset_part(set, FW_DATASET_TRAIN, &n);
    uint32_t *order = malloc(n * sizeof *order), *other = malloc(n * sizeof *other);
    for (uint64_t epoch = 0; epoch < 4; epoch++) {
        char line[32];
        snprintf(line, sizeof line, "order-%d", (int)epoch);
        fw_dataset_order(set, FW_DATASET_TRAIN, 5, epoch, order);
        equal_numbers(line, order, n);
    }
    fw_dataset_order(set, FW_DATASET_TRAIN, 6, 3, other);
    assert_memory_not_equal(order, other, n * sizeof *order);
    free(order);
    free(other);
    fw_dataset_close(set);
}

static void measures_the_training_part_alone(void **state)
{
    (void)state;
    struct fw_dataset *set = open_with(&SPLIT);
    const struct fw_dataset_info *info = fw_dataset_info(set);
    float means[3], deviations[3], inputs[ITEM], raw[ITEM];
    for (int i = 0; i < 3; i++) {
        means[i] = (float)info->means[i];
        deviations[i] = (float)info->deviations[i];
    }
    equal_to_golden("means", means, 3, 1e-7);
    equal_to_golden("deviations", deviations, 3, 1e-7);
    const uint32_t sample = 3;
    fw_dataset_fill(set, &sample, 1, NULL, inputs);
    fw_dataset_close(set);
    set = open_with(
        &(const struct fw_dataset_options){.host = &dataset_host, .scaling = FW_DATASET_AS_IS});
    fw_dataset_fill(set, &sample, 1, NULL, raw);
    for (int i = 0; i < ITEM; i++) {
        assert_true(fabs(inputs[i] - (raw[i] - means[i / 54]) / deviations[i / 54]) < 1e-5);
    }
    fw_dataset_close(set);
}

static void a_batch_is_its_samples_one_by_one(void **state)
{
    (void)state;
    struct fw_dataset *set = open_with(&(const struct fw_dataset_options){
        .host = &dataset_host, .augment = {.crop_scale_min = 0.3, .flip = 0.5, .turn = 0.5}});
    static const uint32_t samples[] = {7, 119, 7, 0};
    const struct fw_dataset_draw draw = {.seed = 1, .epoch = 9};
    float batch[4 * ITEM], alone[ITEM];
    int32_t labels[4];
    fw_dataset_fill(set, samples, 4, &draw, batch);
    fw_dataset_labels(set, samples, 4, labels);
    for (int i = 3; i >= 0; i--) {
        fw_dataset_fill(set, &samples[i], 1, &draw, alone);
        assert_memory_equal(alone, batch + (size_t)i * ITEM, sizeof alone);
        assert_int_equal(labels[i], (samples[i] * samples[i] + samples[i] / 5) % 4);
    }
    fw_dataset_fill(set, samples, 1, &(const struct fw_dataset_draw){.seed = 1, .epoch = 10},
                    alone);
    assert_memory_not_equal(alone, batch, sizeof alone);
    fw_dataset_close(set);
}

static void evaluation_sees_images_as_they_are(void **state)
{
    (void)state;
    struct fw_dataset *set = open_with(&(const struct fw_dataset_options){
        .host = &dataset_host,
        .scaling = FW_DATASET_AS_IS,
        .augment = {.crop_scale_min = 0.08, .flip = 1, .turn = 1}});
    const uint32_t sample = 0;
    float found[ITEM];
    fw_dataset_fill(set, &sample, 1, NULL, found);
    for (uint64_t i = 0; i < ITEM; i++) {
        assert_true(found[i] == (float)((double)((i * i * 31 + i * 7) % 251) * (1.0 / 255)));
    }
    fw_dataset_close(set);
}

static void a_certain_flip_mirrors_columns(void **state)
{
    (void)state;
    const uint32_t sample = 4;
    const struct fw_dataset_draw draw = {.seed = 3};
    float as_is[ITEM], flipped[ITEM], turned[ITEM];
    struct fw_dataset_options options = {.host = &dataset_host, .augment = {.flip = 1}};
    struct fw_dataset *set = open_with(&options);
    fw_dataset_fill(set, &sample, 1, NULL, as_is);
    fw_dataset_fill(set, &sample, 1, &draw, flipped);
    fw_dataset_close(set);
    options.augment = (struct fw_dataset_augment){.turn = 1};
    set = open_with(&options);
    fw_dataset_fill(set, &sample, 1, &draw, turned);
    fw_dataset_close(set);
    for (int at = 0; at < ITEM; at++) {
        const int plane = at / 54, row = at % 54 / 9, col = at % 9;
        assert_true(flipped[at] == as_is[plane * 54 + row * 9 + 8 - col]);
        assert_true(turned[at] == as_is[plane * 54 + (5 - row) * 9 + 8 - col]);
    }
}

static void gratings_are_those_of_their_seeds(void **state)
{
    (void)state;
    const struct fw_dataset_options options = {
        .host = &dataset_host, .scaling = FW_DATASET_AS_IS, .val_share = 0.1};
    const struct fw_dataset_gratings how = {
        .size = 6, .n_classes = 5, .n_train = 40, .n_val = 7, .noise = 0.5};
    struct fw_dataset *set = NULL;
    dataset_must(fw_dataset_open_gratings(&options, &how, &set));
    float found[3 * 6 * 6];
    const uint32_t samples[] = {13, 42};
    fw_dataset_fill(set, samples, 1, NULL, found);
    equal_to_golden("grating-train-13", found, 108, 1e-6);
    fw_dataset_fill(set, samples + 1, 1, NULL, found);
    equal_to_golden("grating-val-2", found, 108, 1e-6);
    assert_string_equal(fw_dataset_info(set)->val_origin, "source");
    fw_dataset_close(set);
}

static void gratings_of_the_toy_task(void **state)
{
    (void)state;
    struct fw_dataset *set = NULL;
    dataset_must(fw_dataset_open_gratings(&(const struct fw_dataset_options){.host = &dataset_host},
                                          &(const struct fw_dataset_gratings){0}, &set));
    const struct fw_dataset_info *info = fw_dataset_info(set);
    uint64_t n, counts[10];
    assert_int_equal(info->channels, 3);
    assert_int_equal(info->rows, 16);
    assert_int_equal(info->cols, 16);
    assert_int_equal(info->n_classes, 10);
    assert_int_equal(fw_dataset_part(set, FW_DATASET_VAL, &n)[0], 4096);
    assert_int_equal(n, 512);
    fw_dataset_part(set, FW_DATASET_TEST, &n);
    assert_int_equal(n, 0);
    fw_dataset_count(set, FW_DATASET_TRAIN, counts);
    assert_int_equal(counts[0], 410);
    assert_int_equal(counts[9], 409);
    /* amplitude² / 2 of a uniform .3 … 1, and noise of 1: 1 + .463 / 2 */
    for (int i = 0; i < 3; i++) {
        assert_true(fabs(info->deviations[i] - sqrt(1.2317)) < 0.01);
    }
    fw_dataset_close(set);
}

static void digest_of(const struct fw_dataset_options *options, char hex[FW_DATASET_DIGEST])
{
    struct fw_dataset *set = open_with(options);
    dataset_must(fw_dataset_digest(set, hex));
    fw_dataset_close(set);
}

static void the_digest_tells_what_can_be_drawn_apart(void **state)
{
    (void)state;
    char first[FW_DATASET_DIGEST], same[FW_DATASET_DIGEST], other[FW_DATASET_DIGEST];
    struct fw_dataset_options options = SPLIT;
    options.scaling = FW_DATASET_AS_IS;
    digest_of(&options, first);
    digest_of(&options, same);
    assert_string_equal(first, same);
    assert_int_equal(strlen(first), 64);
    options.split_seed = 8; /* as many samples in each part, but others */
    digest_of(&options, other);
    assert_string_not_equal(first, other);
    digest_of(&SPLIT, other);
    assert_string_not_equal(first, other);
}

static void refuses_options(const struct fw_dataset_options *options, const char *part)
{
    struct fw_dataset *set = NULL;
    const struct fw_dataset_npz files = {.train = dataset_write_npz("set.npz", SHAPE, 4)};
    dataset_refused(fw_dataset_open_npz(options, &files, &set), FW_E_CONFIG, part);
    assert_null(set);
}

static void refuses_shares_and_probabilities_that_cannot_be(void **state)
{
    (void)state;
    struct fw_dataset_options options = {.host = &dataset_host, .val_share = 1.5};
    refuses_options(&options, "val_share: 1.5");
    options.val_share = 0.6;
    options.test_share = 0.4;
    refuses_options(&options, "nothing is left to train with");
    options = (struct fw_dataset_options){.host = &dataset_host, .augment = {.flip = -0.5}};
    refuses_options(&options, "flip: -0.5");
    options.augment = (struct fw_dataset_augment){.crop_scale_min = NAN};
    refuses_options(&options, "crop_scale_min");
    options.augment = (struct fw_dataset_augment){.crop_scale_min = 0.5, .pad = 2};
    refuses_options(&options, "one crop at a time");
    options.augment = (struct fw_dataset_augment){.pad = 6};
    refuses_options(&options, "pad: 6 is not less than the images");
    options = (struct fw_dataset_options){.host = &dataset_host, .val_is_test = true};
    refuses_options(&options, "there is none");
}

static void refuses_a_validation_part_without_samples(void **state)
{
    (void)state;
    struct fw_dataset *set = NULL;
    const struct fw_dataset_npz files = {.train = dataset_write_npz("set.npz", SHAPE, 4)};
    const struct fw_dataset_options options = {.host = &dataset_host, .val_share = 0.001};
    dataset_refused(fw_dataset_open_npz(&options, &files, &set), FW_E_DATA, "0 to validate with");
}

static void the_test_part_may_validate(void **state)
{
    (void)state;
    struct fw_dataset_options options = SPLIT;
    options.val_is_test = true;
    struct fw_dataset *set = open_with(&options);
    uint64_t n_train, n_val, n_test;
    fw_dataset_part(set, FW_DATASET_TRAIN, &n_train);
    const uint32_t *val = fw_dataset_part(set, FW_DATASET_VAL, &n_val);
    const uint32_t *test = fw_dataset_part(set, FW_DATASET_TEST, &n_test);
    assert_int_equal(n_train + n_test, 120);
    assert_int_equal(n_val, n_test);
    assert_memory_equal(val, test, n_val * sizeof *val);
    assert_string_equal(fw_dataset_info(set)->val_origin, "test");
    fw_dataset_close(set);
}

static void streams_are_apart(void **state)
{
    (void)state;
    const uint64_t one = fw_stream_seed(1, FW_STREAM_SHUFFLE, 2, 3);
    assert_true(one != fw_stream_seed(1, FW_STREAM_AUGMENT, 2, 3));
    assert_true(one != fw_stream_seed(1, FW_STREAM_SHUFFLE, 3, 2));
    assert_true(one != fw_stream_seed(2, FW_STREAM_SHUFFLE, 2, 3));
    uint64_t state_of = one, counts[7] = {0};
    for (int i = 0; i < 70000; i++) {
        counts[fw_stream_below(&state_of, 7)]++;
        const double uniform = fw_stream_uniform(&state_of);
        assert_true(uniform >= 0 && uniform < 1);
    }
    for (int i = 0; i < 7; i++) {
        assert_true(counts[i] > 9600 && counts[i] < 10400); /* four deviations */
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, dataset_start, dataset_stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(crops_as_torchvision_does_with_tensors),
        TEST(tries_again_where_a_window_does_not_fit),
        TEST(pads_flips_and_turns),
        TEST(takes_the_centre_where_no_ratio_fits),
        TEST(divides_each_class_by_its_share),
        TEST(the_order_is_that_of_seed_and_epoch),
        TEST(measures_the_training_part_alone),
        TEST(a_batch_is_its_samples_one_by_one),
        TEST(evaluation_sees_images_as_they_are),
        TEST(a_certain_flip_mirrors_columns),
        TEST(gratings_are_those_of_their_seeds),
        cmocka_unit_test(gratings_of_the_toy_task),
        TEST(the_digest_tells_what_can_be_drawn_apart),
        TEST(refuses_shares_and_probabilities_that_cannot_be),
        TEST(refuses_a_validation_part_without_samples),
        TEST(the_test_part_may_validate),
        cmocka_unit_test(streams_are_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/* Generated images: the same for the same seed, all kinds, and of one number the same in any part.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include <fw/testkit.h>

#include "npy/npy.h"

enum { PIXELS = 28 * 28 };

static struct fake_kit *kit;

static int load(void **state)
{
    (void)state;
    kit = fake_kit_open(SYNTH_SO, NULL);
    return 0;
}

static int unload(void **state)
{
    (void)state;
    fake_kit_close(kit);
    return 0;
}

static struct fake_task *run(int64_t train, int64_t test, int64_t seed, double noise)
{
    struct fake_task *t = fake_task_create(kit, "synth_images");
    fake_task_output(t, "train", fake_task_path(t, "train.npz"));
    fake_task_output(t, "test", fake_task_path(t, "test.npz"));
    fake_task_int(t, "train", train);
    fake_task_int(t, "test", test);
    fake_task_int(t, "seed", seed);
    fake_task_real(t, "noise", noise);
    const struct fake_result *r = fake_task_run(t);
    if (r->status != FW_OK || r->defect != NULL) {
        fail_msg("%s %s", r->fault, r->defect == NULL ? "" : r->defect);
    }
    assert_int_equal(r->done, train + test);
    return t;
}

/* An array of a part, whose size is checked; the caller frees. */
static uint8_t *array_of(struct fake_task *t, const char *part, const char *name, uint64_t n)
{
    struct fw_npz *npz = NULL;
    struct fw_npy *npy = NULL;
    assert_int_equal(fw_npz_open(fake_task_host(t), fake_task_path(t, part), &npz), FW_OK);
    assert_int_equal(fw_npy_open(npz, name, &npy), FW_OK);
    const struct fw_npy_header *header = fw_npy_header(npy);
    assert_int_equal(header->type, FW_NPY_U1);
    assert_int_equal(header->n_dims, *name == 'x' ? 3 : 1);
    assert_int_equal(header->n_items, n);
    uint8_t *items = malloc(n);
    assert_int_equal(fw_npy_check(npy), FW_OK);
    assert_int_equal(fw_npy_read(npy, 0, header->shape[0], items), FW_OK);
    fw_npy_close(npy);
    fw_npz_close(npz);
    return items;
}

/* More than a step draws, in one part and in two. */
static void an_image_is_that_of_its_number(void **state)
{
    (void)state;
    struct fake_task *whole = run(2500, 1, 5, 0.5), *parts = run(2400, 100, 5, 0.5);
    uint8_t *x = array_of(whole, "train.npz", "x", 2500UL * PIXELS);
    uint8_t *y = array_of(whole, "train.npz", "y", 2500);
    uint8_t *train = array_of(parts, "train.npz", "x", 2400UL * PIXELS);
    uint8_t *test = array_of(parts, "test.npz", "x", 100UL * PIXELS);
    uint8_t *kinds = array_of(parts, "test.npz", "y", 100);
    assert_memory_equal(x, train, 2400UL * PIXELS);
    assert_memory_equal(x + 2400UL * PIXELS, test, 100UL * PIXELS);
    assert_memory_equal(y + 2400, kinds, 100);
    free(x);
    free(y);
    free(train);
    free(test);
    free(kinds);
    fake_task_destroy(whole);
    fake_task_destroy(parts);
}

static void another_seed_gives_other_images(void **state)
{
    (void)state;
    struct fake_task *a = run(20, 1, 5, 0.5), *b = run(20, 1, 6, 0.5);
    uint8_t *x = array_of(a, "train.npz", "x", 20UL * PIXELS);
    uint8_t *other = array_of(b, "train.npz", "x", 20UL * PIXELS);
    for (size_t i = 0; i < 20; i++) {
        for (size_t k = 0; k < 20; k++) {
            assert_memory_not_equal(x + i * PIXELS, other + k * PIXELS, PIXELS);
        }
    }
    free(x);
    free(other);
    fake_task_destroy(a);
    fake_task_destroy(b);
}

/* Without noise an image has two levels, a shape that is neither nothing nor everything. */
static void all_ten_kinds_are_shapes(void **state)
{
    (void)state;
    struct fake_task *t = run(1000, 1, 5, 0);
    uint8_t *x = array_of(t, "train.npz", "x", 1000UL * PIXELS);
    uint8_t *y = array_of(t, "train.npz", "y", 1000);
    size_t counts[10] = {0};
    for (size_t i = 0; i < 1000; i++) {
        size_t n = 0;
        uint8_t level = 0;
        for (size_t k = 0; k < PIXELS; k++) {
            const uint8_t is = x[i * PIXELS + k];
            assert_true(is == 0 || level == 0 || is == level);
            level = is != 0 ? is : level;
            n += is != 0;
        }
        assert_in_range(n, 5, PIXELS / 2);
        assert_in_range(level, 114, 255);
        assert_in_range(y[i], 0, 9);
        counts[y[i]]++;
    }
    for (size_t i = 0; i < 10; i++) {
        assert_in_range(counts[i], 60, 140);
    }
    free(x);
    free(y);
    fake_task_destroy(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_image_is_that_of_its_number),
        cmocka_unit_test(another_seed_gives_other_images),
        cmocka_unit_test(all_ten_kinds_are_shapes),
    };
    return cmocka_run_group_tests(tests, load, unload);
}

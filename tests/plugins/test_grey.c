/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <png.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "grey/grey.h"
#include "test_files.h"

static char fault[1000];

static fw_status take_fault(const struct fw_host *host, fw_status status, const struct fw_fault *f)
{
    (void)host;
    snprintf(fault, sizeof fault, "%s: %s", f->where != NULL ? f->where : "", f->what);
    return status;
}

static const struct fw_host host = {.struct_size = sizeof host, .fail = take_fault};

/* As numpy.percentile has it. */
static void percentiles_lie_between_values(void **state)
{
    const double values[] = {5, NAN, 1, 3, INFINITY, 2, 4}, percent[] = {10, 90};
    const double none[] = {NAN, -INFINITY}, whole[] = {0, 100};
    struct fw_grey_limits limits;
    (void)state;
    assert_int_equal(fw_grey_percentiles(&host, values, 7, percent, &limits), FW_OK);
    assert_true(fabs(limits.lower - 1.4) < 1e-12 && fabs(limits.upper - 4.6) < 1e-12);
    assert_int_equal(fw_grey_percentiles(&host, values, 7, whole, &limits), FW_OK);
    assert_true(limits.lower >= 1 && limits.lower <= 1 && limits.upper >= 5 && limits.upper <= 5);
    assert_int_equal(fw_grey_percentiles(&host, none, 2, percent, &limits), FW_OK);
    assert_true(isnan(limits.lower) && isnan(limits.upper));
}

static void what_is_drawn_is_read_back(void **state)
{
    const double values[] = {0, 1, 2, 3, NAN, 9};
    const struct fw_grey_limits limits = {1, 3};
    const uint32_t at[] = {1, 2}, shape[] = {2, 3};
    const uint8_t expected[3][6] = {{0}, {0, 0, 0, 0, 128}, {0, 0, 255, 0, 255}};
    uint8_t pixels[3][6];
    char *folder = test_folder_create(), *path = test_path(folder, "a.png");
    struct fw_grey grey;
    png_image image = {.version = PNG_IMAGE_VERSION};
    (void)state;
    assert_int_equal(fw_grey_init(&grey, &host, 3, 6), FW_OK);
    fw_grey_draw(&grey, at, shape, values, &limits);
    assert_int_equal(fw_grey_write(&grey, &host, path), FW_OK);
    fw_grey_finish(&grey);
    assert_true(png_image_begin_read_from_file(&image, path));
    assert_int_equal(image.width, 6);
    assert_int_equal(image.height, 3);
    assert_int_equal(image.format, PNG_FORMAT_GRAY);
    assert_true(png_image_finish_read(&image, NULL, pixels, 6, NULL));
    assert_memory_equal(pixels, expected, sizeof expected);
    free(path);
    test_folder_remove(folder);
}

static void a_constant_image_is_black(void **state)
{
    const double values[] = {7, 7};
    const struct fw_grey_limits limits = {7, 7};
    const uint32_t at[] = {0, 0}, shape[] = {1, 2};
    struct fw_grey grey;
    (void)state;
    assert_int_equal(fw_grey_init(&grey, &host, 1, 2), FW_OK);
    fw_grey_draw(&grey, at, shape, values, &limits);
    assert_int_equal(grey.pixels[0] + grey.pixels[1], 0);
    fw_grey_finish(&grey);
}

static void a_folder_that_is_not_there_is_named(void **state)
{
    struct fw_grey grey;
    (void)state;
    assert_int_equal(fw_grey_init(&grey, &host, 1, 1), FW_OK);
    assert_int_equal(fw_grey_write(&grey, &host, "/nowhere/a.png"), FW_E_MISSING);
    assert_non_null(strstr(fault, "/nowhere/a.png"));
    fw_grey_finish(&grey);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(percentiles_lie_between_values),
        cmocka_unit_test(what_is_drawn_is_read_back),
        cmocka_unit_test(a_constant_image_is_black),
        cmocka_unit_test(a_folder_that_is_not_there_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

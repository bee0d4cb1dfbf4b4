/* SPDX-License-Identifier: MIT */
/* The same metrics by NumPy, SciPy and scikit-image (tests/reference/image_metrics.py). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "image/image.h"
#include "image_fixture.h"
#include "npy/npy.h"
#include "test_files.h"

enum { MAX_LINE = 16384, THREADS = 2 };

struct pair {
    double *t, *p;
    struct fw_image target, prediction;
};

static struct pair make_pair(size_t height, size_t width)
{
    size_t n = height * width;
    struct pair pair = {.t = lcg_sequence(n, 1), .p = lcg_sequence(n, 2)};
    for (size_t i = 0; i < n; i++) {
        double row = (double)(i / width), column = (double)(i % width);
        pair.t[i] =
            1 + 0.5 * cos(2 * M_PI * column / 17) * sin(2 * M_PI * row / 23) + 0.3 * pair.t[i];
        pair.p[i] = pair.t[i] + 0.4 * (pair.p[i] - 0.5);
    }
    pair.target = (struct fw_image){pair.t, height, width};
    pair.prediction = (struct fw_image){pair.p, height, width};
    return pair;
}

static double wrapped(double at, double n)
{
    at = fmod(at + n / 2, n);
    return (at < 0 ? at + n : at) - n / 2;
}

static double *draw_spots(size_t height, size_t width, double dy, double dx)
{
    double *pixels = calloc(height * width, sizeof *pixels), *places = lcg_sequence(40, 3);
    assert_non_null(pixels);
    for (size_t i = 0; i < height * width; i++) {
        for (size_t k = 0; k < 20; k++) {
            double r =
                wrapped((double)(i / width) - places[k] * (double)height - dy, (double)height);
            double c =
                wrapped((double)(i % width) - places[20 + k] * (double)width - dx, (double)width);
            pixels[i] += exp(-(r * r + c * c) / 8);
        }
    }
    free(places);
    return pixels;
}

/* The values left on the line. */
static void assert_near(char **at, const double *values, size_t n, size_t stride, double tolerance)
{
    for (size_t i = 0; i < n; i += stride) {
        const char *word = strtok_r(NULL, " \n", at);
        assert_non_null(word);
        assert_close(values[i], strtod(word, NULL), tolerance);
    }
    assert_null(strtok_r(NULL, " \n", at));
}

static void assert_values(char **at, const double *values, size_t n, size_t stride)
{
    assert_near(at, values, n, stride, 1e-9);
}

static void check_ms_ssim(const struct pair *pair, const char *name, char **at)
{
    struct fw_ms_ssim result;
    double values[1 + FW_MS_SSIM_LEVELS];
    int rc = strcmp(name, "ms_ssim_std") == 0
                 ? fw_ms_ssim_std(&pair->target, &pair->prediction, THREADS, &result)
                 : fw_ms_ssim(&pair->target, &pair->prediction, name[8] - '0', THREADS, &result);
    assert_int_equal(rc, 0);
    values[0] = result.value;
    memcpy(values + 1, result.levels, sizeof result.levels);
    assert_values(at, values, 1 + result.n_levels, 1);
}

static void check_frc(const struct pair *pair, const char *name, char **at)
{
    struct fw_frc frc;
    assert_int_equal(fw_frc(&pair->target, &pair->prediction, 0, THREADS, &frc), 0);
    double at_half = fw_frc_crossing(frc.curve, frc.n_rings, 0.5);
    bool is_curve = strcmp(name, "frc") == 0;
    assert_values(at, is_curve ? frc.curve : &at_half, is_curve ? frc.n_rings : 1, 1);
    fw_frc_finish(&frc);
}

static void check_pixels(const struct pair *pair, const char *name, char **at)
{
    size_t height = pair->target.height, width = pair->target.width, n = height * width;
    double *pixels = malloc(n * sizeof *pixels);
    assert_non_null(pixels);
    if (strcmp(name, "blur_3") == 0) {
        assert_int_equal(fw_blur(&pair->target, 3, THREADS, pixels), 0);
    } else {
        memcpy(pixels, pair->t, n * sizeof *pixels);
        assert_int_equal(fw_image_shift(pixels, height, width, (double[]){1.3, -0.74}, THREADS), 0);
    }
    assert_values(at, pixels, n, n / 7 > 0 ? n / 7 : 1);
    free(pixels);
}

static void check_metric(const struct pair *pair, const char *name, char **at)
{
    double ssim;
    if (strcmp(name, "ssim") == 0) {
        assert_int_equal(fw_ssim(&pair->target, &pair->prediction, fw_image_range(&pair->target),
                                 THREADS, &ssim),
                         0);
        assert_values(at, &ssim, 1, 1);
    } else if (strncmp(name, "ms_ssim", 7) == 0) {
        check_ms_ssim(pair, name, at);
    } else if (strncmp(name, "frc", 3) == 0) {
        check_frc(pair, name, at);
    } else {
        check_pixels(pair, name, at);
    }
}

static void check_registration(size_t height, size_t width, const char *name, char **at)
{
    double dy = 0, dx = 0, shift[2];
    assert_int_equal(sscanf(name, "register_%lf_%lf", &dy, &dx), 2);
    double *a = draw_spots(height, width, 0, 0), *b = draw_spots(height, width, dy, dx);
    const struct fw_image reference = {a, height, width}, moving = {b, height, width};
    assert_int_equal(fw_image_register(&reference, &moving, 50, THREADS, shift), 0);
    assert_near(at, shift, 2, 1, 1e-6); /* the golden ones are of single precision */
    free(a);
    free(b);
}

static void agrees_with_scikit_image(void **state)
{
    FILE *golden = fopen(IMAGE_GOLDEN, "re");
    char *line = malloc(MAX_LINE), *at;
    size_t n = 0;
    (void)state;
    assert_non_null(golden);
    assert_non_null(line);
    while (fgets(line, MAX_LINE, golden) != NULL) {
        size_t height = strtoul(strtok_r(line, " ", &at), NULL, 10);
        size_t width = strtoul(strtok_r(NULL, " ", &at), NULL, 10);
        const char *name = strtok_r(NULL, " ", &at);
        if (strncmp(name, "register", 8) == 0) {
            check_registration(height, width, name, &at);
        } else {
            struct pair pair = make_pair(height, width);
            check_metric(&pair, name, &at);
            free(pair.t);
            free(pair.p);
        }
        n++;
    }
    assert_int_equal(n, 49);
    fclose(golden);
    free(line);
}

static fw_status say_fault(const struct fw_host *host, fw_status status,
                           const struct fw_fault *fault)
{
    (void)host;
    print_message("%s: %s\n", fault->where, fault->what);
    return status;
}

static double *read_member(const struct fw_npz *npz, const char *name)
{
    struct fw_npy *npy = NULL;
    void *items = NULL;
    assert_int_equal(fw_npy_open(npz, name, &npy), FW_OK);
    assert_int_equal(fw_npy_read_all(npy, FW_NPY_F8, &items), FW_OK);
    assert_int_equal(fw_npy_header(npy)->n_items, 512 * 512);
    fw_npy_close(npy);
    return items;
}

static void gives_the_published_values_of_the_cameraman(void **state)
{
    const struct fw_host host = {.struct_size = sizeof host, .fail = say_fault};
    char *path = test_shared_data("image_metrics/skimage/cam_pair.npz");
    struct fw_npz *npz = NULL;
    double ssim;
    (void)state;
    if (path == NULL) {
        print_message("[ SKIP ] image_metrics/skimage/cam_pair.npz is not in the shared data\n");
        skip();
    }
    assert_int_equal(fw_npz_open(&host, path, &npz), FW_OK);
    double *truth = read_member(npz, "truth"), *noisy = read_member(npz, "noisy");
    const struct fw_image t = {truth, 512, 512}, p = {noisy, 512, 512};
    assert_int_equal(fw_ssim(&t, &p, 255, THREADS, &ssim), 0);
    assert_close(ssim, 0.3674518327910367, 1e-12);
    /* scikit-image squares the differences of bytes in single precision. */
    assert_close(fw_psnr(fw_image_mse(&t, &p), 255), 22.409353363576034, 1e-6);
    free(truth);
    free(noisy);
    fw_npz_close(npz);
    free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_scikit_image),
        cmocka_unit_test(gives_the_published_values_of_the_cameraman),
    };
    return cmocka_run_group_tests_name("image_reference", tests, NULL, NULL);
}

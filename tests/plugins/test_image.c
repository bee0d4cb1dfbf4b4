/* SPDX-License-Identifier: MIT */
/* Metrics of images worked out by hand, to the digits that they were worked out to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <complex.h>
#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "image/image.h"
#include "image_fixture.h"

static void measures_errors_and_their_peak_ratio(void **state)
{
    static const double target[] = {1, 2, 3, 4};
    static const struct {
        double prediction[4], gauge, mae, mse, psnr;
    } cases[] = {
        {{1, 1, 2, 4}, 1.25, 0.625, 0.46875, 51.421391},
        {{2, 4, 6, 8}, 0.5, 0, 0, 361.202},
        {{1, 3, 2, 4}, 1, 0.5, 0.5, 51.141104},
    };
    const struct fw_image t = {target, 2, 2};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        double scaled[4];
        const struct fw_image p = {cases[i].prediction, 2, 2}, s = {scaled, 2, 2};
        double gauge = fw_image_gauge(&t, &p);
        for (size_t k = 0; k < 4; k++) {
            scaled[k] = cases[i].prediction[k] * gauge;
        }
        assert_close(gauge, cases[i].gauge, 1e-12);
        assert_close(fw_image_mae(&t, &s), cases[i].mae, 1e-12);
        assert_close(fw_image_mse(&t, &s), cases[i].mse, 1e-12);
        assert_close(fw_psnr(fw_image_mse(&t, &s), 255), cases[i].psnr, i == 1 ? 1e-3 : 1e-6);
    }
    assert_close(fw_psnr(0.46875, fw_image_range(&t)), 12.833012, 1e-6);
    assert_true(isnan(fw_image_range(&(struct fw_image){target, 0, 0})));
}

static void sums_many_numbers_alike(void **state)
{
    enum { N = 5003 };
    double *values = lcg_sequence(N, 5), sum = 0;
    const struct fw_image t = {values, 1, N}, p = {values + 1, 1, N - 1};
    const struct fw_image shorter = {values, 1, N - 1};
    (void)state;
    for (size_t i = 0; i < N; i++) {
        sum += values[i];
    }
    assert_close(fw_sum(values, N), sum, 1e-9);
    double difference = 0;
    for (size_t i = 0; i + 1 < N; i++) {
        difference += fabs(values[i] - values[i + 1]);
    }
    assert_close(fw_image_mae(&shorter, &p), difference / (N - 1), 1e-12);
    assert_close(fw_image_gauge(&t, &t), 1, 0);
    free(values);
}

static void removes_the_plane_of_a_phase(void **state)
{
    double phase[20];
    struct fw_phase_plane plane;
    (void)state;
    for (size_t i = 0; i < 20; i++) {
        phase[i] = 0.1 * (double)(i % 5) - 0.2 * (double)(i / 5) + 0.5;
    }
    assert_int_equal(fw_phase_remove_plane(phase, NULL, 4, 5, &plane), 0);
    for (size_t i = 0; i < 20; i++) {
        assert_close(phase[i], 0, 1e-12);
        phase[i] = 0.1 * (double)(i % 5) - 0.2 * (double)(i / 5) + 0.5 + (i == 7 ? 0.2 : 0);
    }
    assert_int_equal(fw_phase_remove_plane(phase, NULL, 4, 5, &plane), 0);
    assert_close(plane.a, 0.1, 1e-12);
    assert_close(plane.b, -0.204, 1e-12);
    assert_close(plane.c, 0.516, 1e-12);
    for (size_t i = 0; i < 20; i++) {
        static const double rows[] = {-0.016, -0.012, -0.008, -0.004};
        assert_close(phase[i], i == 7 ? 0.188 : rows[i / 5], 1e-12);
    }
}

static void removes_a_plane_from_what_is_covered(void **state)
{
    double phase[20], mean;
    bool valid[20];
    struct fw_phase_plane plane;
    (void)state;
    for (size_t i = 0; i < 20; i++) {
        valid[i] = i % 3 != 0;
        phase[i] = valid[i] ? 0.3 * (double)(i % 5) + 0.7 * (double)(i / 5) - 2 : 99;
    }
    assert_int_equal(fw_phase_remove_plane(phase, valid, 4, 5, &plane), 0);
    assert_close(plane.a, 0.3, 1e-12);
    assert_close(plane.b, 0.7, 1e-12);
    assert_close(plane.c, -2, 1e-12);
    memset(valid, 0, sizeof valid);
    valid[1] = valid[2] = valid[3] = true; /* on one line */
    assert_int_equal(fw_phase_remove_plane(phase, valid, 4, 5, &plane), -EINVAL);
    memset(valid, 0, sizeof valid);
    assert_int_equal(fw_phase_remove_plane(phase, valid, 4, 5, &plane), -EINVAL);
    assert_int_equal(fw_phase_remove_mean(phase, valid, 4, 5, &mean), -EINVAL);
}

static void removes_the_mean_of_a_phase(void **state)
{
    double phase[] = {0, 1, 2, 3}, mean;
    (void)state;
    assert_int_equal(fw_phase_remove_mean(phase, NULL, 2, 2, &mean), 0);
    assert_close(mean, 1.5, 1e-15);
    for (size_t i = 0; i < 4; i++) {
        assert_close(phase[i], (double)i - 1.5, 1e-15);
    }
}

static double ssim_of(const double *t, const double *p, size_t side, double range)
{
    const struct fw_image images[] = {{t, side, side}, {p, side, side}};
    double ssim = NAN, again = NAN;
    assert_int_equal(fw_ssim(&images[0], &images[1], range, 1, &ssim), 0);
    assert_int_equal(fw_ssim(&images[0], &images[1], range, 3, &again), 0);
    assert_memory_equal(&ssim, &again, sizeof ssim);
    return ssim;
}

/* 8×8: the left half 1, and its complement. */
static void half_ones(double *image, double *complement)
{
    for (size_t i = 0; i < 64; i++) {
        image[i] = i % 8 < 4 ? 1 : 0;
        complement[i] = 1 - image[i];
    }
}

static void measures_structural_similarity(void **state)
{
    double a[64], b[64], low = 1, high = 0;
    const struct fw_image small = {a, 6, 6};
    (void)state;
    for (size_t i = 0; i < 49; i++) {
        a[i] = (double)i / 48;
        b[i] = i == 24 ? 0 : a[i];
    }
    assert_close(ssim_of(a, b, 7, 1), 0.971948420, 1e-9);
    half_ones(a, b);
    assert_close(ssim_of(a, b, 8, 1), -0.956558020, 1e-9);
    assert_int_equal(fw_ssim(&small, &small, 1, 1, &low), -EINVAL);
    double *x = lcg_sequence(100, 1), *noise = lcg_sequence(100, 2), y[100];
    for (size_t i = 0; i < 100; i++) {
        y[i] = fmin(fmax(x[i] + 0.1 * (noise[i] - 0.5), 0), 1);
        low = fmin(low, x[i]);
        high = fmax(high, x[i]);
    }
    assert_close(high - low, 0.986346119, 1e-9);
    assert_close(ssim_of(x, y, 10, high - low), 0.995435375, 1e-9);
    free(x);
    free(noise);
}

static struct fw_ms_ssim ms_ssim_of(size_t side, double sigma)
{
    double *a = lcg_sequence(side * side, 1), *b = lcg_sequence(side * side, 2);
    const struct fw_image t = {a, side, side}, p = {b, side, side};
    struct fw_ms_ssim result;
    for (size_t i = 0; i < side * side; i++) {
        b[i] = a[i] + 0.2 * (b[i] - 0.5);
    }
    assert_int_equal(fw_ms_ssim(&t, &p, sigma, 2, &result), 0);
    free(a);
    free(b);
    return result;
}

static void measures_it_on_several_scales(void **state)
{
    static const double levels[] = {0.979530352, 0.979762086, 0.981798285, 0.985239806};
    double a[64], b[64];
    const struct fw_image half = {a, 8, 8}, other = {b, 8, 8};
    struct fw_ms_ssim result = ms_ssim_of(64, 0);
    (void)state;
    assert_close(result.value, 0.984331763, 1e-9);
    assert_int_equal(result.n_levels, 4);
    for (size_t i = 0; i < 4; i++) {
        assert_close(result.levels[i], levels[i], 1e-9);
    }
    assert_close(ms_ssim_of(64, 1).value, 0.983163234, 1e-9);
    result = ms_ssim_of(16, 0);
    assert_int_equal(result.n_levels, 2);
    assert_close(result.value, 0.993765949, 1e-9);
    half_ones(a, b);
    assert_int_equal(fw_ms_ssim(&half, &other, 0, 1, &result), 0);
    assert_close(result.value, 0.661911612, 1e-9);
    assert_int_equal(fw_ms_ssim(&half, &half, 0, 1, &result), 0);
    assert_close(result.value, 1, 1e-12);
    memset(a, 0, sizeof a);
    assert_int_equal(fw_ms_ssim(&half, &half, 0, 1, &result), 0);
    assert_true(result.value == 0);
    assert_int_equal(fw_ms_ssim(&half, &(struct fw_image){b, 8, 7}, 0, 1, &result), -EINVAL);
}

static void blurs_with_mirrored_edges(void **state)
{
    static const double curve[] = {1, 0.8, 0.6, 0.4, 0.2};
    static const double smooth[] = {0.91459181, 0.78643559, 0.6, 0.41356441, 0.28540819};
    double image[81] = {[40] = 1}, blurred[81], smoothed[5];
    const struct fw_image impulse = {image, 9, 9};
    (void)state;
    assert_int_equal(fw_blur(&impulse, 1, 1, blurred), 0);
    assert_close(blurred[40], 0.159155892, 1e-9);
    assert_close(blurred[41], 0.096532928, 1e-9);
    assert_close(blurred[31], 0.096532928, 1e-9);
    assert_int_equal(fw_blur_curve(curve, 5, 1, smoothed), 0);
    for (size_t i = 0; i < 5; i++) {
        assert_close(smoothed[i], smooth[i], 1e-8);
    }
    assert_int_equal(fw_blur_curve(curve, 2, 3, smoothed), 0); /* mirrored again and again */
    assert_close(smoothed[0], 0.9, 1e-2);
}

static void assert_frc(const double *t, const double *p, size_t side, const double *curve,
                       size_t n_rings)
{
    const struct fw_image images[] = {{t, side, side}, {p, side, side}};
    struct fw_frc frc;
    assert_int_equal(fw_frc(&images[0], &images[1], 1e-12, 2, &frc), 0);
    assert_int_equal(frc.n_rings, n_rings);
    for (size_t i = 0; i < n_rings; i++) {
        assert_close(frc.curve[i], curve[i], 1e-8);
    }
    fw_frc_finish(&frc);
}

static void correlates_fourier_rings(void **state)
{
    static const double curve[] = {
        1, 0.155088262, 0.000483217, 0.133243902, 0.055877230, 0.191683467, 1};
    static const double ones[] = {1, 1, 1, 1, 1, 1, 1};
    static const unsigned long counts[] = {1, 8, 12, 16, 22, 4, 1};
    double *t = lcg_sequence(64, 1), *p = lcg_sequence(64, 2);
    const struct fw_image image = {t, 8, 8};
    struct fw_frc frc;
    (void)state;
    assert_frc(t, p, 8, curve, 7);
    assert_frc(t, t, 8, ones, 7);
    assert_close(fw_frc_crossing(curve, 7, 0.5), 0.591777789, 1e-8);
    assert_close(fw_frc_crossing(curve, 7, 1.0 / 7), 1.079112030, 1e-7);
    assert_close(fw_frc_crossing(ones, 7, 0.5), 7, 0);
    assert_int_equal(fw_frc(&image, &image, 0, 1, &frc), 0);
    for (size_t i = 0; i < 7; i++) {
        assert_int_equal(frc.count[i], counts[i]);
    }
    fw_frc_finish(&frc);
    free(t);
    free(p);
}

static void correlates_two_points(void **state)
{
    static const double four[] = {1, 0.25, 1.0 / 3, 1};
    static const double five[] = {1, 0.481762746, 0.134836166, 0.809016994};
    static const double at_0[25] = {1}, at_1[25] = {0, 1}, none[25] = {0};
    const struct fw_image image = {at_0, 4, 4}, dark = {none, 4, 4}, other = {at_0, 4, 5};
    struct fw_frc frc;
    (void)state;
    assert_frc(at_0, at_1, 4, four, 4);
    assert_frc(at_0, at_1, 5, five, 4);
    assert_close(fw_frc_crossing(four, 4, 0.5), 0.666666667, 1e-8);
    assert_close(fw_frc_crossing(four, 4, 1.0 / 7), 4, 0);
    assert_int_equal(fw_frc(&image, &dark, 1e-12, 1, &frc), 0);
    for (size_t i = 0; i < 4; i++) {
        assert_true(isnan(frc.curve[i]));
    }
    assert_true(isnan(fw_frc_crossing(frc.curve, 4, 0.5)));
    fw_frc_finish(&frc);
    assert_int_equal(fw_frc(&image, &other, 0, 1, &frc), -EINVAL);
}

static void finds_where_a_curve_falls_below(void **state)
{
    static const struct {
        double curve[5];
        size_t n;
        double threshold, at;
    } cases[] = {
        {{0.95, 0.72, 0.55, 0.45, 0.2}, 5, 0.5, 2.5},
        {{0.95, 0.72, 0.66, 0.51}, 4, 0.5, 4},
        {{0.8, 0.4, 0.2, 0.1}, 4, 0.5, 0.75},
        {{0.8, 0.4, 0.2, 0.1}, 4, 1.0 / 7, 2.571428571},
        {{0.4, 0.9}, 2, 0.5, 0},
        {{NAN, 0.4}, 2, 0.5, 1},
    };
    static const double none[] = {NAN, NAN};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_close(fw_frc_crossing(cases[i].curve, cases[i].n, cases[i].threshold), cases[i].at,
                     1e-9);
    }
    assert_true(isnan(fw_frc_crossing(none, 2, 0.5)));
}

/* Two Gaussians, moved down by dy and right by dx. */
static void draw(double *pixels, size_t side, double dy, double dx)
{
    for (size_t i = 0; i < side * side; i++) {
        double y = (double)(i / side) - dy, x = (double)(i % side) - dx;
        pixels[i] = exp(-((y - 14) * (y - 14) + (x - 15) * (x - 15)) / 18) +
                    0.5 * exp(-((y - 20) * (y - 20) + (x - 11) * (x - 11)) / 8);
    }
}

static void registers_a_shifted_image(void **state)
{
    double a[1024], b[1024], shift[2], worst = 0;
    const struct fw_image reference = {a, 32, 32}, moving = {b, 32, 32};
    (void)state;
    draw(a, 32, 0, 0);
    draw(b, 32, 1.3, -0.74);
    assert_int_equal(fw_image_register(&reference, &moving, 50, 2, shift), 0);
    assert_close(shift[0], -1.30, 0.0201);
    assert_close(shift[1], 0.74, 0.0201);
    const double back[] = {-1.3, 0.74};
    assert_int_equal(fw_image_shift(b, 32, 32, back, 1), 0);
    for (size_t i = 0; i < 1024; i++) {
        worst = fmax(worst, fabs(a[i] - b[i]));
    }
    assert_true(worst < 1e-4); /* the Gaussians do not quite vanish at the edge */
}

static void registers_a_rolled_image_exactly(void **state)
{
    double *a = lcg_sequence(64 * 64, 9), *b = malloc(64 * 64 * sizeof *b), shift[2];
    const struct fw_image reference = {a, 64, 64}, moving = {b, 64, 64};
    (void)state;
    for (size_t i = 0; i < 64 * 64; i++) {
        b[(i / 64 + 3) % 64 * 64 + (i % 64 + 62) % 64] = a[i];
    }
    for (unsigned upsample = 1; upsample <= 50; upsample += 49) {
        assert_int_equal(fw_image_register(&reference, &moving, upsample, 1, shift), 0);
        assert_true(shift[0] == -3 && shift[1] == 2);
    }
    assert_int_equal(fw_image_shift(b, 64, 64, shift, 2), 0);
    for (size_t i = 0; i < 64 * 64; i++) {
        assert_close(b[i], a[i], 1e-12);
    }
    assert_int_equal(fw_image_register(&reference, &reference, 50, 1, shift), 0);
    assert_true(shift[0] == 0 && shift[1] == 0);
    const struct fw_image other = {a, 64, 32}, none = {a, 0, 64}, line = {a, 1, 64};
    assert_int_equal(fw_image_register(&reference, &other, 50, 1, shift), -EINVAL);
    assert_int_equal(fw_image_register(&none, &none, 50, 1, shift), -EINVAL);
    assert_int_equal(fw_image_register(&line, &line, 50, 1, shift), 0);
    assert_true(shift[0] == 0);
    free(a);
    free(b);
}

/* Moved through its spectrum, an image has one place where all its frequencies agree; along an even
 * side, all but the highest, which turns the peak a little. */
static void assert_registers(size_t height, size_t width, unsigned factor)
{
    double *a = lcg_sequence(height * width, 5), *b = lcg_sequence(height * width, 5);
    const struct fw_image reference = {a, height, width}, moving = {b, height, width};
    const double by[] = {1 + (double)(factor / 3) / factor, -2 - (double)(factor / 2) / factor};
    double shift[2], again[2], tolerance = height * width % 2 == 0 ? 0.03 : 1e-9;
    assert_int_equal(fw_image_shift(b, height, width, by, 1), 0);
    assert_int_equal(fw_image_register(&reference, &moving, factor, 1, shift), 0);
    assert_close(shift[0], -by[0], tolerance);
    assert_close(shift[1], -by[1], tolerance);
    assert_int_equal(fw_image_register(&reference, &moving, factor, 3, again), 0);
    assert_memory_equal(again, shift, sizeof shift);
    free(a);
    free(b);
}

static void registers_each_shape_to_each_factor(void **state)
{
    static const size_t shapes[][2] = {{17, 23}, {33, 51}, {50, 33}, {129, 15}, {32, 140}};
    static const unsigned factors[] = {2, 3, 7, 50, 1000};
    (void)state;
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        for (size_t k = 0; k < sizeof factors / sizeof *factors; k++) {
            assert_registers(shapes[i][0], shapes[i][1], factors[k]);
        }
    }
}

static void gives_the_same_bits_on_any_number_of_threads(void **state)
{
    enum { HEIGHT = 75, WIDTH = 83 };
    double *t = lcg_sequence((size_t)HEIGHT * WIDTH, 1),
           *p = lcg_sequence((size_t)HEIGHT * WIDTH, 2);
    const struct fw_image images[] = {{t, HEIGHT, WIDTH}, {p, HEIGHT, WIDTH}};
    struct fw_frc one, more;
    (void)state;
    assert_int_equal(fw_frc(&images[0], &images[1], 0, 1, &one), 0);
    for (unsigned n_threads = 2; n_threads < 6; n_threads++) {
        assert_int_equal(fw_frc(&images[0], &images[1], 0, n_threads, &more), 0);
        assert_memory_equal(more.curve, one.curve, one.n_rings * sizeof *one.curve);
        fw_frc_finish(&more);
    }
    fw_frc_finish(&one);
    assert_int_equal(fw_image_shift(t, HEIGHT, WIDTH, (double[]){0.3, 7.1}, 1), 0);
    memcpy(p, t, sizeof *p * HEIGHT * WIDTH);
    assert_int_equal(fw_image_shift(t, HEIGHT, WIDTH, (double[]){0.3, 7.1}, 1), 0);
    assert_int_equal(fw_image_shift(p, HEIGHT, WIDTH, (double[]){0.3, 7.1}, 4), 0);
    assert_memory_equal(p, t, sizeof *p * HEIGHT * WIDTH);
    free(t);
    free(p);
}

static void moves_a_complex_image_as_its_parts(void **state)
{
    enum { HEIGHT = 10, WIDTH = 7, N = HEIGHT * WIDTH };
    double *re = lcg_sequence(N, 1), *im = lcg_sequence(N, 2);
    double complex both[N];
    const double shift[] = {0.4, -1.6}, back[] = {-0.4, 1.6};
    (void)state;
    for (size_t i = 0; i < N; i++) {
        both[i] = re[i] + I * im[i];
    }
    assert_int_equal(fw_image_shift_complex(both, HEIGHT, WIDTH, shift, 2), 0);
    assert_int_equal(fw_image_shift_complex(both, HEIGHT, WIDTH, back, 1), 0);
    for (size_t i = 0; i < N; i++) {
        assert_close(creal(both[i]), re[i], 1e-12);
        assert_close(cimag(both[i]), im[i], 1e-12);
    }
    free(re);
    free(im);
}

static void *transform_often(void *arg)
{
    double *pixels = arg;
    for (size_t side = 5; side < 45; side++) {
        const struct fw_image image = {pixels, side, side};
        struct fw_frc frc;
        if (fw_frc(&image, &image, 0, 2, &frc) != 0) {
            return NULL;
        }
        fw_frc_finish(&frc);
    }
    return arg;
}

static void may_be_called_from_several_threads(void **state)
{
    enum { THREADS = 4 };
    double *pixels = lcg_sequence(45 * 45, 3);
    pthread_t threads[THREADS];
    (void)state;
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, transform_often, pixels), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        void *result = NULL;
        assert_int_equal(pthread_join(threads[i], &result), 0);
        assert_ptr_equal(result, pixels);
    }
    free(pixels);
}

static void cuts_what_wrapped_around(void **state)
{
    struct fw_image_margins margins;
    (void)state;
    assert_int_equal(fw_image_margins(64, 64, (double[]){0, 0}, 0.1, &margins), 0);
    assert_true(margins.top == 2 && margins.bottom == 2 && margins.left == 2 && margins.right == 2);
    assert_int_equal(fw_image_margins(64, 64, (double[]){2.3, -4.02}, 0.1, &margins), 0);
    assert_true(margins.top == 5 && margins.bottom == 2 && margins.left == 2 && margins.right == 7);
    assert_int_equal(fw_image_margins(185, 354, (double[]){25.1, 118.9}, 0.1, &margins), -ERANGE);
    assert_int_equal(fw_image_margins(64, 64, (double[]){0, NAN}, 0.1, &margins), -ERANGE);
    assert_int_equal(fw_image_margins(4, 64, (double[]){0, 0}, 0.1, &margins), -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(measures_errors_and_their_peak_ratio),
        cmocka_unit_test(sums_many_numbers_alike),
        cmocka_unit_test(removes_the_plane_of_a_phase),
        cmocka_unit_test(removes_a_plane_from_what_is_covered),
        cmocka_unit_test(removes_the_mean_of_a_phase),
        cmocka_unit_test(measures_structural_similarity),
        cmocka_unit_test(measures_it_on_several_scales),
        cmocka_unit_test(blurs_with_mirrored_edges),
        cmocka_unit_test(correlates_fourier_rings),
        cmocka_unit_test(correlates_two_points),
        cmocka_unit_test(finds_where_a_curve_falls_below),
        cmocka_unit_test(registers_a_shifted_image),
        cmocka_unit_test(registers_a_rolled_image_exactly),
        cmocka_unit_test(registers_each_shape_to_each_factor),
        cmocka_unit_test(gives_the_same_bits_on_any_number_of_threads),
        cmocka_unit_test(moves_a_complex_image_as_its_parts),
        cmocka_unit_test(may_be_called_from_several_threads),
        cmocka_unit_test(cuts_what_wrapped_around),
    };
    return cmocka_run_group_tests_name("image", tests, NULL, NULL);
}

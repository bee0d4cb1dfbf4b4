/* SPDX-License-Identifier: MIT */
/* The stage compare_reconstructions with models that compute: what they are given, in which order,
 * and what is done with answers that are none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <complex.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "image_fixture.h"
#include "ptycho/group.h"
#include "recon_fixture.h"
#include "test_files.h"

enum { SIZE = N * N, SEED = 5 };
static const double gains[] = {0.75, 1}; /* of the net, of the answers made before */

static struct recon_scan *make_scan(void)
{
    struct recon_scan *scan = recon_scan_make();
    double *texture = lcg_sequence(IMAGES * SIZE, 9);
    for (int i = 0; i < IMAGES * SIZE; i++) {
        scan->diffraction[i] = (float)texture[i];
    }
    free(texture);
    return scan;
}

/* --- a net: amplitude and phase of channel o are sums over all channels of its input --- */

static float weight(bool is_phase, uint32_t o, uint32_t i)
{
    return is_phase ? 0.25F * (float)(o + 1) - 0.125F * (float)i : (o == i ? 1 : 0.25F * (float)o);
}

static const char *put_net(uint32_t c, const char *outputs)
{
    float a[16], p[16];
    char hex[65], text[1200];
    for (uint32_t i = 0; i < c * c; i++) {
        a[i] = weight(false, i / c, i % c);
        p[i] = weight(true, i / c, i % c);
    }
    const struct recon_array filters[] = {{"a", FW_NPY_F4, {c, c, 1, 1}, 4, a},
                                          {"p", FW_NPY_F4, {c, c, 1, 1}, 4, p}};
    recon_digest(recon_put("weights.npz", filters, 2), hex);
    snprintf(text, sizeof text,
             "{\"format\": \"fwrun-net/1\", \"weights\": \"weights.npz\", \"sha256\": \"%s\","
             " \"inputs\": [{\"name\": \"x\", \"shape\": [%u, %d, %d]}], \"layers\": ["
             "{\"op\": \"conv2d\", \"in\": \"x\", \"out\": \"amplitude\", \"filter\": \"a\"},"
             "{\"op\": \"conv2d\", \"in\": \"x\", \"out\": \"phase\", \"filter\": \"p\"}],"
             " \"outputs\": %s}",
             hex, c, N, N, outputs);
    return recon_write("model.json", text);
}

static const char *const one_complex =
    "[{\"name\": \"object\", \"amplitude\": \"amplitude\", \"phase\": \"phase\"}]";
static const char *const two_reals = "[\"amplitude\", \"phase\"]";

/* --- the same numbers, computed here --- */

/* Samples of `c` images: groups of the scan, or each image by itself. */
struct samples {
    uint32_t n, c, *members;
};

static double scale_of(const struct recon_scan *scan, const struct fw_groups *groups)
{
    double power = 0;
    const uint32_t n = groups->n * groups->per_group;
    for (uint32_t i = 0; i < n; i++) {
        for (int k = 0; k < SIZE; k++) {
            const double d = scan->diffraction[groups->members[i] * SIZE + k];
            power += d * d;
        }
    }
    return sqrt(N / 2.0 * (N / 2.0) / (power / n));
}

static float complex answer(const struct recon_scan *scan, const struct samples *samples,
                            double factor, size_t at)
{
    const size_t sample = at / (SIZE * samples->c), o = at % samples->c;
    const size_t pixel = at / samples->c % SIZE;
    double amplitude = 0, phase = 0;
    for (uint32_t i = 0; i < samples->c; i++) {
        const uint32_t image = samples->members[sample * samples->c + i];
        const double x = factor * scan->diffraction[image * SIZE + pixel];
        amplitude += weight(false, (uint32_t)o, i) * x;
        phase += weight(true, (uint32_t)o, i) * x;
    }
    return (float complex)(amplitude * cexp(I * phase));
}

/* The answers of a net of `c` channels to a scan in groups of `per_group`, as an archive. */
static const char *put_computed(const struct recon_scan *scan, uint32_t per_group, uint32_t c)
{
    const struct fw_scan places = {scan->x, scan->y, IMAGES};
    const struct fw_grouping how = {.per_group = per_group, .n_neighbours = 7, .seed = SEED};
    uint32_t each[IMAGES];
    struct fw_groups groups;
    assert_int_equal(fw_groups_init(&groups, &places, &how), 0);
    for (uint32_t i = 0; i < IMAGES; i++) {
        each[i] = i;
    }
    const struct samples samples = {IMAGES, c, c == 1 ? each : groups.members};
    const double factor = scale_of(scan, &groups) * gains[0];
    float complex *answers = calloc((size_t)IMAGES * SIZE * c, sizeof *answers);
    assert_non_null(answers);
    for (size_t i = 0; i < (size_t)IMAGES * SIZE * c; i++) {
        answers[i] = answer(scan, &samples, factor, i);
    }
    const struct recon_array array = {"object", FW_NPY_C8, {IMAGES, N, N, c}, 4, answers};
    const char *path = recon_put("computed.npz", &array, 1);
    free(answers);
    fw_groups_finish(&groups);
    return path;
}

static struct fake_task *make_task(const char *data, const char *net, const char *computed,
                                   uint32_t per_group, uint32_t c)
{
    struct fake_task *t = recon_task(data);
    fake_task_input(t, "models", net, computed, NULL);
    fake_task_texts(t, "arms", "net=weights", "computed=npz", NULL);
    fake_task_reals(t, "intensity_scale", gains, 2);
    fake_task_int(t, "gridsize", per_group == 1 ? 1 : 2);
    fake_task_int(t, "sample_seed", SEED);
    fake_task_text(t, "answers", c == 1 ? "images" : "groups");
    fake_task_text(t, "two_outputs", "amp_phase");
    fake_task_text(t, "registration", "none");
    return t;
}

static float complex *read_stitched(struct fake_task *t, const char *name, uint64_t *ret_n)
{
    struct fw_npz *npz = NULL;
    struct fw_npy *npy = NULL;
    void *pixels = NULL;
    const struct fw_host *host = fake_task_host(t);
    assert_int_equal(fw_npz_open(host, fake_task_path(t, "reconstructions.npz"), &npz), FW_OK);
    assert_int_equal(fw_npy_open(npz, name, &npy), FW_OK);
    assert_int_equal(fw_npy_read_all(npy, FW_NPY_C8, &pixels), FW_OK);
    *ret_n = fw_npy_header(npy)->n_items;
    fw_npy_close(npy);
    fw_npz_close(npz);
    return pixels;
}

static void assert_same_reconstruction(struct fake_task *t)
{
    uint64_t n[2];
    float complex *net = read_stitched(t, "net_complex", &n[0]);
    float complex *computed = read_stitched(t, "computed_complex", &n[1]);
    double largest = 0;
    assert_int_equal(n[0], n[1]);
    for (uint64_t i = 0; i < n[0]; i++) {
        largest = fmax(largest, cabsf(computed[i]));
    }
    assert_true(largest > 0.5);
    for (uint64_t i = 0; i < n[0]; i++) {
        if (!(cabsf(net[i] - computed[i]) <= 2e-6 * largest)) {
            fail_msg("pixel %llu is %.8g + %.8gi, expected %.8g + %.8gi", (unsigned long long)i,
                     crealf(net[i]), cimagf(net[i]), crealf(computed[i]), cimagf(computed[i]));
        }
    }
    free(net);
    free(computed);
}

static void assert_as_computed(uint32_t per_group, uint32_t c, const char *outputs)
{
    struct recon_scan *scan = make_scan();
    struct fake_task *t = make_task(recon_scan_put(scan), put_net(c, outputs),
                                    put_computed(scan, per_group, c), per_group, c);
    fake_task_int(t, "chunk", 23);
    fake_task_int(t, "batch", 5);
    recon_must(t);
    assert_same_reconstruction(t);
    fake_task_destroy(t);
    free(scan);
}

static void a_net_of_single_images_answers_as_computed_here(void **state)
{
    (void)state;
    assert_as_computed(1, 1, one_complex);
    assert_as_computed(1, 1, two_reals);
}

static void a_net_of_groups_answers_as_computed_here(void **state)
{
    (void)state;
    assert_as_computed(4, 4, one_complex);
    assert_as_computed(4, 4, two_reals);
}

/* Its images are scaled by what the groups have, each as often as it is a member. */
static void a_net_of_single_images_takes_a_scan_in_groups(void **state)
{
    (void)state;
    assert_as_computed(4, 1, one_complex);
}

/* --- nothing but time depends on how the work is cut --- */

static void assert_same_files(struct fake_task *a, struct fake_task *b)
{
    static const char *const files[] = {"result.json", "comparison_metrics.csv", "frc_curves.csv",
                                        "reconstructions.npz", "reconstructions_aligned.npz"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        size_t sizes[2];
        char *bytes[] = {test_file_read(fake_task_path(a, files[i]), &sizes[0]),
                         test_file_read(fake_task_path(b, files[i]), &sizes[1])};
        assert_int_equal(sizes[0], sizes[1]);
        assert_memory_equal(bytes[0], bytes[1], sizes[0]);
        free(bytes[0]);
        free(bytes[1]);
    }
}

static void a_net_gives_the_same_bytes_for_any_chunks_batches_threads_and_restarts(void **state)
{
    static const struct {
        int64_t chunk, batch;
        uint32_t threads;
        bool restarts;
    } ways[] = {{1, 1, 1, false}, {7, 4, 2, true}, {16, 32, 3, false}, {50, 3, 1, true}};
    struct recon_scan *scan = make_scan();
    const char *data = recon_scan_put(scan), *net = put_net(4, one_complex);
    const char *computed = put_computed(scan, 4, 4);
    struct fake_task *first = make_task(data, net, computed, 4, 4);
    (void)state;
    recon_must(first);
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        struct fake_task *t = make_task(data, net, computed, 4, 4);
        fake_task_int(t, "chunk", ways[i].chunk);
        fake_task_int(t, "batch", ways[i].batch);
        fake_task_limits(t)->threads = ways[i].threads;
        if (ways[i].restarts) {
            fake_task_restart_after(t, FAKE_EACH_STEP);
        }
        recon_must(t);
        assert_same_files(first, t);
        fake_task_destroy(t);
    }
    fake_task_destroy(first);
    free(scan);
}

/* --- models that go wrong --- */

static struct fake_task *odd_task(const char *data, const char *word)
{
    struct fake_task *t = recon_one_arm(data, recon_write("word", word), "odd=patches");
    fake_task_int(t, "chunk", 20);
    return t;
}

static void blocks_a_model_whose_answers_are_none(void **state)
{
    static const char *const ways[][2] = {
        {"zero", "all_zero"}, {"constant", "constant"}, {"nan", "non_finite"}, {"short", "shape"},
        {"narrow", "shape"},  {"long", "shape"},        {"real", "shape"},     {"flat", "shape"},
    };
    struct recon_scan *scan = make_scan();
    const char *data = recon_scan_put(scan);
    (void)state;
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        struct fake_task *t = odd_task(data, ways[i][0]);
        const struct fake_result *result = recon_must(t);
        assert_in_range(result->steps, 6, 7); /* powers in five, then the first chunk or two */
        assert_int_equal(fake_task_gate(t, "answers"), FW_GATE_FALSE);
        if (strstr(fake_task_gate_reason(t, "answers"), ways[i][1]) == NULL) {
            fail_msg("%s: %s", ways[i][0], fake_task_gate_reason(t, "answers"));
        }
        assert_int_equal(access(fake_task_path(t, "comparison_metrics.csv"), F_OK), -1);
        fake_task_destroy(t);
    }
    free(scan);
}

static void names_both_numbers_of_rows(void **state)
{
    struct recon_scan *scan = make_scan();
    struct fake_task *t = odd_task(recon_scan_put(scan), "short");
    (void)state;
    fake_task_int(t, "batch", 16);
    recon_must(t);
    assert_non_null(strstr(fake_task_gate_reason(t, "answers"), "15 rows for the 16 samples"));
    fake_task_destroy(t);
    free(scan);
}

static void halves_the_batch_where_memory_runs_out(void **state)
{
    struct recon_scan *scan = make_scan();
    const char *data = recon_scan_put(scan);
    struct fake_task *good = odd_task(data, "good"), *greedy = odd_task(data, "greedy");
    (void)state;
    recon_must(good);
    fake_task_int(greedy, "batch", 20);
    fake_task_restart_after(greedy, FAKE_EACH_STEP);
    recon_must(greedy);
    assert_non_null(strstr(fake_task_log(greedy), "going on with 5 samples at a time"));
    assert_null(strstr(fake_task_log(greedy), "going on with 2 samples"));
    for (size_t i = 0; i < 2; i++) {
        static const char *const files[] = {"comparison_metrics.csv", "reconstructions.npz"};
        size_t sizes[2];
        char *bytes[] = {test_file_read(fake_task_path(good, files[i]), &sizes[0]),
                         test_file_read(fake_task_path(greedy, files[i]), &sizes[1])};
        assert_int_equal(sizes[0], sizes[1]);
        assert_memory_equal(bytes[0], bytes[1], sizes[0]);
        free(bytes[0]);
        free(bytes[1]);
    }
    fake_task_destroy(good);
    fake_task_destroy(greedy);
    struct fake_task *insatiable = odd_task(data, "insatiable");
    const struct fake_result *result = fake_task_run(insatiable);
    assert_int_equal(result->status, FW_E_NOMEM);
    assert_non_null(strstr(result->fault, "too many samples"));
    assert_non_null(strstr(fake_task_log(insatiable),
                           "in the chunk of samples 0 to 19, at 1 samples "
                           "at a time; set chunk or batch lower"));
    fake_task_destroy(insatiable);
    free(scan);
}

static void refuses_nets_that_do_not_fit(void **state)
{
    struct recon_scan *scan = make_scan();
    const char *data = recon_scan_put(scan);
    (void)state;
    /* Of four images in a scan of single ones. */
    recon_must_fail(recon_one_arm(data, put_net(4, one_complex), "net=weights"), FW_E_DATA,
                    "another number of images");
    recon_must_fail(recon_one_arm(data, put_net(1, "[\"amplitude\"]"), "net=weights"), FW_E_DATA,
                    "complex");
    recon_must_fail(recon_one_arm(data, put_net(1, "[\"x\", \"phase\", \"x\"]"), "net=weights"),
                    FW_E_DATA, "complex");
    free(scan);
}

/* --- a second input --- */

static struct fake_task *task_with_second(const char *data, const char *name, const char *shape)
{
    static const float one[16] = {1};
    char hex[65], text[900];
    recon_digest(
        recon_put("weights.npz", &(struct recon_array){"k", FW_NPY_F4, {4, 4, 1, 1}, 4, one}, 1),
        hex);
    snprintf(text, sizeof text,
             "{\"format\": \"fwrun-net/1\", \"weights\": \"weights.npz\", \"sha256\": \"%s\","
             " \"inputs\": [{\"name\": \"x\", \"shape\": [4, %d, %d]},"
             " {\"name\": \"%s\", \"shape\": [%s]}], \"layers\": ["
             "{\"op\": \"conv2d\", \"in\": \"x\", \"out\": \"a\", \"filter\": \"k\"},"
             "{\"op\": \"scale\", \"in\": \"x\", \"out\": \"p\", \"by\": 0.5}],"
             " \"outputs\": [{\"name\": \"object\", \"amplitude\": \"a\", \"phase\": \"p\"}]}",
             hex, N, N, name, shape);
    struct fake_task *t = recon_one_arm(data, recon_write("model.json", text), "net=weights");
    fake_task_int(t, "gridsize", 2);
    fake_task_text(t, "registration", "none");
    return t;
}

static void a_second_input_must_be_the_places(void **state)
{
    struct recon_scan *scan = make_scan();
    const char *data = recon_scan_put(scan);
    (void)state;
    struct fake_task *t = task_with_second(data, "input_positions", "1, 2, 4");
    recon_must(t);
    fake_task_destroy(t);
    recon_must_fail(task_with_second(data, "probe", "1, 2, 4"), FW_E_DATA, "second input 'probe'");
    recon_must_fail(task_with_second(data, "input_positions", "1, 4, 2"), FW_E_DATA,
                    "[sample][1][2][4]");
    recon_must_fail(task_with_second(data, "input_positions", "1, 2, 1"), FW_E_DATA,
                    "[sample][1][2][4]");
    free(scan);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, recon_start, recon_stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_net_of_single_images_answers_as_computed_here),
        TEST(a_net_of_groups_answers_as_computed_here),
        TEST(a_net_of_single_images_takes_a_scan_in_groups),
        TEST(a_second_input_must_be_the_places),
        TEST(a_net_gives_the_same_bytes_for_any_chunks_batches_threads_and_restarts),
        TEST(blocks_a_model_whose_answers_are_none),
        TEST(names_both_numbers_of_rows),
        TEST(halves_the_batch_where_memory_runs_out),
        TEST(refuses_nets_that_do_not_fit),
    };
    return cmocka_run_group_tests_name("compare_predicted", tests, recon_open_kit, recon_close_kit);
}

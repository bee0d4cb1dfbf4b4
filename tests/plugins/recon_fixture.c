/* SPDX-License-Identifier: MIT */
#include "recon_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "image_fixture.h"
#include "test_files.h"

struct fake_kit *recon_kit;
static char *folder;

static fw_status say_fault(const struct fw_host *host, fw_status status,
                           const struct fw_fault *fault)
{
    (void)host;
    print_message("%s: %s\n", fault->where, fault->what);
    return status;
}

static const struct fw_host host = {.struct_size = sizeof host, .fail = say_fault};

int recon_open_kit(void **state)
{
    (void)state;
    char odd[512];
    snprintf(odd, sizeof odd, "%s/predictors/p_patches.so", getenv("FWRUN_FIXTURES"));
    recon_kit = fake_kit_open(COMPARE_SO, PREDICTOR_NPZ_SO, PREDICTOR_WEIGHTS_SO, KERNELS_CPU_SO,
                              odd, NULL);
    return 0;
}

int recon_close_kit(void **state)
{
    (void)state;
    fake_kit_close(recon_kit);
    return 0;
}

int recon_start(void **state)
{
    (void)state;
    folder = test_folder_create();
    return 0;
}

int recon_stop(void **state)
{
    (void)state;
    test_folder_remove(folder);
    return 0;
}

/* --- files --- */

const char *recon_put(const char *name, const struct recon_array *arrays, size_t n)
{
    static char paths[8][300];
    static unsigned next;
    char *path = paths[next++ % 8];
    struct fw_npz_writer *writer = NULL;
    snprintf(path, sizeof *paths, "%s/%s", folder, name);
    assert_int_equal(fw_npz_writer_create(&host, path, &writer), FW_OK);
    for (size_t i = 0; i < n; i++) {
        size_t size = fw_npy_type_bytes(arrays[i].type);
        for (unsigned k = 0; k < arrays[i].n_dims; k++) {
            size *= arrays[i].shape[k];
        }
        assert_int_equal(fw_npz_writer_begin(writer, arrays[i].name, arrays[i].type,
                                             arrays[i].shape, arrays[i].n_dims),
                         FW_OK);
        assert_int_equal(fw_npz_writer_append(writer, arrays[i].items, size), FW_OK);
    }
    assert_int_equal(fw_npz_writer_finish(writer), FW_OK);
    return path;
}

const char *recon_write(const char *name, const char *text)
{
    static char paths[4][300];
    static unsigned next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof *paths, "%s/%s", folder, name);
    test_file_write(folder, name, text);
    return path;
}

void recon_digest(const char *path, char hex[65])
{
    unsigned char sum[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    size_t size = 0;
    char *bytes = test_file_read(path, &size);
    assert_int_equal(EVP_Digest(bytes, size, sum, &n, EVP_sha256(), NULL), 1);
    for (unsigned i = 0; i < n; i++) {
        snprintf(hex + 2 * (size_t)i, 3, "%02x", sum[i]);
    }
    free(bytes);
}

void *recon_read(const char *path, const char *name, enum fw_npy_type type, size_t n)
{
    struct fw_npz *npz = NULL;
    struct fw_npy *npy = NULL;
    void *items = NULL;
    assert_int_equal(fw_npz_open(&host, path, &npz), FW_OK);
    assert_int_equal(fw_npy_open(npz, name, &npy), FW_OK);
    assert_int_equal(fw_npy_header(npy)->n_items, n);
    assert_int_equal(fw_npy_header(npy)->type, type);
    assert_int_equal(fw_npy_read_all(npy, type, &items), FW_OK);
    fw_npy_close(npy);
    fw_npz_close(npz);
    return items;
}

/* --- a scan over an object: positions on a raster around its middle --- */

static float complex object_at(const struct recon_scan *scan, ptrdiff_t row, ptrdiff_t column)
{
    const bool inside = row >= 0 && column >= 0 && row < SIDE && column < SIDE;
    return inside ? (float complex)scan->object[row * SIDE + column] : 0;
}

struct recon_scan *recon_scan_make(void)
{
    struct recon_scan *scan = calloc(1, sizeof *scan);
    double *texture = lcg_sequence(SIDE * SIDE, 4);
    assert_non_null(scan);
    for (int i = 0; i < SIDE * SIDE; i++) {
        const double y = i / SIDE, x = i % SIDE;
        const double amplitude = 1 + 0.4 * sin(x / 3) * cos(y / 4) + 0.3 * texture[i];
        scan->object[i] = amplitude * cexp(I * (0.5 * sin(x / 6) + 0.3 * cos(y / 5)));
    }
    for (int i = 0; i < IMAGES; i++) {
        scan->x[i] = SIDE / 2 + STRIDE * (i % ROWS - ROWS / 2);
        scan->y[i] = SIDE / 2 + STRIDE * (i / ROWS - ROWS / 2);
        for (int k = 0; k < N * N; k++) {
            scan->diffraction[i * N * N + k] = 1 + (float)(i % 3);
            scan->patches[i * N * N + k] = object_at(scan, (ptrdiff_t)scan->y[i] - N / 2 + k / N,
                                                     (ptrdiff_t)scan->x[i] - N / 2 + k % N);
        }
    }
    free(texture);
    return scan;
}

const char *recon_scan_put(const struct recon_scan *scan)
{
    const struct recon_array arrays[] = {
        {"diffraction", FW_NPY_F4, {IMAGES, N, N}, 3, scan->diffraction},
        {"xcoords", FW_NPY_F8, {IMAGES}, 1, scan->x},
        {"ycoords", FW_NPY_F8, {IMAGES}, 1, scan->y},
        {"objectGuess", FW_NPY_C16, {SIDE, SIDE}, 2, scan->object},
    };
    return recon_put("scan.npz", arrays, 4);
}

const char *recon_put_answers(const char *name, const float complex *patches, uint64_t n)
{
    return recon_put(name, &(const struct recon_array){"object", FW_NPY_C8, {n, N, N}, 3, patches},
                     1);
}

/* --- tasks --- */

struct fake_task *recon_task(const char *data)
{
    static const char *const outputs[][2] = {{"result", "result.json"},
                                             {"metrics", "comparison_metrics.csv"},
                                             {"curves", "frc_curves.csv"},
                                             {"reconstructions", "reconstructions.npz"},
                                             {"aligned", "reconstructions_aligned.npz"},
                                             {"panels", "panels"},
                                             {"chosen", "images.txt"},
                                             {"debug_images", "debug_images"},
                                             {"baseline_debug_dir", "baseline_debug"},
                                             {"blocked", "red"}};
    struct fake_task *t = fake_task_create(recon_kit, "compare_reconstructions");
    fake_task_input(t, "data", data, NULL);
    for (size_t i = 0; i < sizeof outputs / sizeof *outputs; i++) {
        fake_task_output(t, outputs[i][0], fake_task_path(t, outputs[i][1]));
    }
    fake_task_int(t, "stitch_crop", CROP);
    return t;
}

struct fake_task *recon_one_arm(const char *data, const char *model, const char *arm)
{
    struct fake_task *t = recon_task(data);
    fake_task_input(t, "models", model, NULL);
    fake_task_texts(t, "arms", arm, NULL);
    return t;
}

const struct fake_result *recon_must(struct fake_task *t)
{
    const struct fake_result *result = fake_task_run(t);
    if (result->status != FW_OK || result->defect != NULL) {
        fail_msg("%s %s", result->fault, result->defect != NULL ? result->defect : "");
    }
    return result;
}

void recon_must_fail(struct fake_task *t, fw_status status, const char *text)
{
    const struct fake_result *result = fake_task_run(t);
    if (result->status != status || strstr(result->fault, text) == NULL) {
        fail_msg("status %d, expected %d with \"%s\": %s", result->status, status, text,
                 result->fault);
    }
    fake_task_destroy(t);
}

/* A cell of the metrics: column 2 is the amplitude, 3 the phase, 4 the value. NaN: empty. */
double recon_metric(struct fake_task *t, const char *model, const char *name, int column)
{
    const char *csv = fake_task_read(t, fake_task_path(t, "comparison_metrics.csv"));
    char start[128];
    snprintf(start, sizeof start, "\n%s,%s,", model, name);
    const char *at = strstr(csv, start);
    if (at == NULL) {
        fail_msg("no %s in %s", start + 1, csv);
        return NAN;
    }
    for (at += strlen(start); column > 2; column--) {
        at = strchr(at, ',') + 1;
    }
    return *at == ',' || *at == '\n' ? NAN : strtod(at, NULL);
}

void recon_assert_text(struct fake_task *t, const char *file, const char *part)
{
    const char *text = fake_task_read(t, fake_task_path(t, file));
    if (strstr(text, part) == NULL) {
        fail_msg("no %s in %s", part, text);
    }
}

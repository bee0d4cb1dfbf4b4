/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <fw/plugin.h>

#include "image/image.h"
#include "npy/npy.h"
#include "object.h"
#include "sql/fault.h"

enum { IMAGES_PER_STEP = 256, N_ANSWERS = 2 };

/* Stand-ins for two networks: how much noise they add, and whether they lose detail. */
static const struct {
    const char *port;
    double noise;
    bool is_blurred;
} answers[N_ANSWERS] = {{"fine", 0.02, false}, {"rough", 0.06, true}};

struct synth_scan {
    const struct fw_host *host;
    const struct fw_task *task;
    struct synth_object object;
    uint64_t seed;
    struct fw_npz_writer *data;
    struct fw_npz_writer *answers[N_ANSWERS]; /* NULL: not plugged in */
    double complex *patch;
    float *image;
    float complex *answer;
    size_t done;
};

static void destroy(void *self)
{
    struct synth_scan *it = self;
    fw_npz_writer_destroy(it->data);
    for (int i = 0; i < N_ANSWERS; i++) {
        fw_npz_writer_destroy(it->answers[i]);
    }
    synth_object_finish(&it->object);
    free(it->patch);
    free(it->image);
    free(it->answer);
    free(it);
}

static fw_status prepare(struct synth_scan *it)
{
    const struct synth_shape shape = {
        .images = (size_t)fw_task_integer(it->task, "images"),
        .n_side = (size_t)fw_task_integer(it->task, "side"),
        .step = (size_t)fw_task_integer(it->task, "step"),
        .seed = (uint64_t)fw_task_integer(it->task, "scan_seed"),
    };
    const size_t n = shape.n_side * shape.n_side;
    it->seed = shape.seed;
    it->patch = malloc(n * sizeof *it->patch);
    it->image = malloc(n * sizeof *it->image);
    it->answer = malloc(n * sizeof *it->answer);
    return it->patch == NULL || it->image == NULL || it->answer == NULL ||
                   synth_object_init(&it->object, &shape) != 0
               ? fw_fault_nomem(it->host)
               : FW_OK;
}

static fw_status create(const struct fw_host *host, const struct fw_task *task, void **ret_self)
{
    struct synth_scan *it = calloc(1, sizeof *it);
    if (it == NULL) {
        return fw_fault_nomem(host);
    }
    it->host = host;
    it->task = task;
    fw_status status = prepare(it);
    if (status != FW_OK) {
        destroy(it);
        return status;
    }
    *ret_self = it;
    return FW_OK;
}

static fw_status begin(struct synth_scan *it)
{
    const uint64_t shape[] = {it->object.n, it->object.n_side, it->object.n_side};
    fw_status status =
        fw_npz_writer_create(it->host, fw_task_output(it->task, "data")->path, &it->data);
    if (status == FW_OK) {
        status = fw_npz_writer_begin(it->data, "diffraction", FW_NPY_F4, shape, 3);
    }
    for (int i = 0; status == FW_OK && i < N_ANSWERS; i++) {
        const struct fw_output *output = fw_task_output(it->task, answers[i].port);
        if (output == NULL) {
            continue;
        }
        status = fw_npz_writer_create(it->host, output->path, &it->answers[i]);
        if (status == FW_OK) {
            status = fw_npz_writer_begin(it->answers[i], "object", FW_NPY_C8, shape, 3);
        }
    }
    return status;
}

/* The mean of a pixel and its neighbours in the patch. */
static double complex smooth(const double complex *patch, size_t n, size_t at)
{
    const size_t row = at / n, column = at % n;
    double complex sum = 0;
    double count = 0;
    for (size_t r = row > 0 ? row - 1 : 0; r <= row + 1 && r < n; r++) {
        for (size_t c = column > 0 ? column - 1 : 0; c <= column + 1 && c < n; c++) {
            sum += patch[r * n + c];
            count += 1;
        }
    }
    return sum / count;
}

static fw_status put_answer(struct synth_scan *it, int which, size_t image)
{
    const size_t n = it->object.n_side;
    struct fw_pcg32 rng;
    fw_pcg32_init(&rng, it->seed, 10 + 2 * (uint64_t)image + (uint64_t)which);
    for (size_t k = 0; k < n * n; k++) {
        const double complex value =
            answers[which].is_blurred ? smooth(it->patch, n, k) : it->patch[k];
        const double re = synth_noise(&rng), im = synth_noise(&rng);
        it->answer[k] = (float complex)(value + answers[which].noise * (re + I * im));
    }
    return fw_npz_writer_append(it->answers[which], it->answer, n * n * sizeof *it->answer);
}

static fw_status put_image(struct synth_scan *it, size_t image)
{
    const size_t n = it->object.n_side;
    fw_status status = FW_OK;
    synth_object_patch(&it->object, image, it->patch);
    for (int i = 0; status == FW_OK && i < N_ANSWERS; i++) {
        status = it->answers[i] == NULL ? FW_OK : put_answer(it, i, image);
    }
    if (status != FW_OK) {
        return status;
    }
    return synth_object_diffract(&it->object, it->patch, it->image) != 0
               ? fw_fault_nomem(it->host)
               : fw_npz_writer_append(it->data, it->image, n * n * sizeof *it->image);
}

static fw_status put(struct fw_npz_writer *writer, const char *name, enum fw_npy_type type,
                     const uint64_t shape[2], const void *items)
{
    const unsigned n_dims = shape[1] == 0 ? 1 : 2;
    const size_t n = shape[0] * (n_dims == 1 ? 1 : shape[1]);
    fw_status status = fw_npz_writer_begin(writer, name, type, shape, n_dims);
    return status == FW_OK ? fw_npz_writer_append(writer, items, n * fw_npy_type_bytes(type))
                           : status;
}

/* A writer that is finished is gone, whatever came of it. */
static fw_status finish_writer(struct fw_npz_writer **writer)
{
    struct fw_npz_writer *last = *writer;
    *writer = NULL;
    return last == NULL ? FW_OK : fw_npz_writer_finish(last);
}

static fw_status finish_data(struct synth_scan *it)
{
    const struct synth_object *object = &it->object;
    const uint64_t line[] = {object->n, 0}, square[] = {object->side, object->side};
    const uint64_t patch[] = {object->n_side, object->n_side};
    fw_status status = put(it->data, "xcoords", FW_NPY_F8, line, object->x);
    if (status == FW_OK) {
        status = put(it->data, "ycoords", FW_NPY_F8, line, object->y);
    }
    if (status == FW_OK) {
        status = put(it->data, "objectGuess", FW_NPY_C16, square, object->pixels);
    }
    if (status == FW_OK) {
        status = put(it->data, "probeGuess", FW_NPY_C16, patch, object->probe);
    }
    return status == FW_OK ? finish_writer(&it->data) : status;
}

/* What an iterative solver might leave: another scale, a part of a pixel off, some noise. */
static fw_status write_solved(struct synth_scan *it)
{
    const struct fw_output *output = fw_task_output(it->task, "solved");
    const size_t side = it->object.side;
    const uint64_t square[] = {side, side};
    struct fw_npz_writer *writer = NULL;
    struct fw_pcg32 rng;
    if (output == NULL) {
        return FW_OK;
    }
    if (fw_image_shift_complex(it->object.pixels, side, side, (double[]){0.6, -0.4}, 1) != 0) {
        return fw_fault_nomem(it->host);
    }
    fw_pcg32_init(&rng, it->seed, 3);
    for (size_t i = 0; i < side * side; i++) {
        const double re = synth_noise(&rng), im = synth_noise(&rng);
        it->object.pixels[i] = 0.5 * it->object.pixels[i] + 0.01 * (re + I * im);
    }
    fw_status status = fw_npz_writer_create(it->host, output->path, &writer);
    if (status != FW_OK) {
        return status;
    }
    status = put(writer, "reconstructed_object", FW_NPY_C16, square, it->object.pixels);
    if (status == FW_OK) {
        return finish_writer(&writer);
    }
    fw_npz_writer_destroy(writer);
    return status;
}

static fw_status finish(struct synth_scan *it)
{
    fw_status status = finish_data(it);
    for (int i = 0; status == FW_OK && i < N_ANSWERS; i++) {
        status = finish_writer(&it->answers[i]);
    }
    return status == FW_OK ? write_solved(it) : status; /* uses up the object */
}

static fw_status step(void *self, struct fw_step *ret)
{
    struct synth_scan *it = self;
    fw_status status = it->data == NULL ? begin(it) : FW_OK;
    const size_t left = it->object.n - it->done;
    const size_t n = left < IMAGES_PER_STEP ? left : IMAGES_PER_STEP;
    for (size_t i = 0; status == FW_OK && i < n; i++) {
        status = put_image(it, it->done + i);
    }
    if (status != FW_OK) {
        return status;
    }
    it->done += n;
    ret->done = ret->items = it->done;
    ret->total = it->object.n;
    ret->unit = "images";
    return it->done < it->object.n ? FW_MORE : finish(it);
}

static const struct fw_port outputs[] = {
    FW_PORT(.kind = FW_KIND_TENSOR, .name = "data", .file = "scan.npz",
            .doc = "diffraction [n][N][N], xcoords, ycoords, objectGuess, probeGuess"),
    FW_PORT(.kind = FW_KIND_FILE, .flags = FW_PORT_OPTIONAL, .name = "fine", .file = "fine.npz",
            .doc = "patches [n][N][N] of the object with a little noise"),
    FW_PORT(.kind = FW_KIND_FILE, .flags = FW_PORT_OPTIONAL, .name = "rough", .file = "rough.npz",
            .doc = "blurred patches with more noise"),
    FW_PORT(.kind = FW_KIND_FILE, .flags = FW_PORT_OPTIONAL, .name = "solved", .file = "solved.npz",
            .doc = "reconstructed_object: the whole, scaled, a little off, with noise"),
};

static const struct fw_param params[] = {
    FW_PARAM(.type = FW_PARAM_INT, .name = "images", .default_value = "320", .min = "1",
             .max = "1000000", .unit = "images", .doc = "positions of the scan"),
    FW_PARAM(.type = FW_PARAM_INT, .name = "side", .default_value = "32", .min = "4", .max = "1024",
             .unit = "pixels", .doc = "N, of a diffraction image and of a patch"),
    FW_PARAM(.type = FW_PARAM_INT, .name = "step", .default_value = "4", .min = "1", .max = "256",
             .unit = "pixels", .doc = "between two positions of the raster"),
    FW_PARAM(.type = FW_PARAM_INT, .name = "scan_seed", .default_value = "1", .min = "0",
             .doc = "of the object, the positions and the noise"),
};

static const struct fw_stage stage = {
    .struct_size = (uint32_t)sizeof(struct fw_stage),
    .determinism = FW_DETERMINISM_BITWISE,
    .name = "synth_scan",
    .doc = "A ptychographic scan over a known object, and answers to compare",
    .outputs = outputs,
    .n_outputs = FW_COUNT(outputs),
    .params = params,
    .n_params = FW_COUNT(params),
    .create = create,
    .step = step,
    .destroy = destroy,
};

static const struct fw_stage *const stages[] = {&stage};

FW_PLUGIN("org.fwrun.synth_scan", "0.1.0", "MIT", .doc = "Generated ptychographic scans",
          .stages = stages, .n_stages = FW_COUNT(stages));

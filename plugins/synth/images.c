/* SPDX-License-Identifier: MIT */
#include "images.h"

#include <stdlib.h>

#include <fw/stage.h>

#include "npy/npy.h"
#include "sql/fault.h"

/* Images that a step draws. */
#define IMAGES_A_STEP 2000
#define IMAGE_BYTES   (SYNTH_IMAGE_SIDE * SYNTH_IMAGE_SIDE)

struct images {
    const struct fw_host *host;
    const struct fw_task *task;
    uint64_t seed, n_train, n_test;
    double noise;
    uint64_t n_done; /* of n_train + n_test */
    struct fw_npz_writer *writer;
};

static void destroy(void *self)
{
    struct images *images = self;
    fw_npz_writer_destroy(images->writer);
    free(images);
}

static fw_status create(const struct fw_host *host, const struct fw_task *task, void **ret_self)
{
    struct images *images = calloc(1, sizeof *images);
    if (images == NULL) {
        return fw_fault_nomem(host);
    }
    images->host = host;
    images->task = task;
    images->seed = (uint64_t)fw_task_integer(task, "seed");
    images->n_train = (uint64_t)fw_task_integer(task, "train");
    images->n_test = (uint64_t)fw_task_integer(task, "test");
    images->noise = fw_task_real(task, "noise");
    *ret_self = images;
    return FW_OK;
}

/* The part that image n_done belongs to: [first, end). */
static const char *part_at(const struct images *images, uint64_t *ret_first, uint64_t *ret_end)
{
    const bool training = images->n_done < images->n_train;
    *ret_first = training ? 0 : images->n_train;
    *ret_end = training ? images->n_train : images->n_train + images->n_test;
    return training ? "train" : "test";
}

static fw_status begin_part(struct images *images, const char *part, uint64_t n)
{
    const uint64_t shape[] = {n, SYNTH_IMAGE_SIDE, SYNTH_IMAGE_SIDE};
    fw_status status = fw_npz_writer_create(images->host, fw_task_output(images->task, part)->path,
                                            &images->writer);
    return status == FW_OK ? fw_npz_writer_begin(images->writer, "x", FW_NPY_U1, shape, 3) : status;
}

static fw_status end_part(struct images *images, uint64_t first, uint64_t end)
{
    const uint64_t n = end - first;
    fw_status status = fw_npz_writer_begin(images->writer, "y", FW_NPY_U1, &n, 1);
    for (uint64_t i = first; status == FW_OK && i < end; i++) {
        const uint8_t kind = synth_image_kind(images->seed, i);
        status = fw_npz_writer_append(images->writer, &kind, sizeof kind);
    }
    if (status == FW_OK) {
        struct fw_npz_writer *writer = images->writer;
        images->writer = NULL;
        status = fw_npz_writer_finish(writer);
    }
    return status;
}

static fw_status draw_some(struct images *images, uint64_t end)
{
    const uint64_t stop =
        end - images->n_done < IMAGES_A_STEP ? end : images->n_done + IMAGES_A_STEP;
    uint8_t pixels[IMAGE_BYTES];
    fw_status status = FW_OK;
    for (; status == FW_OK && images->n_done < stop; images->n_done++) {
        synth_image_draw(images->seed, images->n_done, images->noise, pixels);
        status = fw_npz_writer_append(images->writer, pixels, sizeof pixels);
    }
    return status;
}

static fw_status step(void *self, struct fw_step *ret)
{
    struct images *images = self;
    uint64_t first, end;
    const char *part = part_at(images, &first, &end);
    fw_status status = images->writer == NULL ? begin_part(images, part, end - first) : FW_OK;
    if (status == FW_OK) {
        status = draw_some(images, end);
    }
    if (status == FW_OK && images->n_done == end) {
        status = end_part(images, first, end);
    }
    ret->done = ret->items = images->n_done;
    ret->total = images->n_train + images->n_test;
    ret->unit = "images";
    return status == FW_OK && images->n_done < ret->total ? FW_MORE : status;
}

static const struct fw_port outputs[] = {
    FW_PORT(.kind = FW_KIND_TENSOR, .name = "train", .file = "train.npz",
            .doc = "x, uint8 [n][28][28]; y, uint8 [n], the kind"),
    FW_PORT(.kind = FW_KIND_TENSOR, .name = "test", .file = "test.npz", .doc = "the same, others"),
};

static const struct fw_param params[] = {
    FW_PARAM(.type = FW_PARAM_INT, .name = "train", .default_value = "2400", .min = "1",
             .max = "10000000", .unit = "images", .doc = "to fit to"),
    FW_PARAM(.type = FW_PARAM_INT, .name = "test", .default_value = "600", .min = "1",
             .max = "10000000", .unit = "images", .doc = "to measure on"),
    FW_PARAM(.type = FW_PARAM_REAL, .name = "noise", .default_value = "0.5", .min = "0",
             .max = "10", .doc = "how far a pixel is off at most; 1: the whole range"),
    FW_PARAM(.type = FW_PARAM_INT, .name = "seed", .default_value = "42", .min = "0",
             .doc = "another seed gives other images"),
};

const struct fw_stage synth_images = {
    .struct_size = (uint32_t)sizeof(struct fw_stage),
    .determinism = FW_DETERMINISM_BITWISE,
    .name = "synth_images",
    .doc = "Generates grey images of ten kinds of shapes, with noise",
    .outputs = outputs,
    .n_outputs = FW_COUNT(outputs),
    .params = params,
    .n_params = FW_COUNT(params),
    .create = create,
    .step = step,
    .destroy = destroy,
};

/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "line_hash.h"
#include "lines.h"
#include "stages.h"

/*
 * Sorts lines into two files by their hash: a line lands on the same side in every run and every
 * text, so nothing moves from training to holdout when data grows.
 */

enum { LINES_PER_STEP = 20000, TRAIN = 0, HOLDOUT = 1 };

struct split {
    const struct fw_host *host;
    const struct line_hash *hash;
    struct lines in;
    const char *paths[2];
    FILE *out[2];
    uint64_t percent;
};

static void destroy(void *opaque)
{
    struct split *self = opaque;
    lines_close(&self->in);
    for (int side = TRAIN; side <= HOLDOUT; side++) {
        if (self->out[side] != NULL) {
            fclose(self->out[side]);
        }
    }
    free(self);
}

static fw_status create(const struct fw_host *host, const struct fw_task *task, void **ret_self)
{
    struct split *self = calloc(1, sizeof *self);
    if (self == NULL) {
        return FW_FAIL(host, FW_E_NOMEM, .what = "no memory for the stage");
    }
    self->host = host;
    self->hash = host->service(host, LINE_HASH_ID);
    self->percent = (uint64_t)fw_task_value(task, "percent")->integer;
    self->paths[TRAIN] = fw_task_output(task, "train")->path;
    self->paths[HOLDOUT] = fw_task_output(task, "holdout")->path;
    const fw_status status = lines_open(&self->in, host, fw_task_input(task, "in")->paths[0]);
    if (status != FW_OK) {
        destroy(self);
        return status;
    }
    *ret_self = self;
    return FW_OK;
}

static fw_status write_line(struct split *self)
{
    const uint64_t bin = self->hash->hash(self->in.text, self->in.size) % 100;
    const int side = bin < self->percent ? TRAIN : HOLDOUT;
    return fwrite(self->in.text, 1, self->in.size, self->out[side]) == self->in.size
               ? FW_MORE
               : lines_fail(self->host, self->paths[side]);
}

/* `create` writes nothing, so the outputs are opened by the first step. */
static fw_status open_outputs(struct split *self)
{
    for (int side = TRAIN; side <= HOLDOUT; side++) {
        self->out[side] =
            self->out[side] == NULL ? fopen(self->paths[side], "we") : self->out[side];
        if (self->out[side] == NULL) {
            return lines_fail(self->host, self->paths[side]);
        }
    }
    return FW_MORE;
}

static fw_status close_outputs(struct split *self)
{
    for (int side = TRAIN; side <= HOLDOUT; side++) {
        FILE *out = self->out[side];
        self->out[side] = NULL;
        if (fclose(out) != 0) {
            return lines_fail(self->host, self->paths[side]);
        }
    }
    return FW_OK;
}

static fw_status step(void *opaque, struct fw_step *ret)
{
    struct split *self = opaque;
    fw_status status = open_outputs(self);
    for (int i = 0; i < LINES_PER_STEP && status == FW_MORE; i++) {
        status = lines_next(&self->in);
        status = status == FW_MORE ? write_line(self) : status;
    }
    ret->done = ret->items = self->in.n;
    ret->unit = "lines";
    return status == FW_OK ? close_outputs(self) : status;
}

static const struct fw_port inputs[] = {
    FW_PORT(.kind = FW_KIND_FILE, .name = "in", .doc = "A text, one example to a line"),
};
static const struct fw_port outputs[] = {
    FW_PORT(.kind = FW_KIND_FILE, .flags = FW_PORT_MAY_BE_EMPTY, .name = "train",
            .file = "train.txt", .doc = "The lines to learn from"),
    FW_PORT(.kind = FW_KIND_FILE, .flags = FW_PORT_MAY_BE_EMPTY, .name = "holdout",
            .file = "holdout.txt", .doc = "The lines to judge by"),
};
static const struct fw_param params[] = {
    FW_PARAM(.type = FW_PARAM_INT, .name = "percent", .default_value = "80", .min = "1",
             .max = "99", .unit = "percent", .doc = "How much of the text is for training"),
};
static const char *const services[] = {LINE_HASH_ID};

const struct fw_stage split_stage = {
    .struct_size = (uint32_t)sizeof split_stage,
    .determinism = FW_DETERMINISM_BITWISE,
    .n_inputs = FW_COUNT(inputs),
    .n_outputs = FW_COUNT(outputs),
    .n_params = FW_COUNT(params),
    .n_services_required = FW_COUNT(services),
    .name = "split_lines",
    .doc = "Sorts lines into training and holdout by their hash",
    .inputs = inputs,
    .outputs = outputs,
    .params = params,
    .services_required = services,
    .create = create,
    .step = step,
    .destroy = destroy,
};

/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdlib.h>

#include "line_hash.h"
#include "lines.h"
#include "stages.h"

/*
 * The number of lines of texts and the sum of their hashes. The order does not count, so a text
 * and the parts that it was split into have the same fingerprint, unless a line was lost.
 */

enum { LINES_PER_STEP = 50000 };

struct fingerprint {
    const struct fw_host *host;
    const struct line_hash *hash;
    const struct fw_input *input;
    const char *to;
    struct lines in;
    uint64_t n_files, n_lines, sum;
};

static void destroy(void *opaque)
{
    struct fingerprint *self = opaque;
    lines_close(&self->in);
    free(self);
}

static fw_status create(const struct fw_host *host, const struct fw_task *task, void **ret_self)
{
    struct fingerprint *self = calloc(1, sizeof *self);
    if (self == NULL) {
        return FW_FAIL(host, FW_E_NOMEM, .what = "no memory for the stage");
    }
    self->host = host;
    self->hash = host->service(host, LINE_HASH_ID);
    self->input = fw_task_input(task, "in");
    self->to = fw_task_output(task, "out")->path;
    *ret_self = self;
    return FW_OK;
}

static fw_status finish(struct fingerprint *self)
{
    FILE *out = fopen(self->to, "we");
    const int bad =
        out == NULL || fprintf(out, "{\"lines\": %" PRIu64 ", \"sum\": \"%016" PRIx64 "\"}\n",
                               self->n_lines, self->sum) < 0;
    if (out == NULL || fclose(out) != 0 || bad) {
        return lines_fail(self->host, self->to);
    }
    return FW_OK;
}

static fw_status step(void *opaque, struct fw_step *ret)
{
    struct fingerprint *self = opaque;
    fw_status status = FW_MORE;
    if (self->in.file == NULL) {
        status = lines_open(&self->in, self->host, self->input->paths[self->n_files]);
        status = status == FW_OK ? FW_MORE : status;
    }
    for (int i = 0; i < LINES_PER_STEP && status == FW_MORE; i++) {
        status = lines_next(&self->in);
        if (status == FW_MORE) {
            self->n_lines++;
            self->sum += self->hash->hash(self->in.text, self->in.size);
        }
    }
    ret->done = ret->items = self->n_lines;
    ret->unit = "lines";
    if (status != FW_OK) {
        return status;
    }
    lines_close(&self->in);
    return ++self->n_files < self->input->n_paths ? FW_MORE : finish(self);
}

static const struct fw_port inputs[] = {
    FW_PORT(.kind = FW_KIND_FILE, .flags = FW_PORT_MANY, .name = "in", .doc = "One or more texts"),
};
static const struct fw_port outputs[] = {
    FW_PORT(.kind = FW_KIND_DOCUMENT, .name = "out", .file = "fingerprint.json",
            .doc = "lines and sum"),
};
static const char *const services[] = {LINE_HASH_ID};

const struct fw_stage fingerprint_stage = {
    .struct_size = (uint32_t)sizeof fingerprint_stage,
    .determinism = FW_DETERMINISM_BITWISE,
    .n_inputs = FW_COUNT(inputs),
    .n_outputs = FW_COUNT(outputs),
    .n_services_required = FW_COUNT(services),
    .name = "fingerprint_lines",
    .doc = "Counts and sums the lines of texts, whatever their order",
    .inputs = inputs,
    .outputs = outputs,
    .services_required = services,
    .create = create,
    .step = step,
    .destroy = destroy,
};

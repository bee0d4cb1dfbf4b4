/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fw/sdk.h"

/* Keeps the lines of a text that contain a word. */

enum { LINES_PER_STEP = 20000, STATE_VERSION = 1 };

/* All that a fresh instance needs to go on where this one is. */
struct state {
    uint64_t n_lines, n_kept;
    int64_t read_bytes, written_bytes;
};

struct instance {
    const struct fw_host *host;
    int64_t invert;
    const char *contains, *from, *to; /* the task's, which outlives the instance */
    FILE *in, *out;
    char *line;
    size_t line_size;
    int64_t total_bytes;
    struct state state;
};

static fw_status fail_errno(const struct instance *self, const char *path)
{
    return FW_FAIL(self->host, errno == ENOSPC ? FW_E_NOSPACE : FW_E_IO, .what = strerror(errno),
                   .where = path);
}

static void destroy(void *opaque)
{
    struct instance *self = opaque;
    if (self->in != NULL) {
        fclose(self->in);
    }
    if (self->out != NULL) {
        fclose(self->out);
    }
    free(self->line);
    free(self);
}

static fw_status create(const struct fw_host *host, const struct fw_task *task, void **ret_self)
{
    struct instance *self = calloc(1, sizeof *self);
    if (self == NULL) {
        return FW_FAIL(host, FW_E_NOMEM, .what = "no memory for the stage");
    }
    self->host = host;
    self->contains = fw_task_value(task, "contains")->text;
    self->invert = fw_task_value(task, "invert")->integer;
    self->from = fw_task_input(task, "in")->paths[0];
    self->to = fw_task_output(task, "out")->path;
    self->in = fopen(self->from, "re");
    if (self->in == NULL || fseeko(self->in, 0, SEEK_END) != 0 ||
        (self->total_bytes = ftello(self->in)) < 0 || fseeko(self->in, 0, SEEK_SET) != 0) {
        const fw_status status = fail_errno(self, self->from);
        destroy(self);
        return status;
    }
    *ret_self = self;
    return FW_OK;
}

/* What a step that was cut short wrote behind the last saved state goes. */
static fw_status open_output(struct instance *self)
{
    self->out = fopen(self->to, "ae");
    if (self->out == NULL || ftruncate(fileno(self->out), self->state.written_bytes) != 0) {
        return fail_errno(self, self->to);
    }
    return FW_OK;
}

static fw_status keep_lines(struct instance *self)
{
    for (int i = 0; i < LINES_PER_STEP; i++) {
        const ssize_t size = getline(&self->line, &self->line_size, self->in);
        if (size < 0) {
            return ferror(self->in) ? fail_errno(self, self->from) : FW_OK;
        }
        self->state.n_lines++;
        self->state.read_bytes += size;
        if ((strstr(self->line, self->contains) != NULL) != (self->invert != 0)) {
            self->state.n_kept++;
            self->state.written_bytes += size;
            if (fwrite(self->line, 1, (size_t)size, self->out) != (size_t)size) {
                return fail_errno(self, self->to);
            }
        }
    }
    return FW_MORE;
}

static fw_status finish(struct instance *self)
{
    FILE *out = self->out;
    self->out = NULL;
    if (fclose(out) != 0) {
        return fail_errno(self, self->to);
    }
    char json[32];
    snprintf(json, sizeof json, "%llu", (unsigned long long)self->state.n_kept);
    const struct fw_artifact *artifact = self->host->service(self->host, FW_ARTIFACT_ID);
    return artifact->field(self->host, "lines_kept", json);
}

static fw_status step(void *opaque, struct fw_step *ret)
{
    struct instance *self = opaque;
    fw_status status = self->out == NULL ? open_output(self) : FW_OK;
    status = status == FW_OK ? keep_lines(self) : status;
    status = status == FW_OK ? finish(self) : status;
    ret->done = (uint64_t)self->state.read_bytes;
    ret->total = (uint64_t)self->total_bytes;
    ret->unit = "bytes";
    ret->items = self->state.n_lines;
    return status;
}

static void release_state(struct fw_blob *blob)
{
    free(blob->private_data);
}

static fw_status save(void *opaque, struct fw_blob *ret)
{
    struct instance *self = opaque;
    struct state *copy = malloc(sizeof *copy);
    if (copy == NULL) {
        return FW_FAIL(self->host, FW_E_NOMEM, .what = "no memory for the state");
    }
    if (self->out != NULL && fflush(self->out) != 0) {
        free(copy);
        return fail_errno(self, self->to);
    }
    *copy = self->state;
    ret->version = STATE_VERSION;
    ret->bytes = ret->private_data = copy;
    ret->size = sizeof *copy;
    ret->release = release_state;
    return FW_OK;
}

static fw_status restore(void *opaque, const struct fw_blob *blob)
{
    struct instance *self = opaque;
    if (blob->version != STATE_VERSION || blob->size != sizeof self->state) {
        return FW_FAIL(self->host, FW_E_STATE, .what = "the state is of another version");
    }
    memcpy(&self->state, blob->bytes, sizeof self->state);
    if (fseeko(self->in, self->state.read_bytes, SEEK_SET) != 0) {
        return fail_errno(self, self->from);
    }
    return FW_OK;
}

static const struct fw_port inputs[] = {
    FW_PORT(.kind = FW_KIND_FILE, .name = "in", .doc = "The text, in lines"),
};
static const struct fw_port outputs[] = {
    FW_PORT(.kind = FW_KIND_FILE, .flags = FW_PORT_MAY_BE_EMPTY, .name = "out",
            .file = "first_stage.txt", .doc = "The lines that are kept"),
};
static const struct fw_param params[] = {
    FW_PARAM(.type = FW_PARAM_STRING, .name = "contains", .default_value = "",
             .doc = "What a line must contain to be kept"),
    FW_PARAM(.type = FW_PARAM_BOOL, .name = "invert", .default_value = "false",
             .doc = "Keep the lines that do not contain it"),
};
static const char *const services[] = {FW_ARTIFACT_ID};

static const struct fw_stage stage = {
    .struct_size = (uint32_t)sizeof stage,
    .caps = FW_CAP_CHECKPOINT,
    .determinism = FW_DETERMINISM_BITWISE,
    .n_inputs = FW_COUNT(inputs),
    .n_outputs = FW_COUNT(outputs),
    .n_params = FW_COUNT(params),
    .n_services_required = FW_COUNT(services),
    .name = "first_stage",
    .doc = "Keeps the lines of a text that contain a word",
    .inputs = inputs,
    .outputs = outputs,
    .params = params,
    .services_required = services,
    .create = create,
    .step = step,
    .save = save,
    .restore = restore,
    .destroy = destroy,
};

static const struct fw_stage *const stages[] = {&stage};

FW_PLUGIN("org.example.first_stage", "0.1.0", "MIT",
          .doc = "Keeps the lines of a text that contain a word", .stages = stages,
          .n_stages = FW_COUNT(stages));

/* SPDX-License-Identifier: MIT */
#include "fw/service/table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "extend.h"
#include "fw/sdk.h"

/*
 * Adds the moving average of a column to a table. Each step writes one part of the output: some
 * batches of the input, one column longer.
 */

enum { BATCHES_PER_STEP = 64, MAX_WINDOW = 1000, STATE_VERSION = 1 };

/* All that a fresh instance needs to go on where this one is. */
struct state {
    uint64_t n_rows, n_parts;
    uint64_t n_values;         /* that were there, not NULL */
    double recent[MAX_WINDOW]; /* value number i at i % MAX_WINDOW */
};

struct instance {
    const struct fw_host *host;
    const struct fw_table *table;
    const struct fw_output *output;
    uint64_t window;
    struct extend rows;
    struct state state;
};

/* The mean of the last values up to this one, those that are there. */
static double mean_with(struct instance *self, double value)
{
    struct state *s = &self->state;
    if (!isnan(value)) {
        s->recent[s->n_values++ % MAX_WINDOW] = value;
    }
    const uint64_t n = s->n_values < self->window ? s->n_values : self->window;
    double sum = 0;
    for (uint64_t i = s->n_values - n; i < s->n_values; i++) {
        sum += s->recent[i % MAX_WINDOW];
    }
    return n == 0 ? (double)NAN : sum / (double)n;
}

static void compute(void *opaque, const struct ArrowArray *column, double *ret_values)
{
    struct instance *self = opaque;
    for (int64_t i = 0; i < column->length; i++) {
        ret_values[i] = mean_with(self, extend_value(&self->rows, column, i));
    }
    self->state.n_rows += (uint64_t)column->length;
}

static void destroy(void *opaque)
{
    struct instance *self = opaque;
    extend_close(&self->rows);
    free(self);
}

static fw_status fail_reading(struct instance *self)
{
    const char *text = self->rows.input.get_last_error(&self->rows.input);
    return FW_FAIL(self->host, FW_E_IO, .what = text == NULL ? "the input cannot be read" : text);
}

static fw_status open_rows(struct instance *self, const struct fw_task *task)
{
    const struct fw_input *input = fw_task_input(task, "in");
    const char *column = fw_task_value(task, "column")->text;
    self->rows.name = "plugin_name";
    self->rows.compute = compute;
    self->rows.self = self;
    const fw_status status = self->table->read(self->host, input, NULL, 0, &self->rows.input);
    if (status != FW_OK) {
        return status;
    }
    if (!extend_find(&self->rows, column)) {
        return FW_FAIL(self->host, FW_E_MISSING, .what = "the table has no such column of numbers",
                       .where = input->paths[0], .value = column,
                       .expected = "a column of type DOUBLE, BIGINT or INTEGER",
                       .remedy = "set the parameter column");
    }
    return extend_fetch(&self->rows) ? FW_OK : fail_reading(self);
}

static fw_status create(const struct fw_host *host, const struct fw_task *task, void **ret_self)
{
    struct instance *self = calloc(1, sizeof *self);
    if (self == NULL) {
        return FW_FAIL(host, FW_E_NOMEM, .what = "no memory for the stage");
    }
    self->host = host;
    self->table = host->service(host, FW_TABLE_ID);
    self->output = fw_task_output(task, "out");
    self->window = (uint64_t)fw_task_value(task, "window")->integer;
    const fw_status status = open_rows(self, task);
    if (status != FW_OK) {
        destroy(self);
        return status;
    }
    *ret_self = self;
    return FW_OK;
}

static fw_status step(void *opaque, struct fw_step *ret)
{
    struct instance *self = opaque;
    struct state *s = &self->state;
    struct ArrowArrayStream part = extend_part(&self->rows, BATCHES_PER_STEP);
    const fw_status status =
        self->table->write(self->host, self->output, (uint32_t)s->n_parts, &part, NULL);
    if (status != FW_OK) {
        return status;
    }
    s->n_parts++;
    ret->done = ret->items = s->n_rows;
    ret->unit = "rows";
    if (self->rows.next.release != NULL) {
        return FW_MORE;
    }
    const struct fw_artifact *artifact = self->host->service(self->host, FW_ARTIFACT_ID);
    return artifact->rows(self->host, self->output->port, s->n_rows);
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
    *copy = self->state;
    ret->version = STATE_VERSION;
    ret->bytes = ret->private_data = copy;
    ret->size = sizeof *copy;
    ret->release = release_state;
    return FW_OK;
}

/* Reads up to where the state was saved. */
static fw_status skip_rows(struct instance *self)
{
    uint64_t n = 0;
    while (n < self->state.n_rows && self->rows.next.release != NULL) {
        n += (uint64_t)self->rows.next.length;
        self->rows.next.release(&self->rows.next);
        if (!extend_fetch(&self->rows)) {
            return fail_reading(self);
        }
    }
    return n == self->state.n_rows ? FW_OK
                                   : FW_FAIL(self->host, FW_E_STATE,
                                             .what = "the batches of the input fall differently");
}

static fw_status restore(void *opaque, const struct fw_blob *blob)
{
    struct instance *self = opaque;
    if (blob->version != STATE_VERSION || blob->size != sizeof self->state) {
        return FW_FAIL(self->host, FW_E_STATE, .what = "the state is of another version");
    }
    memcpy(&self->state, blob->bytes, sizeof self->state);
    return skip_rows(self);
}

static const struct fw_port inputs[] = {
    FW_PORT(.kind = FW_KIND_TABLE, .name = "in", .doc = "The rows, in their order"),
};
static const struct fw_port outputs[] = {
    FW_PORT(.kind = FW_KIND_TABLE, .name = "out", .file = "plugin_name",
            .doc = "The same with the column plugin_name"),
};
static const struct fw_param params[] = {
    FW_PARAM(.type = FW_PARAM_STRING, .name = "column", .default_value = "value",
             .doc = "The column that is averaged"),
    FW_PARAM(.type = FW_PARAM_INT, .name = "window", .default_value = "3", .min = "1",
             .max = "1000", .unit = "rows", .doc = "How many values are averaged"),
};
static const char *const services[] = {FW_TABLE_ID, FW_ARTIFACT_ID};

static const struct fw_stage stage = {
    .struct_size = (uint32_t)sizeof stage,
    .caps = FW_CAP_CHECKPOINT,
    .determinism = FW_DETERMINISM_BITWISE,
    .n_inputs = FW_COUNT(inputs),
    .n_outputs = FW_COUNT(outputs),
    .n_params = FW_COUNT(params),
    .n_services_required = FW_COUNT(services),
    .name = "plugin_name",
    .doc = "Adds the moving average of a column",
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

FW_PLUGIN("org.example.plugin_name", "0.1.0", "MIT", .doc = "Adds the moving average of a column",
          .stages = stages, .n_stages = FW_COUNT(stages));

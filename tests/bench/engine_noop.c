/* SPDX-License-Identifier: MIT */
#include "fixture.h"

/* As many steps that do nothing as are asked for; the last one writes a line, as `touch` would. */

struct noop {
    const struct fw_host *host;
    const struct fw_task *task;
    uint64_t done, steps;
};

static fw_status noop_create(const struct fw_host *host, const struct fw_task *task,
                             void **ret_self)
{
    struct noop *self = calloc(1, sizeof *self);
    if (self == NULL) {
        return fixture_fail(host, FW_E_NOMEM, "no memory for the instance", NULL);
    }
    self->host = host;
    self->task = task;
    self->steps = (uint64_t)fixture_int(task, "steps");
    *ret_self = self;
    return FW_OK;
}

static fw_status noop_step(void *instance, struct fw_step *ret)
{
    struct noop *self = instance;
    ret->done = ret->items = ++self->done;
    ret->total = self->steps;
    return self->done < self->steps ? FW_MORE
                                    : fixture_write(self->host, self->task, "out", "done\n");
}

static const struct fw_port inputs[] = {
    FW_PORT(.kind = FW_KIND_FILE, .flags = FW_PORT_OPTIONAL | FW_PORT_MANY, .name = "in",
            .doc = "Files to wait for; not read"),
};
static const struct fw_port outputs[] = {
    FW_PORT(.kind = FW_KIND_FILE, .name = "out", .file = "out.txt", .doc = "A line"),
};
static const struct fw_param params[] = {
    FW_PARAM(.type = FW_PARAM_INT, .name = "steps", .default_value = "1", .min = "1",
             .doc = "How many steps"),
};

static const struct fw_stage stage = {
    .struct_size = (uint32_t)sizeof stage,
    .determinism = FW_DETERMINISM_BITWISE,
    .n_inputs = FW_COUNT(inputs),
    .n_outputs = FW_COUNT(outputs),
    .n_params = FW_COUNT(params),
    .name = "bench_noop",
    .doc = "Does nothing, in steps",
    .inputs = inputs,
    .outputs = outputs,
    .params = params,
    .create = noop_create,
    .step = noop_step,
    .destroy = free,
};

static const struct fw_stage *const stages[] = {&stage};

FW_PLUGIN("org.fwrun.bench.noop", "1.0.0", "MIT", .doc = "Stage for benchmarks of the engine",
          .stages = stages, .n_stages = FW_COUNT(stages));

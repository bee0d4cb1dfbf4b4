/* SPDX-License-Identifier: MIT */
/* Trace and extreme eigenvalues of the Hessian of the loss on a batch that stays the same. */
#include "curvature.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <fw/service/log.h>

#include "callback_host/cadence.h"
#include "sql/fault.h"
#include "state.h"

enum { STATE_VERSION = 1, BATCH_LEAST = 8, PROBES_LEAST = 10 };

static double now(void)
{
    struct timespec at;

    clock_gettime(CLOCK_MONOTONIC, &at);
    return (double)at.tv_sec + 1e-9 * (double)at.tv_nsec;
}

static void close_probe(struct curvature *c)
{
    if (c->probe != NULL) {
        c->close(c->probe);
    }
    c->probe = NULL;
}

static void destroy(void *self)
{
    struct curvature *c = self;

    close_probe(c);
    curvature_room_finish(c);
    free(c);
}

static fw_status create(const struct fw_host *host, const struct fw_callback_task *task,
                        void **ret_self)
{
    struct curvature *c = calloc(1, sizeof *c);

    if (c == NULL) {
        return fw_fault_nomem(host);
    }
    c->host = host;
    c->task = task;
    c->cancel = host->service(host, FW_CANCEL_ID);
    c->effort = (struct curvature_effort){
        .n_probes = (uint64_t)fw_callback_value(task, "probes")->integer,
        .batch = (uint64_t)fw_callback_value(task, "curvature_batch")->integer,
        .interval = (uint64_t)fw_callback_value(task, "every_n_steps")->integer,
    };
    *ret_self = c;
    return FW_OK;
}

static fw_status open_probe(struct curvature *c, const struct fw_training *training)
{
    const struct fw_training_probe_options options = {
        .struct_size = (uint32_t)sizeof options,
        .frozen = strcmp(fw_callback_value(c->task, "bn_mode")->text, "frozen") == 0,
        .n_samples = c->effort.batch,
        .seed = c->task->seed,
    };

    close_probe(c);
    c->close = training->probe_close;
    c->product = training->probe_product;
    c->bend = FW_HAS(training, struct fw_training, probe_bend) ? training->probe_bend : NULL;
    c->probe_batch = c->effort.batch;
    return training->probe_open(training, &options, &c->probe);
}

/* Half as many samples as long as there is no room for them. */
static fw_status open_what_fits(struct curvature *c, const struct fw_training *training)
{
    fw_status status = open_probe(c, training);

    while (status == FW_E_NOMEM && c->effort.batch / 2 >= BATCH_LEAST) {
        c->effort.batch /= 2;
        status = open_probe(c, training);
    }
    return status;
}

static void switch_off(struct curvature *c, const char *why)
{
    close_probe(c);
    c->is_off = true;
    monitors_say(c->host, c->task, FW_LOG_WARNING, "%s: there is no curvature in this run", why);
}

/* What does not fit is no reason not to train. */
static fw_status prepare(struct curvature *c, const struct fw_training *training)
{
    uint64_t asked = c->effort.batch;
    fw_status status = curvature_room_take(c, training->info);

    if (status == FW_OK) {
        status = open_what_fits(c, training);
    }
    if (status == FW_E_NOMEM) {
        switch_off(c, "there is no memory for second derivatives of eight samples");
    } else if (status == FW_E_UNSUPPORTED) {
        switch_off(c, "the model has a layer without second derivatives");
    } else if (status == FW_OK && c->effort.batch < asked) {
        monitors_say(c->host, c->task, FW_LOG_WARNING,
                     "there is memory for %llu samples of the %llu that curvature_batch says",
                     (unsigned long long)c->effort.batch, (unsigned long long)asked);
    }
    return c->is_off ? FW_OK : status;
}

static const struct monitors_metric metrics[] = {
    {"hutchinson_trace", "1", FW_TRAINING_AFTER_STEP},
    {"hutchinson_stderr", "1", FW_TRAINING_AFTER_STEP},
    {"hutchinson_probes", "probes", FW_TRAINING_AFTER_STEP},
    {"lambda_max", "1", FW_TRAINING_AFTER_STEP},
    {"lambda_min", "1", FW_TRAINING_AFTER_STEP},
    {"eig_iters", "products", FW_TRAINING_AFTER_STEP},
    {"eig_residual", "1", FW_TRAINING_AFTER_STEP},
    {"eig_converged", "0 1", FW_TRAINING_AFTER_STEP},
    {"batch_size_used", "samples", FW_TRAINING_AFTER_STEP},
    {"wall_s", "s", FW_TRAINING_AFTER_STEP},
};

static fw_status setup(void *self, const struct fw_training *training)
{
    struct curvature *c = self;
    const struct fw_training_info *info = training->info;
    fw_status status = monitors_declare(training, metrics, FW_COUNT(metrics));

    c->n_steps = info->epochs * info->batches;
    c->effort.batch = c->effort.batch < info->n_train ? c->effort.batch : info->n_train;
    if (status == FW_OK) {
        status = curvature_ranges_find(c, info);
    }
    return status == FW_OK ? prepare(c, training) : status;
}

static void say(const struct curvature *c, const struct fw_training *training,
                const struct curvature_found *found, double seconds)
{
    const struct fw_eigen *largest = &found->ends.largest;
    const double values[] = {
        fw_trace_mean(&found->trace),
        fw_trace_error(&found->trace),
        (double)found->trace.n,
        largest->value,
        found->ends.other.value,
        largest->n_products,
        largest->residual,
        largest->converged,
        (double)c->probe_batch,
        seconds,
    };
    _Static_assert(sizeof values / sizeof *values == sizeof metrics / sizeof *metrics,
                   "a value for each metric");

    for (size_t i = 0; i < FW_COUNT(metrics); i++) {
        training->emit(training, metrics[i].name, values[i]);
    }
}

static fw_status look(struct curvature *c, const struct fw_training *training)
{
    struct curvature_found found;
    double began = now(), loss;
    fw_status status = FW_OK;

    if (c->probe == NULL || c->probe_batch != c->effort.batch) {
        status = open_what_fits(c, training);
    }
    if (status == FW_OK) {
        status = training->probe_at(c->probe, &loss, NULL);
    }
    if (status == FW_OK) {
        status = curvature_measure(c, training->global_step, &found);
    }
    if (status == FW_OK) {
        say(c, training, &found, now() - began);
    }
    return status;
}

static fw_status hook(void *self, const struct fw_training *training)
{
    struct curvature *c = self;

    if (!fw_cadence_due(training->global_step, c->effort.interval) && !monitors_is_dry(training)) {
        return FW_OK;
    }
    for (size_t i = 0; i < FW_COUNT(metrics) && c->is_off; i++) {
        training->emit(training, metrics[i].name, NAN);
    }
    return c->is_off ? FW_OK : look(c, training);
}

/* The next probe is opened with fewer samples at the next event. */
static fw_status relax(void *self, char *ret_text, uint64_t size)
{
    struct curvature *c = self;
    struct curvature_effort *effort = &c->effort;
    const struct curvature_effort before = *effort;

    if (effort->n_probes > PROBES_LEAST) {
        effort->n_probes = before.n_probes / 2 > PROBES_LEAST ? before.n_probes / 2 : PROBES_LEAST;
        snprintf(ret_text, size, "%llu probes instead of %llu",
                 (unsigned long long)effort->n_probes, (unsigned long long)before.n_probes);
    } else if (effort->batch > BATCH_LEAST) {
        effort->batch = before.batch / 2 > BATCH_LEAST ? before.batch / 2 : BATCH_LEAST;
        snprintf(ret_text, size, "%llu samples instead of %llu", (unsigned long long)effort->batch,
                 (unsigned long long)before.batch);
    } else {
        effort->interval = 2 * before.interval;
        snprintf(ret_text, size, "every %llu steps instead of every %llu",
                 (unsigned long long)effort->interval, (unsigned long long)before.interval);
    }
    return effort->interval <= c->n_steps ? FW_MORE : FW_OK;
}

static fw_status save(void *self, struct fw_blob *ret)
{
    const struct curvature *c = self;
    uint64_t n = c->has_vector ? c->n : 0;
    struct fw_text state = {0};

    monitors_put(&state, &c->effort, sizeof c->effort);
    monitors_put(&state, &n, sizeof n);
    monitors_put(&state, c->vector, n * sizeof *c->vector);
    return monitors_put_end(&state, c->host, STATE_VERSION, ret);
}

static fw_status restore(void *self, const struct fw_blob *blob)
{
    struct curvature *c = self;
    struct monitors_state state = monitors_take_begin(blob, STATE_VERSION);
    struct curvature_effort effort;
    uint64_t n;

    monitors_take(&state, &effort, sizeof effort);
    monitors_take(&state, &n, sizeof n);
    state.failed = state.failed || (n != 0 && n != c->n) || (n != 0 && c->vector == NULL) ||
                   effort.n_probes == 0 || effort.batch == 0 || effort.interval == 0 ||
                   effort.n_probes > (uint64_t)fw_callback_value(c->task, "probes")->integer;
    monitors_take(&state, c->vector, state.failed ? 0 : n * sizeof *c->vector);
    c->has_vector = n != 0;
    c->effort = effort;
    return monitors_take_end(&state, c->host, true);
}

static const struct fw_param params[] = {
    MONITORS_WHOLE("every_n_steps", "500", "1", "steps", "between two events"),
    FW_PARAM(.type = FW_PARAM_INT, .name = "probes", .default_value = "50", .min = "1",
             .max = "10000", .doc = "of the trace; a product each"),
    MONITORS_REAL("trace_relative_error", "0", "0", "1",
                  "stop when the standard error is that share of the trace; 0: use all probes"),
    MONITORS_WHOLE("curvature_batch", "32", "1", "samples", "of the batch that is differentiated"),
    FW_PARAM(.type = FW_PARAM_ENUM, .name = "bn_mode", .default_value = "batch",
             .choices = "batch|frozen",
             .doc = "batch norm: by the batch, as trained, or by its running statistics"),
    FW_PARAM(.type = FW_PARAM_ENUM, .name = "scope", .default_value = "all",
             .choices = "all|conv_fc",
             .doc = "all parameters, or those of layers with a matrix or a kernel alone"),
    FW_PARAM(.type = FW_PARAM_ENUM, .name = "eig_method", .default_value = "lanczos",
             .choices = "lanczos|power", .doc = "both ends of the spectrum, or with less memory"),
    FW_PARAM(.type = FW_PARAM_INT, .name = "eig_products", .default_value = "20", .min = "1",
             .max = "256", .doc = "of the eigenvalues, at most; power needs up to twice as many"),
    FW_PARAM(.type = FW_PARAM_REAL, .name = "eig_tolerance", .default_value = "0.001", .min = "0",
             .max = "1", .doc = "relative change at which power iteration stops"),
    FW_PARAM(.type = FW_PARAM_INT, .name = "lanczos_mem_mb", .default_value = "512", .min = "0",
             .max = "1000000", .unit = "MiB", .doc = "what Lanczos may use; otherwise power"),
};

const struct fw_callback monitors_curvature = {
    .struct_size = (uint32_t)sizeof(struct fw_callback),
    .n_params = FW_COUNT(params),
    .kind = "curvature",
    .doc = "Trace and largest eigenvalue of the loss's Hessian, on a batch that stays the same",
    .params = params,
    .hooks = MONITORS_AT(FW_TRAINING_AFTER_STEP),
    .create = create,
    .setup = setup,
    .hook = hook,
    .save = save,
    .restore = restore,
    .relax = relax,
    .destroy = destroy,
};

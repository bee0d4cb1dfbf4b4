/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake_training.h"

/* What a callback may call of the training. */

struct fw_training_probe {
    struct fake_training *t;
};

static struct fake_training *of(const struct fw_training *training)
{
    return training->self;
}

static struct fake_metric *find(struct fake_training *t, const char *full)
{
    for (uint64_t i = 0; i < t->n_metrics; i++) {
        if (strcmp(t->metrics[i].name, full) == 0) {
            return &t->metrics[i];
        }
    }
    return NULL;
}

static struct fake_metric *add(struct fake_training *t, const char *full, uint32_t hook)
{
    if (t->n_metrics == FAKE_MAX_METRICS) {
        fake_die("%s: more than %d metrics", t->kind->kind, FAKE_MAX_METRICS);
    }
    struct fake_metric *metric = &t->metrics[t->n_metrics++];
    metric->name = strdup(full);
    if (metric->name == NULL) {
        fake_die("out of memory");
    }
    metric->hook = hook;
    metric->view = (struct fw_training_metric){
        .struct_size = (uint32_t)sizeof metric->view, .name = metric->name, .unit = ""};
    return metric;
}

static fw_status declare(const struct fw_training *training, const char *name, const char *unit,
                         uint32_t hook)
{
    struct fake_training *t = of(training);
    const struct fw_host *host = &t->task->host;
    char full[192];
    if (training->hook != FW_TRAINING_HOOKS || hook >= FW_TRAINING_HOOKS) {
        return FW_FAIL(host, FW_E_ARG,
                       .what = "metrics are announced in setup, each with the hook "
                               "that brings it",
                       .value = name);
    }
    snprintf(full, sizeof full, "%s/%s", t->kind->kind, name);
    const size_t good = strspn(full, "abcdefghijklmnopqrstuvwxyz0123456789_./-");
    if (full[good] != '\0' || good > 96) {
        return FW_FAIL(host, FW_E_CONFIG, .what = "a metric cannot have this name", .value = full,
                       .expected = "1 to 96 of a to z, 0 to 9 and _ . / -");
    }
    struct fake_metric *metric = find(t, full);
    if (metric != NULL && metric->hook != FW_TRAINING_HOOKS) {
        return FW_FAIL(host, FW_E_CONFIG, .what = "this metric is announced twice", .value = full);
    }
    metric = metric != NULL ? metric : add(t, full, hook);
    metric->hook = hook;
    metric->view.unit = unit != NULL ? fake_own_text(t->task, unit) : "";
    return FW_OK;
}

static void emit(const struct fw_training *training, const char *name, double value)
{
    struct fake_training *t = of(training);
    char full[192];
    snprintf(full, sizeof full, "%s/%s", t->kind->kind, name);
    struct fake_metric *metric = find(t, full);
    if (metric == NULL || metric->hook == FW_TRAINING_HOOKS) {
        char text[256];
        snprintf(text, sizeof text, "emits \"%s\" and has not announced it in setup", name);
        fake_training_blame(t, text);
        metric = metric != NULL ? metric : add(t, full, training->hook);
    }
    metric->view.value = value;
    metric->pending = true;
}

static void event(const struct fw_training *training, const char *name, const char *text)
{
    fake_text_add(&of(training)->events, "%llu %s %s\n", (unsigned long long)training->global_step,
                  name, text);
}

static double element(const struct fake_training *t, uint32_t array, uint64_t i)
{
    return array == FW_TRAINING_PARAMETERS  ? t->parameters[i]
           : array == FW_TRAINING_GRADIENTS ? t->gradients[i]
                                            : t->parameters[i] - t->remembered[i];
}

static fw_status check_range(const struct fake_training *t, uint32_t array, uint64_t first,
                             uint64_t n)
{
    if (array > FW_TRAINING_CHANGES || first > t->info.n_parameters ||
        n > t->info.n_parameters - first) {
        return FW_FAIL(&t->task->host, FW_E_ARG,
                       .what = "there is no such array, or it has no such elements");
    }
    return FW_OK;
}

static fw_status read_array(const struct fw_training *training, uint32_t array, uint64_t first,
                            uint64_t n, double *ret_values)
{
    const struct fake_training *t = of(training);
    const fw_status status = check_range(t, array, first, n);
    for (uint64_t i = 0; i < n && status == FW_OK; i++) {
        ret_values[i] = element(t, array, first + i);
    }
    return status;
}

static fw_status sums(const struct fw_training *training, uint32_t array, uint64_t first,
                      uint64_t n, struct fw_training_sums *ret)
{
    const struct fake_training *t = of(training);
    const fw_status status = check_range(t, array, first, n);
    ret->squares = ret->largest = 0;
    ret->zeros = ret->nonfinite = 0;
    for (uint64_t i = 0; i < n && status == FW_OK; i++) {
        const double x = element(t, array, first + i);
        const double size = x < 0 ? -x : x;
        ret->squares += x * x;
        ret->zeros += size <= 0;
        ret->nonfinite += !(size <= 1.7976931348623157e308);
        /* A NaN stays, as it is larger than nothing and nothing is larger. */
        ret->largest = size > ret->largest || size != size ? size : ret->largest;
    }
    return status;
}

static fw_status remember(const struct fw_training *training)
{
    struct fake_training *t = of(training);
    memcpy(t->remembered, t->parameters, t->info.n_parameters * sizeof *t->parameters);
    return FW_OK;
}

static fw_status probe_open(const struct fw_training *training,
                            const struct fw_training_probe_options *options,
                            struct fw_training_probe **ret_probe)
{
    struct fake_training *t = of(training);
    if (t->curvature == NULL) {
        return FW_FAIL(&t->task->host, FW_E_UNSUPPORTED,
                       .what = "this training has no second derivatives",
                       .remedy = "fake_training_curvature");
    }
    if (options->n_samples == 0 || options->n_samples > t->info.n_train) {
        return FW_FAIL(&t->task->host, FW_E_ARG, .what = "a probe of no or of too many samples");
    }
    struct fw_training_probe *probe = malloc(sizeof *probe);
    if (probe == NULL) {
        fake_die("out of memory");
    }
    probe->t = t;
    *ret_probe = probe;
    return FW_OK;
}

static fw_status probe_at(struct fw_training_probe *probe, double *ret_loss, double *ret_gradient)
{
    const struct fake_training *t = probe->t;
    *ret_loss = 0;
    for (uint64_t i = 0; i < t->info.n_parameters; i++) {
        *ret_loss += t->curvature[i] * t->parameters[i] * t->parameters[i] / 2;
        if (ret_gradient != NULL) {
            ret_gradient[i] = t->curvature[i] * t->parameters[i];
        }
    }
    return FW_OK;
}

static fw_status probe_product(struct fw_training_probe *probe, const double *v, double *ret)
{
    const struct fake_training *t = probe->t;
    for (uint64_t i = 0; i < t->info.n_parameters; i++) {
        ret[i] = t->curvature[i] * v[i];
    }
    return FW_OK;
}

/* The matrix is diagonal: random signs, whatever they are, have its trace. */
static fw_status probe_bend(struct fw_training_probe *probe, const double *v, uint64_t seed,
                            double *ret_bend)
{
    const struct fake_training *t = probe->t;
    (void)seed;
    *ret_bend = 0;
    for (uint64_t i = 0; i < t->info.n_parameters; i++) {
        *ret_bend += t->curvature[i] * (v != NULL ? v[i] * v[i] : 1);
    }
    return FW_OK;
}

static void probe_close(struct fw_training_probe *probe)
{
    free(probe);
}

static fw_status halves(const struct fw_training *training, uint64_t n, uint64_t seed,
                        struct fw_training_halves *ret)
{
    const struct fake_training *t = of(training);
    (void)seed;
    if (training->hook != FW_TRAINING_EPOCH_END || n < 2 || n % 2 != 0 || n > t->info.batch_size) {
        return FW_FAIL(&t->task->host, FW_E_ARG,
                       .what = "halves are asked for in EPOCH_END, of an even number of samples up "
                               "to a batch");
    }
    if (t->halves == NULL) {
        return FW_FAIL(&t->task->host, FW_E_UNSUPPORTED, .what = "this training has no halves",
                       .remedy = "fake_training_halves");
    }
    *ret = *t->halves;
    return FW_OK;
}

void fake_training_view_init(struct fake_training *t)
{
    struct fw_training *now = &t->now;
    now->declare = declare;
    now->emit = emit;
    now->event = event;
    now->read = read_array;
    now->sums = sums;
    now->remember = remember;
    now->probe_open = probe_open;
    now->probe_at = probe_at;
    now->probe_product = probe_product;
    now->probe_close = probe_close;
    now->probe_bend = probe_bend;
    now->halves = halves;
}

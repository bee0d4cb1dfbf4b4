/* SPDX-License-Identifier: MIT */
#include "training_fixture.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "analysis/probe.h"
#include "callback_host/cadence.h"

#define DIE(...) (fprintf(stderr, "training_fixture: " __VA_ARGS__), fputc('\n', stderr), abort())

static struct training *of(const struct fw_training *view)
{
    return view->self;
}

static const struct fw_callback *kind_of(const struct training *t, const char *name)
{
    const struct fw_callbacks *table = fake_kit_service(t->kit, FW_CALLBACK_ID);

    for (uint32_t i = 0; i < table->n_kinds; i++) {
        if (strcmp(table->kinds[i]->kind, name) == 0) {
            return table->kinds[i];
        }
    }
    DIE("no kind %s", name);
}

static const struct fw_callback *kind_at(const struct training *t, uint64_t i)
{
    return kind_of(t, t->callbacks[i].kind);
}

/* What callbacks may ask. */

static fw_status declare(const struct fw_training *view, const char *name, const char *unit,
                         uint32_t hook)
{
    struct training *t = of(view);

    if (unit == NULL || hook >= FW_TRAINING_HOOKS || t->n_declared == 256) {
        DIE("a bad declaration of %s", name);
    }
    snprintf(t->declared[t->n_declared++], 128, "%s/%s", t->callbacks[t->owner].name, name);
    return FW_OK;
}

static void add(struct training *t, const char *name, double value)
{
    uint64_t i = 0;

    while (i < t->n_pending && strcmp(t->names[i], name) != 0) {
        i++;
    }
    if (i == 256) {
        DIE("too many metrics at once");
    }
    t->n_pending += i == t->n_pending;
    snprintf(t->names[i], sizeof t->names[i], "%s", name);
    t->pending[i] = (struct fw_training_metric){.struct_size = (uint32_t)sizeof t->pending[i],
                                                .name = t->names[i],
                                                .unit = "1",
                                                .value = value};
}

static void emit(const struct fw_training *view, const char *name, double value)
{
    struct training *t = of(view);
    char full[128];
    uint64_t i = 0;

    snprintf(full, sizeof full, "%s/%s", t->callbacks[t->owner].name, name);
    while (i < t->n_declared && strcmp(t->declared[i], full) != 0) {
        i++;
    }
    if (i == t->n_declared) {
        DIE("%s was not announced", full);
    }
    add(t, full, value);
}

static void event(const struct fw_training *view, const char *name, const char *text)
{
    struct training *t = of(view);
    size_t size = strlen(t->events);

    snprintf(t->events + size, sizeof t->events - size, "%s: %s\n", name, text);
}

static double at(const struct training *t, uint32_t array, uint64_t i)
{
    return array == FW_TRAINING_PARAMETERS  ? t->parameters[i]
           : array == FW_TRAINING_GRADIENTS ? t->gradients[i]
                                            : t->parameters[i] - t->before[i];
}

static fw_status read_values(const struct fw_training *view, uint32_t array, uint64_t first,
                             uint64_t n, double *ret_values)
{
    for (uint64_t i = 0; i < n; i++) {
        ret_values[i] = at(of(view), array, first + i);
    }
    return FW_OK;
}

static fw_status sums(const struct fw_training *view, uint32_t array, uint64_t first, uint64_t n,
                      struct fw_training_sums *ret)
{
    *ret = (struct fw_training_sums){.struct_size = ret->struct_size};
    if (first + n > of(view)->n) {
        DIE("sums of what is not there");
    }
    for (uint64_t i = first; i < first + n; i++) {
        double value = at(of(view), array, i);
        ret->squares += value * value;
        ret->largest = isnan(value) || isnan(ret->largest) ? NAN : fmax(ret->largest, fabs(value));
        ret->zeros += value == 0;
        ret->nonfinite += !isfinite(value);
    }
    return FW_OK;
}

static fw_status remember(const struct fw_training *view)
{
    memcpy(of(view)->before, of(view)->parameters, sizeof of(view)->before);
    return FW_OK;
}

/* A probe of the loss x'Hx / 2: what it multiplies by does not depend on where it is. */
struct fw_training_probe {
    struct training *t;
    bool is_at;
};

static fw_status probe_open(const struct fw_training *view,
                            const struct fw_training_probe_options *options,
                            struct fw_training_probe **ret_probe)
{
    struct training *t = of(view);

    if (t->hessian == NULL) {
        return FW_FAIL(fake_task_host(t->host), FW_E_UNSUPPORTED,
                       .what = "the layer gelu has no second derivatives");
    }
    if (t->probe_most != 0 && options->n_samples > t->probe_most) {
        return FW_FAIL(fake_task_host(t->host), FW_E_NOMEM, .what = "no room");
    }
    t->last_samples = options->n_samples;
    t->n_probes++;
    *ret_probe = calloc(1, sizeof **ret_probe);
    (*ret_probe)->t = t;
    return FW_OK;
}

static fw_status probe_at(struct fw_training_probe *probe, double *ret_loss, double *ret_gradient)
{
    probe->is_at = true;
    *ret_loss = 0;
    return ret_gradient == NULL ? FW_OK : FW_E_ARG;
}

static fw_status probe_product(struct fw_training_probe *probe, const double *v, double *ret)
{
    struct training *t = probe->t;

    if (!probe->is_at) {
        DIE("a product before probe_at");
    }
    for (uint64_t i = 0; i < t->n; i++) {
        ret[i] = 0;
        for (uint64_t k = 0; k < t->n; k++) {
            ret[i] += t->hessian[i * t->n + k] * v[k];
        }
    }
    if (++t->n_products + t->n_bends == t->cancel_behind) {
        fake_task_cancel(t->host);
    }
    return FW_OK;
}

static fw_status probe_bend(struct fw_training_probe *probe, const double *v, uint64_t seed,
                            double *ret_bend)
{
    struct training *t = probe->t;
    double signs[TRAINING_MOST], sum = 0;

    if (!probe->is_at) {
        DIE("v'Hv before probe_at");
    }
    fw_probe_fill(seed, t->n, signs);
    for (uint64_t i = 0; i < t->n * t->n; i++) {
        const uint64_t row = i / t->n, col = i % t->n;
        sum += t->hessian[i] * (v != NULL ? v[row] * v[col] : signs[row] * signs[col]);
    }
    *ret_bend = sum;
    if (t->n_products + ++t->n_bends == t->cancel_behind) {
        fake_task_cancel(t->host);
    }
    return FW_OK;
}

static void probe_close(struct fw_training_probe *probe)
{
    if (probe != NULL) {
        probe->t->n_probes--;
    }
    free(probe);
}

/* Two halves whose gradients are 1 + 1/8 and 1 - 1/8 in each place. */
static fw_status halves(const struct fw_training *view, uint64_t n, uint64_t seed,
                        struct fw_training_halves *ret)
{
    double size = (double)of(view)->n;

    if (view->hook != FW_TRAINING_EPOCH_END || n % 2 != 0 || seed == 0) {
        DIE("halves asked for in the wrong way");
    }
    ret->n = n;
    ret->squared_distance = size / 16;
    ret->squared_half = size * (1 + 1.0 / 64);
    ret->squared_mean = size;
    return FW_OK;
}

/* The instances. */

static void parse(struct fw_value *value, const struct fw_param *param, const char *text)
{
    *value = (struct fw_value){.struct_size = (uint32_t)sizeof *value,
                               .type = param->type,
                               .name = param->name,
                               .text = text};
    if (param->type == FW_PARAM_BOOL) {
        value->integer = strcmp(text, "true") == 0;
    } else {
        value->integer = strtoll(text, NULL, 10);
        value->real = strtod(text, NULL);
    }
}

static void fill_task(struct training *t, uint64_t i, const char *folder)
{
    const struct fw_callback *kind = kind_at(t, i);
    struct fw_value *values = calloc(kind->n_params + 1, sizeof *values);
    uint32_t n_given = 0;

    for (uint32_t k = 0; k < kind->n_params; k++) {
        const struct fw_param *param = &kind->params[k];
        size_t size = strlen(param->name);
        parse(&values[k], param, param->default_value);
        for (int o = 0; o < 8 && t->callbacks[i].options[o] != NULL; o++) {
            const char *option = t->callbacks[i].options[o];
            if (strncmp(option, param->name, size) == 0 && option[size] == '=') {
                parse(&values[k], param, option + size + 1);
                n_given++;
            }
        }
    }
    for (int o = 0; o < 8 && t->callbacks[i].options[o] != NULL; o++) {
        n_given--;
    }
    if (n_given != 0) {
        DIE("%s has no such option", t->callbacks[i].kind);
    }
    snprintf(t->folders[i], sizeof t->folders[i], "%s/%s", folder, t->callbacks[i].name);
    mkdir(t->folders[i], 0777);
    t->values[i] = values;
    t->tasks[i] = (struct fw_callback_task){.struct_size = (uint32_t)sizeof t->tasks[i],
                                            .n_values = kind->n_params,
                                            .instance = t->callbacks[i].name,
                                            .folder = t->folders[i],
                                            .values = values,
                                            .seed = 42};
}

static void make(struct training *t)
{
    t->n_declared = 0;
    for (t->owner = 0; t->owner < t->n_callbacks; t->owner++) {
        const struct fw_callback *kind = kind_at(t, t->owner);
        void **self = &t->selves[t->owner];
        if (kind->create(fake_task_host(t->host), &t->tasks[t->owner], self) != FW_OK ||
            kind->setup(*self, &t->view) != FW_OK) {
            DIE("%s cannot be made: %s", kind->kind, fake_task_take_fault(t->host));
        }
    }
}

static void unmake(struct training *t)
{
    for (uint64_t i = t->n_callbacks; i-- > 0;) {
        kind_at(t, i)->destroy(t->selves[i]);
    }
    if (t->n_probes != 0) {
        DIE("a probe is still open");
    }
}

void training_open(struct training *t, const char *so, const char *folder)
{
    t->kit = fake_kit_open(so, NULL);
    t->host = fake_task_create(t->kit, NULL);
    t->said = calloc(1 << 18, sizeof *t->said);
    t->info = (struct fw_training_info){.struct_size = (uint32_t)sizeof t->info,
                                        .element = FW_F64,
                                        .seed = 42,
                                        .epochs = t->epochs,
                                        .batches = t->batches,
                                        .batch_size = 128,
                                        .n_train = t->n_train != 0 ? t->n_train : 10000,
                                        .n_parameters = t->n,
                                        .n_tensors = t->n_tensors,
                                        .tensors = t->tensors,
                                        .run = "fake",
                                        .model = "a \"quadratic\"",
                                        .device = "none"};
    t->view = (struct fw_training){.struct_size = (uint32_t)sizeof t->view,
                                   .self = t,
                                   .info = &t->info,
                                   .declare = declare,
                                   .emit = emit,
                                   .event = event,
                                   .read = read_values,
                                   .sums = sums,
                                   .remember = remember,
                                   .probe_open = probe_open,
                                   .probe_at = probe_at,
                                   .probe_product = probe_product,
                                   .probe_bend = t->without_bend ? NULL : probe_bend,
                                   .probe_close = probe_close,
                                   .halves = halves,
                                   .disabled = "slow,broken"};
    for (uint64_t i = 0; i < t->n; i++) {
        t->parameters[i] = 1;
    }
    for (uint64_t i = 0; i < t->n_callbacks; i++) {
        fill_task(t, i, folder);
    }
    make(t);
}

void training_close(struct training *t)
{
    unmake(t);
    for (uint64_t i = 0; i < t->n_callbacks; i++) {
        free(t->values[i]);
    }
    fake_task_destroy(t->host);
    fake_kit_close(t->kit);
    free(t->said);
}

void training_save(struct training *t, struct fw_blob ret[8])
{
    memset(ret, 0, 8 * sizeof *ret);
    for (uint64_t i = 0; i < t->n_callbacks; i++) {
        ret[i].struct_size = (uint32_t)sizeof ret[i];
        if (kind_at(t, i)->save(t->selves[i], &ret[i]) != FW_OK) {
            DIE("%s cannot be saved", t->callbacks[i].kind);
        }
    }
}

fw_status training_restore(struct training *t, struct fw_blob blobs[8])
{
    fw_status status = FW_OK;

    for (uint64_t i = 0; i < t->n_callbacks && status == FW_OK; i++) {
        status = kind_at(t, i)->restore(t->selves[i], &blobs[i]);
    }
    return status;
}

void training_release(struct fw_blob blobs[8])
{
    for (int i = 0; i < 8; i++) {
        if (blobs[i].release != NULL) {
            blobs[i].release(&blobs[i]);
        }
    }
}

void training_forget(struct training *t)
{
    unmake(t);
    make(t);
}

void training_restart(struct training *t)
{
    struct fw_blob blobs[8];

    training_save(t, blobs);
    training_forget(t);
    if (training_restore(t, blobs) != FW_OK) {
        DIE("cannot be restored: %s", fake_task_take_fault(t->host));
    }
    training_release(blobs);
}

/* The moments. */

static void call_all(struct training *t, uint32_t hook)
{
    t->view.hook = hook;
    for (t->owner = 0; t->owner < t->n_callbacks; t->owner++) {
        const struct fw_callback *kind = kind_at(t, t->owner);
        if ((kind->hooks >> hook & 1) == 0) {
            continue;
        }
        fw_status status = kind->hook(t->selves[t->owner], &t->view);
        t->failed = t->failed == FW_OK ? status : t->failed;
    }
}

static void make_record(struct training *t)
{
    const struct fw_training_metric *metrics[256];

    if (t->n_pending == 0) {
        return;
    }
    for (uint64_t i = 0; i < t->n_pending; i++) {
        struct training_said *said = &t->said[t->n_said++];
        metrics[i] = &t->pending[i];
        memcpy(said->name, t->names[i], sizeof said->name);
        said->step = t->view.global_step;
        said->value = t->pending[i].value;
    }
    t->record = (struct fw_training_record){.struct_size = (uint32_t)sizeof t->record,
                                            .global_step = t->view.global_step,
                                            .epoch = t->view.epoch,
                                            .batch = t->view.batch,
                                            .seconds = 0.1 * (double)t->view.global_step,
                                            .n_metrics = t->n_pending,
                                            .metrics = metrics};
    t->view.record = &t->record;
    call_all(t, FW_TRAINING_RECORD);
    t->view.record = NULL;
    t->n_pending = 0;
}

void training_call(struct training *t, uint32_t hook)
{
    call_all(t, hook);
    if (hook == FW_TRAINING_BATCH_END || hook == FW_TRAINING_VAL_END ||
        hook == FW_TRAINING_EPOCH_END) {
        make_record(t);
    }
}

static double norm(const double *values, uint64_t n)
{
    double sum = 0;

    for (uint64_t i = 0; i < n; i++) {
        sum += values[i] * values[i];
    }
    return sqrt(sum);
}

static void make_step(struct training *t, uint64_t step)
{
    struct fw_training *view = &t->view;

    training_call(t, FW_TRAINING_BATCH_START);
    view->loss = t->loss(step);
    view->n = 128;
    training_call(t, FW_TRAINING_FORWARD);
    for (uint64_t i = 0; i < t->n; i++) {
        t->gradients[i] = 1;
    }
    if (t->gradient != NULL) {
        t->gradient(step, t->gradients);
    }
    view->gradient_norm = norm(t->gradients, t->n);
    view->clipped_norm = NAN;
    training_call(t, FW_TRAINING_BACKWARD);
    if (t->clip > 0) {
        view->clipped_norm = isnan(view->gradient_norm) ? NAN : fmin(view->gradient_norm, t->clip);
        for (uint64_t i = 0; i < t->n; i++) {
            t->gradients[i] *= view->clipped_norm / view->gradient_norm;
        }
    }
    training_call(t, FW_TRAINING_BEFORE_STEP);
    for (uint64_t i = 0; i < t->n; i++) {
        t->parameters[i] -= isfinite(t->gradients[i]) ? 0.001 * t->gradients[i] : 0;
    }
    view->global_step++;
    training_call(t, FW_TRAINING_AFTER_STEP);
    add(t, "train/loss_nats", view->loss);
    training_call(t, FW_TRAINING_BATCH_END);
}

static void validate(struct training *t)
{
    training_call(t, FW_TRAINING_VAL_START);
    t->view.val_loss = 1.5 * t->view.loss;
    add(t, "val/loss_nats", t->view.val_loss);
    training_call(t, FW_TRAINING_VAL_END);
}

void training_run(struct training *t, uint64_t first, uint64_t end)
{
    struct fw_training *view = &t->view;

    view->global_step = first;
    if (first == 0) {
        training_call(t, FW_TRAINING_FIT_START);
    }
    for (uint64_t step = first; step < end; step++) {
        view->epoch = step / t->batches;
        view->batch = step % t->batches;
        view->quarter = fw_cadence_quarter(view->batch, t->batches);
        if (view->batch == 0) {
            training_call(t, FW_TRAINING_EPOCH_START);
        }
        make_step(t, step);
        if (view->quarter != 0) {
            validate(t);
        }
        if (view->batch + 1 == t->batches) {
            training_call(t, FW_TRAINING_EPOCH_END);
        }
        if (t->restarts) {
            training_restart(t);
        }
    }
    if (end == t->epochs * t->batches) {
        training_call(t, FW_TRAINING_FIT_END);
    }
}

double training_value(const struct training *t, const char *name, uint64_t step)
{
    for (uint64_t i = t->n_said; i-- > 0;) {
        if (t->said[i].step == step && strcmp(t->said[i].name, name) == 0) {
            return t->said[i].value;
        }
    }
    DIE("%s was not said at step %llu", name, (unsigned long long)step);
}

uint64_t training_count(const struct training *t, const char *name)
{
    uint64_t n = 0;

    for (uint64_t i = 0; i < t->n_said; i++) {
        n += strcmp(t->said[i].name, name) == 0;
    }
    return n;
}

static bool is_equal(const struct training_said *a, const struct training_said *b)
{
    return a->step == b->step && strcmp(a->name, b->name) == 0 &&
           (memcmp(&a->value, &b->value, sizeof a->value) == 0 ||
            strstr(a->name, "/wall_s") != NULL);
}

bool training_same(const struct training *a, const struct training *b)
{
    for (uint64_t i = 0; i < a->n_said && i < b->n_said; i++) {
        if (!is_equal(&a->said[i], &b->said[i])) {
            fprintf(stderr, "%s at step %llu is %.17g; %s at step %llu is %.17g\n", a->said[i].name,
                    (unsigned long long)a->said[i].step, a->said[i].value, b->said[i].name,
                    (unsigned long long)b->said[i].step, b->said[i].value);
            return false;
        }
    }
    return a->n_said == b->n_said;
}

/* SPDX-License-Identifier: MIT */
#include "net_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "splitmix/splitmix.h"

void net_rig_open(struct net_rig *rig, uint32_t threads)
{
    const char *other = getenv("FWRUN_TEST_KERNELS");
    rig->kit = fake_kit_open(other != NULL ? other : KERNELS_CPU_SO, NULL);
    rig->task = fake_task_create(rig->kit, NULL);
    fake_task_limits(rig->task)->threads = threads;
    rig->host = fake_task_host(rig->task);
    rig->kernels = fake_kit_service(rig->kit, FW_KERNELS_ID);
    rig->session = NULL;
    net_must(rig, rig->kernels->open(rig->host, &rig->session));
}

void net_rig_close(struct net_rig *rig)
{
    rig->kernels->close(rig->session);
    fake_task_destroy(rig->task);
    fake_kit_close(rig->kit);
}

void net_must(const struct net_rig *rig, fw_status status)
{
    if (status != FW_OK) {
        fail_msg("%d: %s", (int)status, fake_task_take_fault(rig->task));
    }
}

void net_case_open(struct net_case *c, struct net_rig *rig, const struct net_setup *setup)
{
    *c = (struct net_case){.rig = rig};
    net_must(rig, fw_net_create(rig->host, setup->dtype, &c->net));
    setup->build(c->net, setup->arg);
    net_must(rig, c->net->is_closed ? FW_OK : fw_net_close(c->net));
    net_must(rig, fw_net_weights_create(c->net, rig->kernels, rig->session, &c->weights));
    net_must(rig, fw_net_pass_create(c->weights, setup->capacity, setup->with_r, &c->pass));
}

void net_case_close(struct net_case *c)
{
    fw_net_pass_destroy(c->pass);
    fw_net_weights_destroy(c->weights);
    fw_net_destroy(c->net);
}

void net_put(const struct net_case *c, struct fw_operand to, const double *from, uint64_t n)
{
    float *narrow = malloc((n + 1) * sizeof *narrow);
    for (uint64_t i = 0; i < n; i++) {
        narrow[i] = (float)from[i];
    }
    const void *source = c->net->dtype == FW_F64 ? (const void *)from : narrow;
    net_must(c->rig, c->rig->kernels->upload(c->rig->session, to, source, n * c->net->element));
    free(narrow);
}

void net_get(const struct net_case *c, struct fw_operand from, double *to, uint64_t n)
{
    float *narrow = malloc((n + 1) * sizeof *narrow);
    void *target = c->net->dtype == FW_F64 ? (void *)to : narrow;
    net_must(c->rig, c->rig->kernels->download(c->rig->session, from, target, n * c->net->element));
    for (uint64_t i = 0; i < n && c->net->dtype == FW_F32; i++) {
        to[i] = (double)narrow[i];
    }
    free(narrow);
}

void net_noise(uint64_t seed, double *to, uint64_t n)
{
    for (uint64_t i = 0; i < n; i++) {
        to[i] = (double)(fw_splitmix(seed, i) >> 11) * 0x1p-52 - 1;
    }
}

static void stir(const struct net_case *c, struct fw_kernels_buffer *buffer, uint64_t n,
                 uint64_t seed, double spread)
{
    const struct fw_operand all = {.buffer = buffer};
    double *values = malloc((n + 1) * sizeof *values), *noise = malloc((n + 1) * sizeof *noise);
    if (n > 0) {
        net_get(c, all, values, n);
        net_noise(seed, noise, n);
        for (uint64_t i = 0; i < n; i++) {
            values[i] += spread * noise[i];
        }
        net_put(c, all, values, n);
    }
    free(values);
    free(noise);
}

void net_stir(const struct net_case *c, uint64_t seed, double spread)
{
    net_must(c->rig, fw_net_weights_init(c->weights, seed));
    stir(c, c->weights->parameters, c->net->n_parameters, seed + 1, spread);
    stir(c, c->weights->kept, c->net->n_kept_elements, seed + 2, spread);
}

double net_learn(const struct net_case *c, const struct net_batch *batch)
{
    const uint64_t n = batch->n * fw_net_size(c->net->layers[0].shape);
    double *wide = malloc(n * sizeof *wide), loss = NAN;
    float *narrow = malloc(n * sizeof *narrow);
    uint64_t n_correct = UINT64_MAX;
    for (uint64_t i = 0; i < n; i++) {
        wide[i] = batch->samples[i];
        narrow[i] = (float)batch->samples[i];
    }
    net_must(c->rig,
             fw_net_load(c->pass, c->net->dtype == FW_F64 ? (void *)wide : narrow, batch->n));
    net_must(c->rig, fw_net_forward(c->pass, batch->mode));
    net_must(c->rig, fw_net_loss(c->pass, batch->loss, batch->labels, &loss, &n_correct));
    net_must(c->rig, fw_net_backward(c->pass));
    assert_true(n_correct <= batch->n);
    free(wide);
    free(narrow);
    return loss;
}

void net_product(const struct net_case *c, const double *v, double *hv)
{
    net_put(c, c->pass->v, v, c->net->n_parameters);
    net_must(c->rig, fw_net_r_product(c->pass));
    net_get(c, c->pass->hv, hv, c->net->n_parameters);
}

double net_bend(const struct net_case *c, const double *v)
{
    double bend = NAN;
    net_put(c, c->pass->v, v, c->net->n_parameters);
    net_must(c->rig, fw_net_r_bend(c->pass, &bend));
    return bend;
}

static void apply(void *self, const double *v, double *ret)
{
    net_product(self, v, ret);
}

struct fw_operator net_operator(struct net_case *c)
{
    return (struct fw_operator){.n = c->net->n_parameters, .self = c, .apply = apply};
}

static uint64_t hash(uint64_t seed, const double *values, uint64_t n)
{
    for (uint64_t i = 0; i < n; i++) {
        uint64_t bits;
        memcpy(&bits, &values[i], sizeof bits);
        seed = fw_splitmix(seed ^ bits, i);
    }
    return seed;
}

uint64_t net_fingerprint(const struct net_case *c)
{
    const uint64_t n = c->net->n_parameters, n_kept = c->net->n_kept_elements;
    double *values = malloc((n + n_kept) * sizeof *values);
    net_get(c, c->pass->parameters, values, n);
    if (n_kept > 0) {
        net_get(c, (struct fw_operand){.buffer = c->weights->kept}, values + n, n_kept);
    }
    const uint64_t result = hash(0, values, n + n_kept);
    free(values);
    return result;
}

double net_dot(const double *a, const double *b, uint64_t n)
{
    double sum = 0;
    for (uint64_t i = 0; i < n; i++) {
        sum += a[i] * b[i];
    }
    return sum;
}

/* --- what is true of every layer --- */

struct trial {
    const struct net_claim *claim;
    struct net_case c; /* float64, with R, room for exactly the batch */
    struct net_batch batch;
    double *samples;
    int32_t *labels;
    double *start, *gradient, *v, *w, *hv, *hw; /* of the number of parameters */
    double *up, *down;
};

static double *doubles(uint64_t n)
{
    double *values = calloc(n + 1, sizeof *values);
    assert_non_null(values);
    return values;
}

static void trial_open(struct trial *t, const struct net_claim *claim, struct net_rig *rig)
{
    *t = (struct trial){.claim = claim};
    net_case_open(&t->c, rig,
                  &(const struct net_setup){claim->build, claim->arg, FW_F64, claim->n, true});
    const struct fw_net *net = t->c.net;
    const uint64_t n = net->n_parameters, size = claim->n * fw_net_size(net->layers[0].shape);
    const uint64_t cols = fw_net_size(net->layers[net->n_layers - 1].shape);
    double **const arrays[] = {&t->start, &t->gradient, &t->v,  &t->w,
                               &t->hv,    &t->hw,       &t->up, &t->down};
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++) {
        *arrays[i] = doubles(n);
    }
    t->samples = doubles(size);
    t->labels = calloc(claim->n, sizeof *t->labels);
    net_noise(5, t->samples, size);
    net_noise(6, t->v, n);
    net_noise(7, t->w, n);
    for (uint64_t i = 0; i < claim->n; i++) {
        t->labels[i] = (int32_t)(fw_splitmix(8, i) % (cols == 1 ? 2 : cols));
    }
    t->batch = (struct net_batch){t->samples, t->labels, claim->n, claim->mode, claim->loss};
    net_stir(&t->c, 9, 0.2);
    net_get(&t->c, t->c.pass->parameters, t->start, n);
    (void)net_learn(&t->c, &t->batch);
    net_get(&t->c, t->c.pass->gradient, t->gradient, n);
    net_product(&t->c, t->v, t->hv);
    net_product(&t->c, t->w, t->hw);
}

static void trial_close(struct trial *t)
{
    double *const arrays[] = {t->start, t->gradient, t->v,    t->w,      t->hv,
                              t->hw,    t->up,       t->down, t->samples};
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++) {
        free(arrays[i]);
    }
    free(t->labels);
    net_case_close(&t->c);
}

/* The loss at start + step * v, and the gradient there. */
static double learn_at(struct trial *t, const double *v, double step, double *ret_gradient)
{
    const uint64_t n = t->c.net->n_parameters;
    double *moved = doubles(n);
    for (uint64_t i = 0; i < n; i++) {
        moved[i] = t->start[i] + step * v[i];
    }
    net_put(&t->c, t->c.pass->parameters, moved, n);
    const double loss = net_learn(&t->c, &t->batch);
    net_get(&t->c, t->c.pass->gradient, ret_gradient, n);
    net_put(&t->c, t->c.pass->parameters, t->start, n);
    free(moved);
    return loss;
}

static void assert_near(const char *what, double a, double b, double tolerance)
{
    if (!(fabs(a - b) <= tolerance)) {
        fail_msg("%s: %.17g is not %.17g within %.3g", what, a, b, tolerance);
    }
}

static void check_differences(struct trial *t, const double *v, const double *hv)
{
    const uint64_t n = t->c.net->n_parameters;
    const double step = t->claim->step > 0 ? t->claim->step : 1e-5;
    const double tolerance = t->claim->tolerance > 0 ? t->claim->tolerance : 1e-7;
    const double size = sqrt(net_dot(v, v, n));
    const double up = learn_at(t, v, step / size, t->up);
    const double down = learn_at(t, v, -step / size, t->down);
    const double slope = (up - down) / (2 * step / size);
    assert_near("slope of the loss", net_dot(t->gradient, v, n), slope,
                tolerance * (size * sqrt(net_dot(t->gradient, t->gradient, n)) + fabs(slope)));
    double norm = sqrt(net_dot(hv, hv, n));
    for (uint64_t i = 0; i < n; i++) {
        assert_near("product", hv[i], (t->up[i] - t->down[i]) / (2 * step / size),
                    tolerance * (norm + size));
    }
}

static void check_bend(struct trial *t, const double *v, const double *hv)
{
    const uint64_t n = t->c.net->n_parameters;
    const double bend = net_bend(&t->c, v);
    assert_near("v'Hv", bend, net_dot(v, hv, n),
                1e-12 * (1 + sqrt(net_dot(hv, hv, n) * net_dot(v, v, n))));
    const double again = net_bend(&t->c, v);
    assert_memory_equal(&again, &bend, sizeof bend);
}

static void check_products(struct trial *t)
{
    const uint64_t n = t->c.net->n_parameters;
    const uint64_t before = net_fingerprint(&t->c);
    double *again = doubles(n);
    (void)net_learn(&t->c, &t->batch);
    net_product(&t->c, t->v, again);
    assert_memory_equal(again, t->hv, n * sizeof *again);
    net_product(&t->c, t->w, again);
    check_bend(t, t->v, t->hv);
    check_bend(t, t->w, t->hw);
    net_product(&t->c, t->v, again);
    assert_memory_equal(again, t->hv, n * sizeof *again);
    net_get(&t->c, t->c.pass->gradient, again, n);
    assert_memory_equal(again, t->gradient, n * sizeof *again);
    assert_true(net_fingerprint(&t->c) == before);
    const double vhw = net_dot(t->v, t->hw, n), whv = net_dot(t->w, t->hv, n);
    assert_near("symmetry", vhw, whv,
                1e-12 * (1 + sqrt(net_dot(t->hv, t->hv, n) * net_dot(t->w, t->w, n))));
    free(again);
}

/* Another pass on the same batch: the gradient and, with R, v'Hv and the product of v. */
static void learn_elsewhere(struct trial *t, struct net_rig *rig, const struct net_setup *setup,
                            double *ret_bend)
{
    struct net_case c;
    net_case_open(&c, rig, setup);
    net_stir(&c, 9, 0.2);
    (void)net_learn(&c, &t->batch);
    net_get(&c, c.pass->gradient, t->up, c.net->n_parameters);
    if (setup->with_r) {
        *ret_bend = net_bend(&c, t->v);
        net_product(&c, t->v, t->down);
    }
    net_case_close(&c);
}

static void check_other_passes(struct trial *t)
{
    const uint64_t n = t->c.net->n_parameters;
    const struct net_claim *claim = t->claim;
    const struct net_setup plain = {claim->build, claim->arg, FW_F64, claim->n, false};
    const struct net_setup roomy = {claim->build, claim->arg, FW_F64, claim->n + 3, true};
    struct net_rig two;
    double bend = NAN;
    learn_elsewhere(t, t->c.rig, &plain, NULL);
    assert_memory_equal(t->up, t->gradient, n * sizeof *t->up);
    net_rig_open(&two, 2);
    learn_elsewhere(t, &two, &roomy, &bend);
    assert_memory_equal(t->up, t->gradient, n * sizeof *t->up);
    assert_memory_equal(t->down, t->hv, n * sizeof *t->down);
    const double expected = net_bend(&t->c, t->v);
    assert_memory_equal(&bend, &expected, sizeof bend);
    net_rig_close(&two);
}

static void check_narrow(struct trial *t)
{
    const uint64_t n = t->c.net->n_parameters;
    const struct net_claim *claim = t->claim;
    const double tolerance = claim->narrow > 0 ? claim->narrow : 2e-4;
    double bend = NAN;
    learn_elsewhere(t, t->c.rig,
                    &(const struct net_setup){claim->build, claim->arg, FW_F32, claim->n, true},
                    &bend);
    const double g = sqrt(net_dot(t->gradient, t->gradient, n));
    const double h = sqrt(net_dot(t->hv, t->hv, n));
    for (uint64_t i = 0; i < n; i++) {
        assert_near("gradient in float32", t->up[i], t->gradient[i], tolerance * g);
        assert_near("product in float32", t->down[i], t->hv[i], tolerance * h);
    }
    assert_near("v'Hv in float32", bend, net_dot(t->v, t->hv, n),
                tolerance * h * sqrt(net_dot(t->v, t->v, n)));
}

void net_check(const struct net_claim *claim)
{
    struct net_rig rig;
    struct trial t;
    net_rig_open(&rig, 1);
    trial_open(&t, claim, &rig);
    check_differences(&t, t.v, t.hv);
    check_differences(&t, t.w, t.hw);
    check_products(&t);
    check_other_passes(&t);
    check_narrow(&t);
    trial_close(&t);
    net_rig_close(&rig);
}

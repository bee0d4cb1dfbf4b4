/* SPDX-License-Identifier: MIT */
/* PatchTST, perceptrons and logistic regression against PyTorch: tests/reference/patchtst.golden.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/mlp.h"
#include "net/patchtst.h"
#include "net_fixture.h"

/* The rules of the script's first lines. */
struct study {
    const char *name;
    net_build *build;
    const void *as;
    uint64_t n;
    double scale;
};

struct learned {
    struct net_case c;
    struct net_rig rig;
    double *x, *g, *hv, *v;
    int32_t *labels;
    double loss;
};

static void build_patchtst(struct fw_net *net, const void *as)
{
    (void)fw_patchtst_build(net, as);
}

static void build_mlp(struct fw_net *net, const void *as)
{
    (void)fw_mlp_build(net, as);
}

static bool ends_with(const char *name, const char *end)
{
    return strcmp(name + strlen(name) - strlen(end), end) == 0;
}

static void fill_weights(const struct net_case *c, double scale)
{
    const struct fw_net *net = c->net;
    double *theta = malloc(net->n_parameters * sizeof *theta);

    for (uint32_t t = 0; t < net->n_tensors; t++) {
        const struct fw_net_tensor *tensor = &net->tensors[t];
        for (uint64_t j = 0; j < tensor->count; j++) {
            const double i = (double)(tensor->offset + j), k = (double)(j + 1);
            theta[tensor->offset + j] = ends_with(tensor->name, "gamma") ? 1 + 0.1 * sin(k)
                                        : ends_with(tensor->name, "beta")
                                            ? 0.1 * cos(k)
                                            : scale * sin(1.3 * i + 0.7);
        }
    }
    net_put(c, c->pass->parameters, theta, net->n_parameters);
    free(theta);
}

static void learn(struct learned *l, const struct study *study, uint32_t dtype)
{
    const struct net_setup setup = {study->build, study->as, dtype, study->n, true};

    net_rig_open(&l->rig, 2);
    net_case_open(&l->c, &l->rig, &setup);
    const uint64_t n = l->c.net->n_parameters;
    const uint64_t size = study->n * fw_net_size(l->c.net->layers[0].shape);
    l->x = malloc(size * sizeof *l->x);
    l->labels = malloc(study->n * sizeof *l->labels);
    l->g = malloc(n * sizeof *l->g), l->v = malloc(n * sizeof *l->v);
    l->hv = malloc(n * sizeof *l->hv);
    fill_weights(&l->c, study->scale);
    for (uint64_t k = 0; k < size; k++) {
        l->x[k] = sin(0.37 * (double)k + 0.2 * (double)(k % 7));
    }
    for (uint64_t b = 0; b < study->n; b++) {
        l->labels[b] = b % 3 != 1;
    }
    for (uint64_t i = 0; i < n; i++) {
        l->v[i] = cos(0.9 * (double)i + 0.1);
    }
    const struct net_batch batch = {l->x, l->labels, study->n, {0}, FW_NET_BINARY_ENTROPY};
    l->loss = net_learn(&l->c, &batch);
    net_get(&l->c, l->c.pass->gradient, l->g, n);
    net_product(&l->c, l->v, l->hv);
}

static void forget(struct learned *l)
{
    free(l->x), free(l->labels), free(l->g), free(l->v), free(l->hv);
    net_case_close(&l->c);
    net_rig_close(&l->rig);
}

static const struct fw_net_tensor *tensor_of(const struct fw_net *net, const char *name)
{
    for (uint32_t i = 0; i < net->n_tensors; i++) {
        if (strcmp(net->tensors[i].name, name) == 0) {
            return &net->tensors[i];
        }
    }
    fail_msg("there is no parameter %s", name);
    return NULL;
}

/* "norm", "mid" or "last" of a tensor's part of an array. */
static double entry(const struct learned *l, const double *array, const char *what,
                    const char *name)
{
    const struct fw_net_tensor *tensor = tensor_of(l->c.net, name);
    const double *part = array + tensor->offset;

    return strcmp(what, "norm") == 0  ? sqrt(net_dot(part, part, tensor->count))
           : strcmp(what, "mid") == 0 ? part[tensor->count / 2]
                                      : part[tensor->count - 1];
}

static double logit(const struct learned *l, uint64_t b)
{
    double z[8];

    net_get(&l->c, l->c.pass->y[l->c.net->n_layers - 1], z, b + 1);
    return z[b];
}

/* What a line is about, here. */
static double ours(const struct learned *l, const char *what, const char *of)
{
    const uint64_t n = l->c.net->n_parameters;

    if (strcmp(what, "parameters") == 0) {
        return (double)n;
    }
    if (strcmp(what, "logit") == 0) {
        return logit(l, strtoull(of, NULL, 10));
    }
    if (strcmp(what, "loss") == 0) {
        return l->loss;
    }
    if (strcmp(what, "gv") == 0) {
        return net_dot(l->g, l->v, n);
    }
    if (strcmp(what, "vhv") == 0) {
        return net_dot(l->hv, l->v, n);
    }
    return entry(l, what[0] == 'g' ? l->g : l->hv, what + 1, of);
}

/* Lines of a study, apart from what its steps of Adam are. Entries of a product are differences of
 * larger numbers, so that the largest of all sets what is little. */
static int compare(const struct learned *l, const char *study, double tolerance)
{
    const double most = sqrt(net_dot(l->hv, l->hv, l->c.net->n_parameters));
    FILE *file = fopen(GOLDEN, "r");
    char name[32], what[32], of[64];
    double expected;
    int n = 0;

    assert_non_null(file);
    while (fscanf(file, "%31s %31s %63s %lf", name, what, of, &expected) == 4) {
        if (strcmp(name, study) != 0 || strcmp(what, "adam") == 0) {
            continue;
        }
        const double size = what[0] == 'h' || what[0] == 'v' ? fmax(1, most) : 1;
        if (!(fabs(ours(l, what, of) - expected) <= tolerance * fmax(size, fabs(expected)))) {
            fail_msg("%s %s %s: %.15g is not %.15g", study, what, of, ours(l, what, of), expected);
        }
        n++;
    }
    (void)fclose(file);
    return n;
}

static double adam_of(const char *study, int step)
{
    FILE *file = fopen(GOLDEN, "r");
    char name[32], what[32], of[64];
    double expected = NAN, value;

    assert_non_null(file);
    while (fscanf(file, "%31s %31s %63s %lf", name, what, of, &value) == 4) {
        if (strcmp(name, study) == 0 && strcmp(what, "adam") == 0 && atoi(of) == step) {
            expected = value;
        }
    }
    (void)fclose(file);
    return expected;
}

/* Six steps of Adam with decay, as the script takes them. */
static void follow(struct learned *l, const struct study *study, double tolerance)
{
    const struct net_batch batch = {l->x, l->labels, study->n, {0}, FW_NET_BINARY_ENTROPY};
    const uint64_t n = l->c.net->n_parameters;
    struct fw_kernels_buffer *moments[2];
    const struct fw_kernels *k = l->rig.kernels;

    for (int i = 0; i < 2; i++) {
        net_must(&l->rig, k->buffer_create(l->rig.session, n * l->c.net->element, &moments[i]));
    }
    for (int step = 0; step < 6; step++) {
        const double loss = net_learn(&l->c, &batch), expected = adam_of(study->name, step);
        const struct fw_update update = {.struct_size = sizeof update,
                                         .dtype = l->c.net->dtype,
                                         .kind = FW_UPDATE_ADAM,
                                         .n = n,
                                         .step = (uint64_t)step + 1,
                                         .rate = 0.001,
                                         .beta1 = 0.9,
                                         .beta2 = 0.999,
                                         .epsilon = 1e-8,
                                         .decay = 0.01,
                                         .gradient_scale = 1,
                                         .w = l->c.pass->parameters,
                                         .g = l->c.pass->gradient,
                                         .m = {.buffer = moments[0]},
                                         .v = {.buffer = moments[1]}};
        if (!(fabs(loss - expected) <= tolerance)) {
            fail_msg("%s, step %d: %.15g is not %.15g", study->name, step, loss, expected);
        }
        net_must(&l->rig, k->update(l->rig.session, &update));
    }
    k->buffer_destroy(moments[0]);
    k->buffer_destroy(moments[1]);
}

static void check(const struct study *study, int n_lines)
{
    struct learned l;

    learn(&l, study, FW_F64);
    assert_int_equal(compare(&l, study->name, 1e-10), n_lines);
    follow(&l, study, 1e-9);
    forget(&l);
    learn(&l, study, FW_F32);
    assert_int_equal(compare(&l, study->name, 2e-4), n_lines);
    forget(&l);
}

static void patchtst_is_pytorchs(void **state)
{
    static const struct fw_patchtst small = {3, 16, 8, 4, 10, 8, 2, 2, 16, 0, 0};
    static const struct fw_patchtst s1_2m = {25, 80, 16, 8, 10, 64, 4, 4, 256, 0, 0};

    (void)state;
    check(&(const struct study){"small", build_patchtst, &small, 5, 0.5}, 9 + 6 * 33);
    check(&(const struct study){"s1_2m", build_patchtst, &s1_2m, 4, 0.1}, 8 + 6 * 57);
}

static void perceptrons_are_pytorchs(void **state)
{
    static const uint32_t hidden[] = {6, 5};
    const struct fw_mlp gelu = {{1, 1, 7}, hidden, 2, FW_MLP_GELU, 1, 0};
    const struct fw_mlp relu = {{1, 1, 7}, hidden, 2, FW_MLP_RELU, 1, 0};
    const struct fw_mlp logistic = {{1, 1, 7}, NULL, 0, FW_MLP_RELU, 1, 0};

    (void)state;
    check(&(const struct study){"mlp_gelu", build_mlp, &gelu, 6, 0.5}, 10 + 6 * 6);
    check(&(const struct study){"mlp_relu", build_mlp, &relu, 6, 0.5}, 10 + 6 * 6);
    check(&(const struct study){"logistic", build_mlp, &logistic, 6, 0.5}, 10 + 6 * 2);
}

/* Dropout after each activation alone, and so many parameters as the sizes say. */
static void perceptrons_have_the_layers_asked_for(void **state)
{
    const uint32_t hidden[] = {6, 5};
    const struct fw_mlp mlp = {{1, 4, 2}, hidden, 2, FW_MLP_GELU, 3, 0.25};
    const char *const ops[] = {"input",  "flatten", "linear",  "gelu",  "dropout",
                               "linear", "gelu",    "dropout", "linear"};
    struct net_rig rig;
    struct fw_net *net;

    (void)state;
    net_rig_open(&rig, 1);
    net_must(&rig, fw_net_create(rig.host, FW_F32, &net));
    net_must(&rig, fw_mlp_build(net, &mlp));
    assert_int_equal(net->n_layers, 9);
    for (uint32_t i = 0; i < 9; i++) {
        assert_string_equal(net->layers[i].op->name, ops[i]);
    }
    assert_int_equal(net->n_parameters, 8 * 6 + 6 + 6 * 5 + 5 + 5 * 3 + 3);
    assert_true(net->layers[4].as.p == 0.25);
    fw_net_destroy(net);
    net_rig_close(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(patchtst_is_pytorchs),
        cmocka_unit_test(perceptrons_are_pytorchs),
        cmocka_unit_test(perceptrons_have_the_layers_asked_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/* Residual nets: what they are of size (training.md AT-7), how they begin, and the gradients,
 * products and steps that PyTorch computes of them (tests/reference/resnet_reference.py). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/census.h"
#include "net/resnet.h"
#include "net_fixture.h"

static struct net_rig rig;

static int open_rig(void **state)
{
    (void)state;
    net_rig_open(&rig, 2);
    return 0;
}

static int close_rig(void **state)
{
    (void)state;
    net_rig_close(&rig);
    return 0;
}

static struct fw_net *net_of(const struct fw_resnet *resnet, uint32_t dtype)
{
    struct fw_net *net = NULL;
    net_must(&rig, fw_net_create(rig.host, dtype, &net));
    net_must(&rig, fw_resnet_build(net, resnet));
    return net;
}

/* --- AT-7 --- */

static const struct fw_net_shape large = {3, 32, 32}, small = {3, 16, 16};

static struct fw_net_census census_of(const struct fw_resnet *resnet)
{
    struct fw_net *net = net_of(resnet, FW_F32);
    const struct fw_net_census census = fw_net_census(net);
    fw_net_destroy(net);
    return census;
}

static void the_census_is_that_of_the_table(void **state)
{
    (void)state;
    const struct fw_resnet_width full = {64, 4, 2, 1, 8}, half = {64, 4, 2, 0.5, 8};
    struct fw_resnet resnet = fw_resnet_of(large, 10, &full, true);
    struct fw_net_census census = census_of(&resnet);
    assert_int_equal(census.parameters, 11173962);
    assert_int_equal(census.affine, 9600);
    assert_int_equal(census.kept, 9600);
    assert_int_equal(census.bytes, 44695848);
    assert_int_equal(census.macs, 555422720);
    assert_int_equal(census.flop_train, 3328997376);
    resnet = fw_resnet_of(large, 10, &half, true);
    census = census_of(&resnet);
    assert_int_equal(census.parameters, 2797610);
    assert_int_equal(census.affine, 4800);
    assert_int_equal(census.macs, 139299328);
    resnet = fw_resnet_of(large, 10, &full, false);
    assert_int_equal(census_of(&resnet).parameters, 11169162);
    assert_int_equal(census_of(&resnet).kept, 0);
    resnet.has_bias = false;
    assert_int_equal(census_of(&resnet).parameters, 11164362);
}

static void the_census_of_small_nets_is_that_of_the_table(void **state)
{
    (void)state;
    const struct fw_resnet_width toy = {8, 3, 1, 1, 8}, narrow = {8, 3, 1, 0.5, 4};
    struct fw_resnet resnet = fw_resnet_of(small, 10, &toy, true);
    struct fw_net_census census = census_of(&resnet);
    assert_int_equal(census.parameters, 19954);
    assert_int_equal(census.affine, 336);
    assert_int_equal(census.macs, 809280);
    assert_int_equal(census.flop_forward, 1618560);
    assert_int_equal(census.flop_backward, 3126528);
    assert_int_equal(census.flop_train, 4745088);
    resnet = fw_resnet_of(small, 10, &toy, false);
    assert_int_equal(census_of(&resnet).parameters, 19786);
    resnet = fw_resnet_of(small, 10, &narrow, true);
    census = census_of(&resnet);
    assert_int_equal(census.parameters, 5214);
    assert_int_equal(census.macs, 216224);
}

/* Half of 8 channels is 8 as long as nobody asks for fewer. */
static void widths_have_a_floor(void **state)
{
    (void)state;
    const struct fw_resnet_width width = {8, 3, 1, 0.5, 8};
    const struct fw_resnet resnet = fw_resnet_of(small, 10, &width, true);
    assert_int_equal(resnet.stem, 8);
    assert_int_equal(resnet.stages[0].channels, 8);
    assert_int_equal(resnet.stages[1].channels, 8);
    assert_int_equal(resnet.stages[2].channels, 16);
}

static void parameters_are_in_the_order_of_the_table(void **state)
{
    static const char *const names[] = {
        "stem.weight",   "stem_norm.weight", "stem_norm.bias", "1.0.c1.weight", "1.0.n1.weight",
        "1.0.n1.bias",   "1.0.c2.weight",    "1.0.n2.weight",  "1.0.n2.bias",   "2.0.c1.weight",
        "2.0.n1.weight", "2.0.n1.bias",      "2.0.c2.weight",  "2.0.n2.weight", "2.0.n2.bias",
        "2.0.sc.weight", "2.0.nsc.weight",   "2.0.nsc.bias",   "fc.weight",     "fc.bias"};
    const struct fw_resnet_width width = {8, 2, 1, 1, 8};
    const struct fw_resnet resnet = fw_resnet_of(small, 10, &width, true);
    struct fw_net *net = net_of(&resnet, FW_F32);
    uint64_t end = 0;
    (void)state;
    assert_int_equal(net->n_tensors, sizeof names / sizeof *names);
    for (uint32_t i = 0; i < net->n_tensors; i++) {
        assert_string_equal(net->tensors[i].name, names[i]);
        assert_int_equal(net->tensors[i].offset, end);
        end += net->tensors[i].count;
    }
    assert_int_equal(end, net->n_parameters);
    fw_net_destroy(net);
}

/* --- how they begin --- */

static void build_toy(struct fw_net *net, const void *arg)
{
    const struct fw_resnet_width toy = {16, 3, 1, 1, 8};
    const struct fw_resnet resnet = fw_resnet_of(small, 10, &toy, *(const bool *)arg);
    (void)fw_resnet_build(net, &resnet);
}

struct moments {
    double mean, deviation, largest;
};

static struct moments moments_of(const struct net_case *c, const char *name)
{
    struct moments m = {0};
    for (uint32_t i = 0; i < c->net->n_tensors; i++) {
        const struct fw_net_tensor *tensor = &c->net->tensors[i];
        if (strcmp(tensor->name, name) != 0) {
            continue;
        }
        double *values = malloc(tensor->count * sizeof *values);
        const struct fw_operand at = {c->weights->parameters, tensor->offset * c->net->element};
        net_get(c, at, values, tensor->count);
        for (uint64_t k = 0; k < tensor->count; k++) {
            m.mean += values[k] / (double)tensor->count;
            m.deviation += values[k] * values[k] / (double)tensor->count;
            m.largest = fmax(m.largest, fabs(values[k]));
        }
        m.deviation = sqrt(m.deviation - m.mean * m.mean);
        free(values);
        return m;
    }
    fail_msg("there is no %s", name);
    return m;
}

static void assert_ratio(double actual, double expected, double tolerance)
{
    if (!(fabs(actual / expected - 1) <= tolerance)) {
        fail_msg("%.6g is not %.6g within %.3g", actual, expected, tolerance);
    }
}

static void weights_begin_as_the_rules_say(void **state)
{
    struct net_case c;
    bool has_norm = true;
    (void)state;
    net_case_open(&c, &rig, &(const struct net_setup){build_toy, &has_norm, FW_F32, 1, false});
    net_must(&rig, fw_net_weights_init(c.weights, 5));
    const double spread = sqrt(2.0 / (9 * 64)), bound = 1 / sqrt(64);
    struct moments m = moments_of(&c, "3.0.c2.weight");
    assert_ratio(m.deviation, spread, 0.02); /* of 36,864 numbers: four deviations */
    assert_true(fabs(m.mean) < 4 * spread / sqrt(36864));
    assert_true(m.largest > 3.5 * spread && m.largest < 6 * spread);
    m = moments_of(&c, "fc.weight");
    assert_true(m.largest <= bound && m.largest > 0.98 * bound);
    assert_ratio(m.deviation, bound / sqrt(3), 0.1);
    m = moments_of(&c, "1.0.n1.weight");
    assert_true(m.mean == 1 && m.deviation == 0);
    assert_true(moments_of(&c, "1.0.n1.bias").largest == 0);
    /* Each tensor has a stream of its own. */
    assert_true(moments_of(&c, "1.0.c1.weight").mean != moments_of(&c, "1.0.c2.weight").mean);
    const uint64_t first = net_fingerprint(&c);
    net_must(&rig, fw_net_weights_init(c.weights, 6));
    assert_true(net_fingerprint(&c) != first);
    net_must(&rig, fw_net_weights_init(c.weights, 5));
    assert_true(net_fingerprint(&c) == first);
    net_case_close(&c);
    has_norm = false;
    net_case_open(&c, &rig, &(const struct net_setup){build_toy, &has_norm, FW_F32, 1, false});
    net_must(&rig, fw_net_weights_init(c.weights, 5));
    assert_ratio(moments_of(&c, "3.0.c2.weight").deviation, spread / 2, 0.02);
    assert_true(moments_of(&c, "3.0.c2.bias").largest == 0);
    net_case_close(&c);
}

/* --- against PyTorch --- */

struct golden {
    char name[16], what[16], part[40];
    double value;
};
static struct golden golden[1000];
static size_t n_golden;

static int read_golden(void **state)
{
    FILE *file = fopen(RESNET_GOLDEN, "r");
    char line[128];
    (void)state;
    assert_non_null(file);
    assert_non_null(fgets(line, sizeof line, file));
    while (fgets(line, sizeof line, file) != NULL && n_golden < 1000) {
        struct golden *row = &golden[n_golden++];
        assert_int_equal(sscanf(line, "%15[^,],%15[^,],%39[^,],%lf", row->name, row->what,
                                row->part, &row->value),
                         4);
    }
    fclose(file);
    return open_rig(state);
}

struct reference {
    const char *name;
    struct fw_resnet_width width;
    uint64_t side, n;
    bool has_norm;
    uint32_t dtype;
    double tolerance;
};

static double expected(const struct reference *ref, const char *what, const char *part)
{
    for (size_t i = 0; i < n_golden; i++) {
        const struct golden *row = &golden[i];
        if (strcmp(row->name, ref->name) == 0 && strcmp(row->what, what) == 0 &&
            strcmp(row->part, part) == 0) {
            return row->value;
        }
    }
    fail_msg("no %s of %s, %s", what, part, ref->name);
    return NAN;
}

static void build_reference(struct fw_net *net, const void *arg)
{
    const struct reference *ref = arg;
    const struct fw_resnet resnet = fw_resnet_of((struct fw_net_shape){3, ref->side, ref->side}, 10,
                                                 &ref->width, ref->has_norm);
    (void)fw_resnet_build(net, &resnet);
}

static bool ends_with(const char *text, const char *end)
{
    const size_t n = strlen(text), m = strlen(end);
    return n >= m && strcmp(text + n - m, end) == 0;
}

/* The weights of resnet_reference.py: uniform numbers, as wide as He's for convs. */
static void fill_reference(const struct net_case *c)
{
    const struct fw_net *net = c->net;
    for (uint32_t i = 0; i < net->n_tensors; i++) {
        const struct fw_net_tensor *tensor = &net->tensors[i];
        const bool is_fc = strncmp(tensor->name, "fc.", 3) == 0;
        const bool has_norm = net->n_kept > 0, is_weight = ends_with(tensor->name, ".weight");
        double *values = malloc(tensor->count * sizeof *values);
        double spread = has_norm ? 0.2 : 0.1, middle = 0;
        if (tensor->rank == 4) {
            spread = sqrt(6 / (double)(tensor->shape[0] * tensor->shape[2] * tensor->shape[3]));
        } else if (is_fc) {
            spread = 1 / sqrt((double)net->tensors[net->n_tensors - 2].shape[1]);
        } else if (is_weight) {
            middle = 1;
        }
        net_noise(1000 + i, values, tensor->count);
        for (uint64_t k = 0; k < tensor->count; k++) {
            values[k] = middle + spread * values[k];
        }
        net_put(c, (struct fw_operand){c->weights->parameters, tensor->offset * net->element},
                values, tensor->count);
        free(values);
    }
    for (uint32_t i = 0; i < net->n_kept; i++) {
        const struct fw_net_tensor *tensor = &net->kept[i];
        double *values = calloc(tensor->count, sizeof *values);
        for (uint64_t k = 0; k < tensor->count; k++) {
            values[k] = ends_with(tensor->name, "_var") ? 1 : 0;
        }
        net_put(c, (struct fw_operand){c->weights->kept, tensor->offset * net->element}, values,
                tensor->count);
        free(values);
    }
}

static void assert_near(const struct reference *ref, const char *what, const char *part,
                        double actual, double scale)
{
    const double value = expected(ref, what, part);
    if (!(fabs(actual - value) <= ref->tolerance * scale)) {
        fail_msg("%s: %s of \"%s\" is %.15g, not %.15g within %.3g of %.3g", ref->name, what, part,
                 actual, value, ref->tolerance, scale);
    }
}

/* A tensor's norm and middle element; `flat` is in the order of the parameters. */
static void compare_parts(const struct reference *ref, const struct net_case *c, const char *what,
                          const double *flat)
{
    char at[24];
    (void)snprintf(at, sizeof at, "%s_at", what);
    for (uint32_t i = 0; i < c->net->n_tensors; i++) {
        const struct fw_net_tensor *tensor = &c->net->tensors[i];
        const double *part = flat + tensor->offset;
        const double norm = expected(ref, what, tensor->name);
        /* Biases before a norm have no gradient but for rounding. */
        const double scale = fmax(norm, 1e-3);
        assert_near(ref, what, tensor->name, sqrt(net_dot(part, part, tensor->count)), scale);
        assert_near(ref, at, tensor->name, part[tensor->count / 2], scale);
    }
}

static void step(const struct net_case *c, struct fw_operand momentum, uint64_t number)
{
    const struct fw_update update = {.struct_size = (uint32_t)sizeof update,
                                     .dtype = c->net->dtype,
                                     .kind = FW_UPDATE_SGD,
                                     .n = c->net->n_parameters,
                                     .step = number,
                                     .rate = 0.05,
                                     .beta1 = 0.9,
                                     .decay = 5e-4,
                                     .gradient_scale = 1,
                                     .w = c->pass->parameters,
                                     .g = c->pass->gradient,
                                     .m = momentum};
    net_must(&rig, rig.kernels->update(rig.session, &update));
}

static void compare_steps(const struct reference *ref, struct net_case *c, struct net_batch *batch)
{
    struct fw_operand momentum = {0};
    const uint64_t bytes = c->net->n_parameters * c->net->element;
    net_must(&rig, rig.kernels->buffer_create(rig.session, bytes, &momentum.buffer));
    batch->mode.track = true;
    for (uint64_t i = 0; i < 5; i++) {
        char part[8];
        (void)snprintf(part, sizeof part, "%d", (int)i);
        assert_near(ref, "step", part, net_learn(c, batch), 1);
        step(c, momentum, i + 1);
    }
    for (uint32_t i = 0; i < c->net->n_kept; i++) {
        const struct fw_net_tensor *tensor = &c->net->kept[i];
        double values[512];
        net_get(c, (struct fw_operand){c->weights->kept, tensor->offset * c->net->element}, values,
                tensor->count);
        assert_near(ref, "kept", tensor->name, sqrt(net_dot(values, values, tensor->count)), 1);
    }
    batch->mode = (struct fw_net_mode){0};
    assert_near(ref, "frozen", "-", net_learn(c, batch), 1);
    rig.kernels->buffer_destroy(momentum.buffer);
}

static void compare(const struct reference *ref, bool has_steps)
{
    struct net_case c;
    net_case_open(&c, &rig,
                  &(const struct net_setup){build_reference, ref, ref->dtype, ref->n, true});
    const uint64_t n = c.net->n_parameters, size = ref->n * 3 * ref->side * ref->side;
    double *images = malloc(size * sizeof *images), *flat = malloc(n * sizeof *flat),
           *v = malloc(n * sizeof *v);
    int32_t labels[8];
    for (uint64_t i = 0; i < ref->n; i++) {
        labels[i] = (int32_t)((3 * i + 1) % 10);
    }
    fill_reference(&c);
    net_noise(7, images, size);
    net_noise(8, v, n);
    struct net_batch batch = {
        .samples = images, .labels = labels, .n = ref->n, .mode = {.batch_statistics = true}};
    assert_near(ref, "loss", "-", net_learn(&c, &batch), 1);
    net_get(&c, c.pass->gradient, flat, n);
    compare_parts(ref, &c, "gradient", flat);
    net_product(&c, v, flat);
    compare_parts(ref, &c, "product", flat);
    if (has_steps) {
        compare_steps(ref, &c, &batch);
    }
    free(images);
    free(flat);
    free(v);
    net_case_close(&c);
}

static void gradients_products_and_steps_are_those_of_pytorch(void **state)
{
    (void)state;
    compare(&(const struct reference){"narrow", {64, 4, 2, 0.125, 8}, 16, 6, true, FW_F64, 1e-9},
            true);
    compare(&(const struct reference){"plain", {64, 4, 2, 0.125, 8}, 16, 6, false, FW_F64, 1e-9},
            true);
}

static void float32_is_close_to_pytorch_in_float64(void **state)
{
    (void)state;
    compare(&(const struct reference){"narrow", {64, 4, 2, 0.125, 8}, 16, 6, true, FW_F32, 1e-3},
            true);
}

static void resnet_18_of_full_width_is_that_of_pytorch(void **state)
{
    (void)state;
    compare(&(const struct reference){"full", {64, 4, 2, 1, 8}, 32, 2, true, FW_F32, 1e-3}, false);
}

/* --- the same bits --- */

enum { N_TOY = 5 };

struct outcome {
    double loss, gradient[19954], product[19954];
    uint64_t weights;
};

static void build_spec_toy(struct fw_net *net, const void *arg)
{
    const struct fw_resnet_width toy = {8, 3, 1, 1, 8};
    const struct fw_resnet resnet = fw_resnet_of(small, 10, &toy, true);
    (void)arg;
    (void)fw_resnet_build(net, &resnet);
}

static struct outcome *outcome_of(uint32_t threads, uint64_t capacity)
{
    static double images[N_TOY * 768], v[19954];
    static const int32_t labels[N_TOY] = {3, 1, 4, 1, 5};
    struct outcome *outcome = calloc(1, sizeof *outcome);
    const struct net_batch batch = {
        images, labels, N_TOY, {.batch_statistics = true, .track = true}, FW_NET_CROSS_ENTROPY};
    struct net_rig other;
    struct net_case c;
    net_rig_open(&other, threads);
    net_case_open(&c, &other,
                  &(const struct net_setup){build_spec_toy, NULL, FW_F32, capacity, true});
    net_must(&other, fw_net_weights_init(c.weights, 1));
    net_noise(2, images, N_TOY * 768);
    net_noise(3, v, 19954);
    outcome->loss = net_learn(&c, &batch);
    net_get(&c, c.pass->gradient, outcome->gradient, 19954);
    net_product(&c, v, outcome->product);
    outcome->weights = net_fingerprint(&c);
    net_case_close(&c);
    net_rig_close(&other);
    return outcome;
}

static void threads_and_room_do_not_change_a_bit(void **state)
{
    struct outcome *one = outcome_of(1, N_TOY), *two = outcome_of(2, N_TOY),
                   *roomy = outcome_of(2, 128);
    (void)state;
    assert_memory_equal(one, two, sizeof *one);
    assert_memory_equal(one, roomy, sizeof *one);
    free(one);
    free(two);
    free(roomy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_census_is_that_of_the_table),
        cmocka_unit_test(the_census_of_small_nets_is_that_of_the_table),
        cmocka_unit_test(widths_have_a_floor),
        cmocka_unit_test(parameters_are_in_the_order_of_the_table),
        cmocka_unit_test(weights_begin_as_the_rules_say),
        cmocka_unit_test(gradients_products_and_steps_are_those_of_pytorch),
        cmocka_unit_test(float32_is_close_to_pytorch_in_float64),
        cmocka_unit_test(resnet_18_of_full_width_is_that_of_pytorch),
        cmocka_unit_test(threads_and_room_do_not_change_a_bit),
    };
    return cmocka_run_group_tests(tests, read_golden, close_rig);
}

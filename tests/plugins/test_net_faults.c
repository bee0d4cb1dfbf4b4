/* SPDX-License-Identifier: MIT */
/* What nets refuse, calls out of order, and memory that runs out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "failing_alloc.h"
#include "net/image.h"
#include "net/layers.h"
#include "net/plan.h"
#include "net/resnet.h"
#include "net_fixture.h"
#include "sql/fault.h"

static struct net_rig rig;

static int open_rig(void **state)
{
    (void)state;
    net_rig_open(&rig, 1);
    return 0;
}

static int close_rig(void **state)
{
    (void)state;
    net_rig_close(&rig);
    return 0;
}

static void must_fail(fw_status actual, fw_status expected, const char *text)
{
    const char *fault = fake_task_take_fault(rig.task);
    assert_int_equal(actual, expected);
    if (strstr(fault, text) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", fault, text);
    }
}

static const struct fw_net_shape image = {3, 8, 8};

/* --- building --- */

static struct fw_net *new_net(void)
{
    struct fw_net *net = NULL;
    net_must(&rig, fw_net_create(rig.host, FW_F32, &net));
    (void)fw_net_add_input(net, image);
    return net;
}

static void must_refuse(struct fw_net *net, const char *text)
{
    must_fail(fw_net_close(net), FW_E_CONFIG, text);
    struct fw_net_weights *weights = NULL;
    must_fail(fw_net_weights_create(net, rig.kernels, rig.session, &weights), FW_E_ARG,
              "not closed");
    fw_net_destroy(net);
}

static void refuses_what_does_not_fit(void **state)
{
    const struct fw_net_conv large = {4, 9, 1, 0, false, 0}, none = {0, 3, 1, 1, false, 0};
    const struct fw_net_conv still = {4, 3, 0, 1, false, 0};
    const struct fw_net_pool padded = {FW_POOL_MAX, 2, 2, 2}, sum = {FW_POOL_SUM, 2, 2, 0};
    struct fw_net *net = new_net();
    (void)state;
    (void)fw_net_add_conv(net, "large", 0, &large);
    must_refuse(net, "9 x 9");
    net = new_net();
    (void)fw_net_add_conv(net, "none", 0, &none);
    must_refuse(net, "does not fit");
    net = new_net();
    (void)fw_net_add_conv(net, "still", 0, &still);
    must_refuse(net, "stride 0");
    net = new_net();
    (void)fw_net_add_pool(net, "padded", 0, &padded);
    must_refuse(net, "padding 2");
    net = new_net();
    (void)fw_net_add_pool(net, "sum", 0, &sum);
    must_refuse(net, "kind 2");
    net = new_net();
    (void)fw_net_add_linear(net, "wide", 0, UINT64_C(1) << 40, true);
    must_refuse(net, "nothing to compute with");
}

static void refuses_values_that_are_not_there_or_not_read(void **state)
{
    struct fw_net *net = new_net();
    (void)state;
    (void)fw_net_add_relu(net, "relu", 3);
    must_refuse(net, "value 3 is not there yet");
    net = new_net();
    (void)fw_net_add_linear(net, "a", 0, 4, false);
    (void)fw_net_add_linear(net, "b", 0, 4, false);
    must_refuse(net, "no layer reads what it makes");
    net = new_net();
    (void)fw_net_add_sum(net, "sum", 0, 0);
    must_refuse(net, "reads value 0 twice");
    net = new_net();
    (void)fw_net_add_sum(net, "sum", 0, fw_net_add_linear(net, "a", 0, 4, false));
    must_refuse(net, "different shapes");
    net = new_net();
    (void)fw_net_add_relu(net, "relu", 0);
    must_refuse(net, "no parameters");
    net = new_net();
    (void)fw_net_add_input(net, image);
    must_refuse(net, "the first layer is the input");
    net_must(&rig, fw_net_create(rig.host, FW_F32, &net));
    (void)fw_net_add_linear(net, "a", 0, 4, false);
    must_refuse(net, "value 0 is not there yet");
}

static void keeps_the_first_mistake_and_adds_nothing_more(void **state)
{
    struct fw_net *net = new_net();
    (void)state;
    (void)fw_net_add_relu(net, "relu", 7);
    assert_int_equal(fw_net_add_linear(net, "a", 0, 4, false), 0);
    assert_int_equal(net->n_layers, 1);
    assert_int_equal(net->n_tensors, 0);
    must_refuse(net, "value 7");
    net = new_net();
    (void)fw_net_add_linear(net, "a", 0, 4, false);
    net_must(&rig, fw_net_close(net));
    (void)fw_net_add_relu(net, "relu", 1);
    must_fail(net->status, FW_E_CONFIG, "closed");
    assert_int_equal(net->n_layers, 2);
    fw_net_destroy(net);
    must_fail(fw_net_create(rig.host, FW_I32, &net), FW_E_ARG, "elements of type 3");
}

static void refuses_residual_nets_of_nothing(void **state)
{
    const struct fw_resnet_width width = {8, 2, 1, 1, 8}, tall = {8, 9, 1, 1, 8};
    struct fw_resnet resnet = fw_resnet_of(image, 10, &tall, true);
    struct fw_net *net = NULL;
    (void)state;
    net_must(&rig, fw_net_create(rig.host, FW_F32, &net));
    must_fail(fw_resnet_build(net, &resnet), FW_E_CONFIG, "stages");
    fw_net_destroy(net);
    resnet = fw_resnet_of(image, 1, &width, true);
    net_must(&rig, fw_net_create(rig.host, FW_F32, &net));
    must_fail(fw_resnet_build(net, &resnet), FW_E_CONFIG, "1 or more of everything");
    fw_net_destroy(net);
}

/* --- calls --- */

static void build(struct fw_net *net, const void *arg)
{
    const struct fw_resnet_width width = {8, 2, 1, 1, 8};
    const struct fw_resnet resnet = fw_resnet_of(image, 3, &width, true);
    (void)arg;
    (void)fw_resnet_build(net, &resnet);
}

static const struct fw_net_mode training = {.batch_statistics = true};

static void calls_out_of_order_are_refused(void **state)
{
    static const float samples[2 * 192] = {1, 2, 3};
    static const int32_t labels[] = {0, 2};
    double loss = 7;
    uint64_t n = 7;
    struct net_case c;
    (void)state;
    net_case_open(&c, &rig, &(const struct net_setup){build, NULL, FW_F32, 2, true});
    net_must(&rig, fw_net_weights_init(c.weights, 1));
    must_fail(fw_net_forward(c.pass, training), FW_E_ARG, "before a batch is loaded");
    must_fail(fw_net_load(c.pass, samples, 3), FW_E_ARG, "a batch of 3 samples, room for 2");
    must_fail(fw_net_load(c.pass, samples, 0), FW_E_ARG, "a batch of 0");
    net_must(&rig, fw_net_load(c.pass, samples, 2));
    must_fail(fw_net_loss(c.pass, FW_NET_CROSS_ENTROPY, labels, &loss, &n), FW_E_ARG,
              "before forward");
    net_must(&rig, fw_net_forward(c.pass, training));
    must_fail(fw_net_backward(c.pass), FW_E_ARG, "before the loss");
    must_fail(fw_net_loss(c.pass, 77, labels, &loss, &n), FW_E_ARG, "loss 77");
    assert_true(loss == 7 && n == 7);
    net_must(&rig, fw_net_loss(c.pass, FW_NET_CROSS_ENTROPY, labels, &loss, &n));
    must_fail(fw_net_r_product(c.pass), FW_E_ARG, "before backward");
    net_must(&rig, fw_net_backward(c.pass));
    must_fail(fw_net_backward(c.pass), FW_E_ARG, "twice");
    net_must(&rig, fw_net_r_product(c.pass));
    net_must(&rig, fw_net_load(c.pass, samples, 2));
    must_fail(fw_net_r_product(c.pass), FW_E_ARG, "before backward");
    net_case_close(&c);
}

static void a_pass_without_r_has_no_products(void **state)
{
    static const double samples[2 * 192] = {1, 2, 3};
    static const int32_t labels[] = {0, 2};
    struct net_case c;
    (void)state;
    net_case_open(&c, &rig, &(const struct net_setup){build, NULL, FW_F32, 2, false});
    net_must(&rig, fw_net_weights_init(c.weights, 1));
    (void)net_learn(&c, &(const struct net_batch){samples, labels, 2, training, 0});
    must_fail(fw_net_r_product(c.pass), FW_E_ARG, "without R");
    double bend = 7;
    must_fail(fw_net_r_bend(c.pass, &bend), FW_E_ARG, "without R");
    assert_true(bend == 7);
    struct fw_net_pass *pass = NULL;
    must_fail(fw_net_pass_create(c.weights, 0, false, &pass), FW_E_ARG, "a batch of 0");
    assert_null(pass);
    net_case_close(&c);
}

static void labels_that_are_no_class_are_told(void **state)
{
    static const float samples[2 * 192] = {1, 2, 3};
    static const int32_t high[] = {0, 3}, low[] = {-1, 0};
    double loss;
    uint64_t n;
    struct net_case c;
    (void)state;
    net_case_open(&c, &rig, &(const struct net_setup){build, NULL, FW_F32, 2, false});
    net_must(&rig, fw_net_load(c.pass, samples, 2));
    net_must(&rig, fw_net_forward(c.pass, training));
    must_fail(fw_net_loss(c.pass, FW_NET_CROSS_ENTROPY, high, &loss, &n), FW_E_DATA,
              "the label of sample 1 is 3, expected 0 to 2");
    must_fail(fw_net_loss(c.pass, FW_NET_CROSS_ENTROPY, low, &loss, &n), FW_E_DATA,
              "the label of sample 0 is -1");
    net_case_close(&c);
}

static void build_point(struct fw_net *net, const void *arg)
{
    (void)arg;
    const uint32_t value = fw_net_add_input(net, (struct fw_net_shape){2, 1, 1});
    (void)fw_net_add_batch_norm(net, "norm", value, 1e-5, 0.1);
}

static void one_value_has_no_variance(void **state)
{
    static const float sample[] = {1, 2};
    struct net_case c;
    (void)state;
    net_case_open(&c, &rig, &(const struct net_setup){build_point, NULL, FW_F32, 2, false});
    net_must(&rig, fw_net_load(c.pass, sample, 1));
    must_fail(fw_net_forward(c.pass, training), FW_E_DATA, "one value per channel");
    net_must(&rig, fw_net_forward(c.pass, (struct fw_net_mode){0}));
    net_case_close(&c);
}

/* --- an operation without second derivatives --- */

static fw_status nothing(struct fw_net_pass *pass, const struct fw_net_layer *layer)
{
    (void)pass;
    (void)layer;
    return FW_OK;
}

static void build_first_order(struct fw_net *net, const void *arg)
{
    static const struct fw_net_op op = {.name = "first",
                                        .flags = FW_NET_VIEW | FW_NET_PASSES,
                                        .forward = nothing,
                                        .backward = nothing};
    (void)arg;
    const uint32_t value = fw_net_add_linear(net, "a", fw_net_add_input(net, image), 2, true);
    (void)fw_net_append(
        net, "b",
        &(const struct fw_net_layer){
            .op = &op, .in = {value}, .n_in = 1, .shape = fw_net_shape_of(net, value)});
}

static void a_net_says_that_it_has_no_products(void **state)
{
    struct net_case c;
    struct fw_net_pass *pass = NULL;
    (void)state;
    net_case_open(&c, &rig, &(const struct net_setup){build_first_order, NULL, FW_F32, 2, false});
    assert_false(fw_net_has_products(c.net));
    must_fail(fw_net_pass_create(c.weights, 2, true, &pass), FW_E_UNSUPPORTED,
              "no second derivatives");
    net_case_close(&c);
    net_case_open(&c, &rig, &(const struct net_setup){build, NULL, FW_F32, 2, false});
    assert_true(fw_net_has_products(c.net));
    net_case_close(&c);
}

/* --- memory --- */

static struct fw_kernels counted; /* the rig's, with its buffers counted */
static unsigned n_live, n_until_failure;

static fw_status count_create(struct fw_kernels_session *session, uint64_t bytes,
                              struct fw_kernels_buffer **ret_buffer)
{
    if (n_until_failure > 0 && --n_until_failure == 0) {
        return fw_faultf(rig.host, FW_E_NOMEM, "device", NULL, "the device is full");
    }
    const fw_status status = rig.kernels->buffer_create(session, bytes, ret_buffer);
    n_live += status == FW_OK;
    return status;
}

static void count_destroy(struct fw_kernels_buffer *buffer)
{
    n_live -= buffer != NULL;
    rig.kernels->buffer_destroy(buffer);
}

/* A net, weights and a pass with R: made, or FW_E_NOMEM and nothing left. */
static fw_status make_all(void)
{
    struct fw_net *net = NULL;
    struct fw_net_weights *weights = NULL;
    struct fw_net_pass *pass = NULL;
    fw_status status = fw_net_create(rig.host, FW_F32, &net);
    if (status == FW_OK) {
        build(net, NULL);
        status = net->status;
    }
    status = status == FW_OK ? fw_net_weights_create(net, &counted, rig.session, &weights) : status;
    status = status == FW_OK ? fw_net_weights_init(weights, 1) : status;
    status = status == FW_OK ? fw_net_pass_create(weights, 2, true, &pass) : status;
    assert_true(status == FW_OK || pass == NULL);
    fw_net_pass_destroy(pass);
    fw_net_weights_destroy(weights);
    fw_net_destroy(net);
    assert_int_equal(n_live, 0);
    return status;
}

static void a_full_device_leaves_nothing_behind(void **state)
{
    (void)state;
    counted = *rig.kernels;
    counted.buffer_create = count_create;
    counted.buffer_destroy = count_destroy;
    unsigned n = 1;
    for (n_until_failure = n; make_all() != FW_OK; n_until_failure = ++n) {
        must_fail(FW_E_NOMEM, FW_E_NOMEM, "the device is full");
        assert_true(n < 100);
    }
    n_until_failure = 0;
    assert_true(n > 15);
}

static void memory_that_runs_out_leaves_nothing_behind(void **state)
{
    unsigned n = 0, n_failed = 0;
    (void)state;
    counted = *rig.kernels;
    counted.buffer_create = count_create;
    counted.buffer_destroy = count_destroy;
    do {
        failing_alloc_at(++n);
        const fw_status status = make_all();
        const bool struck = failing_alloc_struck();
        assert_int_equal(status, struck ? FW_E_NOMEM : FW_OK);
        n_failed += struck;
    } while (failing_alloc_struck());
    failing_alloc_at(0);
    assert_true(n_failed > 50);
}

/* What a batch of 128 may take decides what may be trained where. */
static void gradients_make_room_for_one_another(void **state)
{
    const struct fw_resnet_width width = {64, 4, 2, 1, 8};
    const struct fw_resnet resnet =
        fw_resnet_of((struct fw_net_shape){3, 32, 32}, 10, &width, true);
    struct fw_net *net = NULL;
    struct fw_net_plan values, kept, gradients;
    (void)state;
    net_must(&rig, fw_net_create(rig.host, FW_F32, &net));
    net_must(&rig, fw_resnet_build(net, &resnet));
    assert_int_equal(fw_net_plan_values(net, 128, false, &values), FW_OK);
    assert_int_equal(fw_net_plan_gradients(net, 128, true, &kept), FW_OK);
    assert_int_equal(fw_net_plan_gradients(net, 128, false, &gradients), FW_OK);
    /* In units of the largest: 9.4 outputs of convs and as many of norms, which ReLUs and sums
     * work in; a gradient for each of these to keep; or three at a time. */
    const double one = 128.0 * 64 * 32 * 32 * sizeof(float);
    assert_true((double)values.bytes < 19 * one);
    assert_true((double)kept.bytes < 18 * one);
    assert_true((double)gradients.bytes < 3.1 * one);
    fw_net_plan_finish(&values);
    fw_net_plan_finish(&kept);
    fw_net_plan_finish(&gradients);
    fw_net_destroy(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_what_does_not_fit),
        cmocka_unit_test(refuses_values_that_are_not_there_or_not_read),
        cmocka_unit_test(keeps_the_first_mistake_and_adds_nothing_more),
        cmocka_unit_test(refuses_residual_nets_of_nothing),
        cmocka_unit_test(calls_out_of_order_are_refused),
        cmocka_unit_test(a_pass_without_r_has_no_products),
        cmocka_unit_test(labels_that_are_no_class_are_told),
        cmocka_unit_test(one_value_has_no_variance),
        cmocka_unit_test(a_net_says_that_it_has_no_products),
        cmocka_unit_test(a_full_device_leaves_nothing_behind),
        cmocka_unit_test(memory_that_runs_out_leaves_nothing_behind),
        cmocka_unit_test(gradients_make_room_for_one_another),
    };
    return cmocka_run_group_tests(tests, open_rig, close_rig);
}

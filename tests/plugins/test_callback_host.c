/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "callback_host/cadence.h"
#include "hub_fixture.h"

/* Cadences: AT-8. When what is called, and that a run that was interrupted says the same. */

static void expect_quarters(uint64_t batches, const uint64_t *ends, size_t n_ends)
{
    size_t n = 0;

    for (uint64_t batch = 0; batch < batches; batch++) {
        if (fw_cadence_quarter(batch, batches) != 0) {
            assert_true(n < n_ends);
            assert_int_equal(batch, ends[n++]);
        }
    }
    assert_int_equal(n, n_ends);
    assert_int_equal(fw_cadence_quarter(batches - 1, batches), 4);
}

static void quarters_end_where_the_rule_says(void **state)
{
    (void)state;
    expect_quarters(391, (const uint64_t[]){96, 194, 292, 390}, 4);
    expect_quarters(390, (const uint64_t[]){96, 194, 291, 389}, 4);
    expect_quarters(352, (const uint64_t[]){87, 175, 263, 351}, 4);
    expect_quarters(351, (const uint64_t[]){86, 174, 262, 350}, 4);
    expect_quarters(32, (const uint64_t[]){7, 15, 23, 31}, 4);
    expect_quarters(3, (const uint64_t[]){0, 1, 2}, 3);
    expect_quarters(2, (const uint64_t[]){0, 1}, 2);
    expect_quarters(1, (const uint64_t[]){0}, 1);
    assert_int_equal(fw_cadence_quarter(UINT64_MAX / 2 - 1, UINT64_MAX - 1), 2);
}

static void expect_at(const struct hub_fixture *f, const char *name, size_t n, uint64_t first_step,
                      uint64_t interval)
{
    size_t found = 0;

    for (size_t i = 0; i < f->n_lines; i++) {
        if (strcmp(f->lines[i].name, name) == 0) {
            assert_int_equal(f->lines[i].step, first_step + found++ * interval);
        }
    }
    assert_int_equal(found, n);
}

static void run_whole(struct hub_fixture *f, uint64_t batches, uint64_t epochs)
{
    hub_size(f, batches, epochs);
    assert_int_equal(hub_open(f), FW_OK);
    assert_int_equal(hub_train(f, 0, hub_steps(f)), FW_OK);
}

static void fifty_epochs_of_391_batches(void **state)
{
    struct hub_fixture *f = *state;
    static const uint64_t ends[] = {96, 194, 292, 390};

    hub_callbacks(f, "cadence", "list", NULL);
    run_whole(f, 391, 50);
    expect_at(f, "cadence/batch", 19550, 1, 1);
    expect_at(f, "train/loss_nats", 19550, 1, 1);
    assert_int_equal(hub_count(f, "cadence/quarter"), 200);
    assert_int_equal(hub_count(f, "val/loss_nats"), 200);
    assert_int_equal(hub_count(f, "sys/overhead_frac"), 200);
    const struct hub_line *line = f->lines;
    for (size_t i = 0; i < 200; i++, line++) {
        while (strcmp(line->name, "cadence/quarter") != 0) {
            line++;
        }
        assert_int_equal(line->epoch, i / 4);
        assert_int_equal(line->batch, ends[i % 4]);
        assert_true(line->value == (double)(i % 4) + 1);
    }
    expect_at(f, "cadence/curvature", 39, 500, 500);
    expect_at(f, "cadence/noise", 25, 2 * 391, 2 * 391);
    expect_at(f, "cadence/slope", 44, 7 * 391, 391);
    assert_int_equal(hub_line(f, "cadence/noise", 24)->epoch, 49);
    assert_true(hub_line(f, "cadence/slope_final", 7)->value == 0);
    assert_int_equal(hub_line(f, "cadence/slope_final", 8)->epoch, 14);
    assert_true(hub_line(f, "cadence/slope_final", 8)->value == 1);
    assert_int_equal(hub_count(f, "test/loss_nats"), 1);
}

static void sixteen_epochs_of_32_batches(void **state)
{
    struct hub_fixture *f = *state;

    hub_callbacks(f, "cadence", "list", NULL);
    hub_options(f, "cadence.interval=100", NULL);
    run_whole(f, 32, 16);
    expect_at(f, "cadence/batch", 512, 1, 1);
    expect_at(f, "cadence/quarter", 64, 8, 8);
    expect_at(f, "cadence/curvature", 5, 100, 100);
    expect_at(f, "cadence/noise", 8, 64, 64);
}

static void three_batches_have_three_quarters(void **state)
{
    struct hub_fixture *f = *state;

    hub_callbacks(f, "cadence", "list", NULL);
    run_whole(f, 3, 1);
    expect_at(f, "cadence/quarter", 3, 1, 1);
}

/* Times differ; that they are there does not. */
static bool same(const struct hub_line *a, const struct hub_line *b)
{
    return a->step == b->step && a->epoch == b->epoch && a->batch == b->batch &&
           strcmp(a->name, b->name) == 0 &&
           (strncmp(a->name, "sys/", 4) == 0 || a->value == b->value);
}

/* Saves behind step `at`, runs on to `lost`, and goes on in another process from the state. */
static void interrupt(struct hub_fixture *f, uint64_t at, uint64_t lost)
{
    struct fw_blob blob = {.struct_size = sizeof blob};

    f->n_lines = 0;
    assert_int_equal(hub_open(f), FW_OK);
    assert_int_equal(hub_train(f, 0, at), FW_OK);
    assert_int_equal(fw_hub_save(f->hub, &blob), FW_OK);
    assert_int_equal(hub_train(f, at, lost), FW_OK);
    assert_int_equal(hub_open(f), FW_OK);
    assert_int_equal(fw_hub_restore(f->hub, &blob), FW_OK);
    blob.release(&blob);
    assert_int_equal(hub_train(f, at, hub_steps(f)), FW_OK);
}

static void a_resumed_run_records_what_the_uninterrupted_one_does(void **state)
{
    struct hub_fixture *f = *state;

    f->tick = 0.001;
    hub_callbacks(f, "cadence", "list", NULL);
    run_whole(f, 391, 50);
    struct hub_line *whole = f->lines;
    size_t n_whole = f->n_lines;
    f->lines = NULL;
    f->n_lines = f->lines_capacity = 0;
    interrupt(f, 777, 801);
    assert_int_equal(f->n_lines, n_whole);
    for (size_t i = 0; i < n_whole; i++) {
        assert_true(same(&whole[i], &f->lines[i]));
    }
    free(whole);
    assert_int_equal(hub_said(f, "warning"), 0);
}

static void instances_come_and_go_in_order(void **state)
{
    struct hub_fixture *f = *state;

    hub_callbacks(f, "a=test", "b=test", NULL);
    assert_int_equal(hub_open(f), FW_OK);
    assert_int_equal(hub_train(f, 0, hub_steps(f)), FW_OK);
    fw_hub_destroy(f->hub);
    f->hub = NULL;
    assert_string_equal(f->calls, "a.create a.setup b.create b.setup a.fit_start b.fit_start "
                                  "a.fit_end b.fit_end b.destroy a.destroy ");
}

static void what_is_new_begins_and_what_is_gone_is_said(void **state)
{
    struct hub_fixture *f = *state;
    struct fw_blob blob = {.struct_size = sizeof blob};

    hub_callbacks(f, "a=test", "cadence", NULL);
    assert_int_equal(hub_open(f), FW_OK);
    assert_int_equal(hub_train(f, 0, 3), FW_OK);
    assert_int_equal(fw_hub_save(f->hub, &blob), FW_OK);
    hub_callbacks(f, "cadence", "b=test", NULL);
    assert_int_equal(hub_open(f), FW_OK);
    f->calls[0] = '\0';
    assert_int_equal(fw_hub_restore(f->hub, &blob), FW_OK);
    blob.release(&blob);
    assert_int_equal(hub_said(f, "a callback \"a\" (test) that the list does not have any more"),
                     1);
    assert_int_equal(hub_said(f, "callback \"b\" is not in the state"), 1);
    assert_int_equal(hub_train(f, 3, 5), FW_OK);
    assert_string_equal(f->calls, "b.fit_start ");
}

static void states_of_other_versions_are_refused(void **state)
{
    struct hub_fixture *f = *state;
    struct fw_blob blob = {.struct_size = sizeof blob};

    hub_callbacks(f, "cadence", NULL);
    assert_int_equal(hub_open(f), FW_OK);
    assert_int_equal(hub_train(f, 0, 3), FW_OK);
    assert_int_equal(fw_hub_save(f->hub, &blob), FW_OK);

    struct fw_blob other = blob;
    other.version++;
    assert_int_equal(hub_open(f), FW_OK);
    assert_int_equal(fw_hub_restore(f->hub, &other), FW_E_STATE);

    /* The version of the instance's bytes stands in front of their size and them. */
    unsigned char *version = (unsigned char *)(uintptr_t)blob.bytes + blob.size - 3 * 8;
    assert_int_equal(*version, 3);
    *version = 4;
    assert_int_equal(hub_open(f), FW_OK);
    assert_int_equal(fw_hub_restore(f->hub, &blob), FW_E_STATE);
    assert_non_null(strstr(f->fault, "callback \"cadence\" (cadence), restore: another version"));
    *version = 3;

    for (uint64_t size = 0; size < blob.size; size++) {
        other = blob;
        other.size = size;
        assert_int_equal(hub_open(f), FW_OK);
        assert_int_equal(fw_hub_restore(f->hub, &other), FW_E_STATE);
    }
    blob.release(&blob);
}

/* A length that leads out of it, a name that does not end, a number of anything: never a crash. */
static void a_state_with_any_byte_turned_is_taken_or_refused(void **state)
{
    static const unsigned char turns[] = {0x01, 0x80, 0xff};
    struct hub_fixture *f = *state;
    struct fw_blob blob = {.struct_size = sizeof blob};

    hub_callbacks(f, "cadence", "list", NULL);
    assert_int_equal(hub_open(f), FW_OK);
    assert_int_equal(hub_train(f, 0, 3), FW_OK);
    assert_int_equal(fw_hub_save(f->hub, &blob), FW_OK);
    uint64_t n_refused = 0;
    for (uint64_t at = 0; at < blob.size * sizeof turns; at++) {
        struct fw_blob other = blob;
        unsigned char *bytes = malloc(blob.size);
        memcpy(bytes, blob.bytes, blob.size);
        bytes[at / sizeof turns] ^= turns[at % sizeof turns];
        other.bytes = bytes;
        assert_int_equal(hub_open(f), FW_OK);
        const fw_status status = fw_hub_restore(f->hub, &other);
        assert_true(status == FW_OK || status == FW_E_STATE);
        n_refused += status == FW_E_STATE;
        free(bytes);
    }
    assert_true(n_refused > 100);
    blob.release(&blob);
}

static void time_is_measured_on_the_clock_that_is_given(void **state)
{
    struct hub_fixture *f = *state;
    struct fw_hub_summary summary;

    hub_callbacks(f, "slow=test", "list", NULL);
    hub_options(f, "slow.how=slow", "slow.cost=0.25", NULL);
    f->values[2].real = 0; /* nobody is asked to do less */
    f->tick = 1.0 / 1024;
    assert_int_equal(hub_open(f), FW_OK);
    assert_int_equal(hub_train(f, 0, hub_steps(f)), FW_OK);
    fw_hub_summarise(f->hub, &summary);
    assert_int_equal(summary.n_instances, 2);
    assert_string_equal(summary.instances[0].name, "slow");
    assert_true(summary.instances[0].seconds > 16 * 0.25);
    assert_true(summary.instances[0].seconds < 16 * 0.25 + 1);
    assert_true(summary.callback_seconds > summary.instances[0].seconds);
    assert_true(summary.fit_seconds > summary.callback_seconds);
    assert_true(summary.instances[0].processor_seconds > 0);
    assert_true(summary.step_processor_seconds > 0);
    assert_true(hub_line(f, "sys/callback_ms", 1)->value > 250);
    assert_true(hub_line(f, "sys/callback_ms", 1)->value < 300);
    assert_true(hub_line(f, "sys/step_time_ms", 1)->value > 0);
    assert_true(hub_line(f, "sys/step_time_ms", 1)->value < 50);
    assert_true(hub_line(f, "sys/rss_mb", 1)->value == 100);
    assert_int_equal(hub_count(f, "sys/overhead_frac"), 8);
    assert_int_equal(hub_said(f, "overhead_backoff"), 0);
}

static void the_costliest_is_asked_to_do_less(void **state)
{
    struct hub_fixture *f = *state;
    struct fw_hub_summary summary;

    hub_size(f, 100, 10);
    hub_callbacks(f, "cheap=test", "slow=test", NULL);
    hub_options(f, "slow.how=slow", "slow.cost=1", NULL);
    f->values[3].integer = 100;
    f->tick = 1.0 / 1024;
    assert_int_equal(hub_open(f), FW_OK);
    assert_int_equal(hub_train(f, 0, 99), FW_OK);
    assert_null(strstr(f->calls, "relax"));
    assert_int_equal(hub_train(f, 99, 101), FW_OK);
    assert_non_null(strstr(f->calls, "slow.relax "));
    assert_int_equal(hub_train(f, 101, 199), FW_OK);
    fw_hub_summarise(f->hub, &summary);
    assert_int_equal(summary.n_events, 1);
    assert_string_equal(summary.events[0].name, "overhead_backoff");
    assert_int_equal(summary.events[0].global_step, 100);
    assert_non_null(strstr(summary.events[0].text, "\"slow\" does less: relaxed 1 times"));
    /* It is as cheap as it gets behind its second time; then it is the other one's turn. */
    assert_int_equal(hub_train(f, 199, hub_steps(f)), FW_OK);
    fw_hub_summarise(f->hub, &summary);
    assert_int_equal(summary.n_events, 4);
    assert_string_equal(summary.events[1].owner, "slow");
    assert_string_equal(summary.events[2].owner, "cheap");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quarters_end_where_the_rule_says),
#define CASE(name) cmocka_unit_test_setup_teardown(name, hub_fixture_setup, hub_fixture_teardown)
        CASE(fifty_epochs_of_391_batches),
        CASE(sixteen_epochs_of_32_batches),
        CASE(three_batches_have_three_quarters),
        CASE(a_resumed_run_records_what_the_uninterrupted_one_does),
        CASE(instances_come_and_go_in_order),
        CASE(what_is_new_begins_and_what_is_gone_is_said),
        CASE(states_of_other_versions_are_refused),
        CASE(a_state_with_any_byte_turned_is_taken_or_refused),
        CASE(time_is_measured_on_the_clock_that_is_given),
        CASE(the_costliest_is_asked_to_do_less),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

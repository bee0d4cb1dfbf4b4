/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "failing_alloc.h"
#include "hub_fixture.h"

/* What callbacks and pipelines do wrong: AT-14, as far as it needs no training. */

static void refused(struct hub_fixture *f, const char *text, const char *more)
{
    assert_int_equal(hub_open(f), FW_E_CONFIG);
    if (strstr(f->fault, text) == NULL || strstr(f->fault, more) == NULL) {
        fail_msg("expected \"%s\" and \"%s\" in: %s", text, more, f->fault);
    }
}

static void kinds_that_are_not_there_are_named_with_their_neighbours(void **state)
{
    struct hub_fixture *f = *state;

    hub_callbacks(f, "cadense", NULL);
    refused(f, "no plugin has a callback of this kind", "did you mean \"cadence\"?");
    assert_non_null(strstr(f->fault, "list, cadence, test, needs, hollow"));
    f->providers[0] = NULL;
    refused(f, "there is none", "--plugin-dir");
}

static void names_are_checked(void **state)
{
    struct hub_fixture *f = *state;

    hub_callbacks(f, "Big=test", NULL);
    refused(f, "cannot have this name", "Big=test");
    hub_callbacks(f, "=test", NULL);
    refused(f, "cannot have this name", "NAME=KIND");
    hub_callbacks(f, "undeclared=test", NULL);
    refused(f, "cannot have this name", "undeclared");
    hub_callbacks(f, "a=test", "a=list", NULL);
    refused(f, "two callbacks have this name", "a=list");
    hub_callbacks(f, "hollow", NULL);
    refused(f, "defective", "hollow");
}

static void the_first_of_two_providers_is_used_and_said(void **state)
{
    struct hub_fixture *f = *state;

    f->providers[1] = &hub_fixture_kinds;
    hub_callbacks(f, "test", NULL);
    assert_int_equal(hub_open(f), FW_OK);
    assert_int_equal(hub_said(f, "warning: 2 plugins have a callback of the kind \"test\""), 1);
}

static void option(struct hub_fixture *f, const char *entry, const char *text, const char *more)
{
    hub_options(f, entry, NULL);
    refused(f, text, more);
    assert_non_null(strstr(f->fault, entry));
}

static void options_are_checked_against_the_kind(void **state)
{
    struct hub_fixture *f = *state;

    hub_callbacks(f, "a=test", NULL);
    option(f, "a.costs=1", "have no option \"costs\"", "did you mean \"cost\"?");
    option(f, "b.cost=1", "no callback of the list has this name", "one of a");
    option(f, "cost=1", "this is no option", "NAME.option=value");
    option(f, "a.=1", "this is no option", "NAME.option=value");
    option(f, "a.cost=-1", "cannot be taken", "a number from 0 to 10 (s)");
    option(f, "a.cost=11", "cannot be taken", "a number from 0 to 10");
    option(f, "a.cost=nan", "cannot be taken", "a number");
    option(f, "a.cost=", "cannot be taken", "a number");
    option(f, "a.at=7.5", "cannot be taken", "an integer");
    option(f, "a.loud=yes", "cannot be taken", "true or false");
    option(f, "a.scope=most", "cannot be taken", "one of all, some");
    option(f, "a.room=2GB", "cannot be taken", "a size such as");
    option(f, "a.room=64K", "cannot be taken", "a size such as");
    option(f, "a.pause=30m1h", "cannot be taken", "a duration");
    option(f, "a.levels=1,-1", "cannot be taken", "numbers with commas");
    option(f, "a.levels=1,x", "cannot be taken", "numbers with commas");
    option(f, "a.file=/etc/passwd", "cannot be given to a callback", "cache key");
    hub_options(f, "a.cost=1", "a.cost=2", NULL);
    refused(f, "given twice", "a.cost=2");
    hub_callbacks(f, "needs", NULL);
    hub_options(f, NULL);
    refused(f, "needs the option needs.must: how many", "callback_options");
    hub_options(f, "needs.must=3", NULL);
    assert_int_equal(hub_open(f), FW_OK);
}

static void options_of_all_types_are_taken(void **state)
{
    struct hub_fixture *f = *state;

    hub_callbacks(f, "a=test", NULL);
    hub_options(f, "a.cost=2.5e-1", "a.loud=true", "a.scope=some", "a.room=1 MiB", "a.pause=2d5ms",
                "a.levels=1,2,3", "a.layers=stem,head", "a.metric=a=b", NULL);
    /* The last is a text with = in it, and no name of a metric. */
    refused(f, "a metric cannot have this name", "a/a=b");
}

static void a_callback_that_cannot_start_ends_the_run(void **state)
{
    struct hub_fixture *f = *state;

    hub_callbacks(f, "a=test", "b=test", NULL);
    hub_options(f, "b.how=create_fails", NULL);
    refused(f, "callback \"b\" (test), create: will not be made", "where here");
    fw_hub_destroy(f->hub);
    f->hub = NULL;
    assert_non_null(strstr(f->calls, "a.destroy "));
    assert_null(strstr(f->calls, "b.destroy "));
}

static void one_name_has_one_owner(void **state)
{
    struct hub_fixture *f = *state;

    hub_callbacks(f, "train=test", NULL);
    hub_options(f, "train.metric=loss_nats", NULL);
    refused(f, "the metric \"train/loss_nats\" of \"train\" is one of \"trainer\" already",
            "NAME=KIND");
    hub_callbacks(f, "sys=test", NULL);
    hub_options(f, "sys.metric=rss_mb", NULL);
    refused(f, "\"sys/rss_mb\" of \"sys\"", "\"trainer\"");
}

static void three_failures_end_a_callback_and_not_the_training(void **state)
{
    struct hub_fixture *f = *state;
    struct fw_hub_summary summary;

    hub_callbacks(f, "bad=test", "good=test", "list", NULL);
    hub_options(f, "bad.how=fail", NULL);
    assert_int_equal(hub_open(f), FW_OK);
    assert_int_equal(hub_train(f, 0, hub_steps(f)), FW_OK);
    assert_string_equal(f->fault, "");
    assert_int_equal(hub_count(f, "train/loss_nats"), 16);
    assert_int_equal(hub_count(f, "bad/x"), 3);
    for (size_t i = 0; i < 3; i++) {
        assert_true(isnan(hub_line(f, "bad/x", i)->value));
        assert_int_equal(hub_line(f, "bad/x", i)->step, i + 1);
    }
    assert_int_equal(hub_said(f, "callback \"bad\" failed in batch_end"), 3);
    assert_int_equal(hub_said(f, "cannot go on: value \"42\""), 4); /* and in the event */
    fw_hub_summarise(f->hub, &summary);
    assert_true(summary.instances[0].disabled);
    assert_false(summary.instances[1].disabled);
    assert_int_equal(summary.instances[0].failures, 3);
    assert_int_equal(summary.n_events, 1);
    assert_string_equal(summary.events[0].name, "callback_disabled");
    assert_int_equal(summary.events[0].global_step, 3);
    assert_non_null(strstr(f->calls, "good.bad ")); /* the others can see it */
}

static void what_happens_rarely_fails_in_a_row_too(void **state)
{
    struct hub_fixture *f = *state;
    struct fw_hub_summary summary;

    hub_callbacks(f, "rare=test", "list", NULL);
    hub_options(f, "rare.how=fail", "rare.every=4", "rare.at=6", NULL);
    assert_int_equal(hub_open(f), FW_OK);
    assert_int_equal(hub_train(f, 0, hub_steps(f)), FW_OK);
    fw_hub_summarise(f->hub, &summary);
    assert_true(summary.instances[0].disabled);
    assert_int_equal(hub_count(f, "rare/x"), 3);
    assert_int_equal(hub_line(f, "rare/x", 2)->step, 12);
}

static void a_success_between_them_counts(void **state)
{
    struct hub_fixture *f = *state;
    struct fw_hub_summary summary;

    hub_callbacks(f, "bad=test", "list", NULL);
    hub_options(f, "bad.how=fail", "bad.until=3", NULL);
    assert_int_equal(hub_open(f), FW_OK);
    assert_int_equal(hub_train(f, 0, hub_steps(f)), FW_OK);
    fw_hub_summarise(f->hub, &summary);
    assert_int_equal(summary.instances[0].failures, 2);
    assert_false(summary.instances[0].disabled);
    assert_int_equal(hub_count(f, "bad/x"), 16);
    assert_true(hub_line(f, "bad/x", 2)->value == 1);
}

static void disabled_it_stays_over_a_restore(void **state)
{
    struct hub_fixture *f = *state;
    struct fw_blob blob = {.struct_size = sizeof blob};
    struct fw_hub_summary summary;

    hub_callbacks(f, "bad=test", NULL);
    hub_options(f, "bad.how=fail", NULL);
    assert_int_equal(hub_open(f), FW_OK);
    assert_int_equal(hub_train(f, 0, 5), FW_OK);
    assert_int_equal(fw_hub_save(f->hub, &blob), FW_OK);
    assert_int_equal(hub_open(f), FW_OK);
    assert_int_equal(fw_hub_restore(f->hub, &blob), FW_OK);
    blob.release(&blob);
    assert_int_equal(hub_train(f, 5, hub_steps(f)), FW_OK);
    assert_int_equal(hub_said(f, "callback \"bad\" failed"), 3);
    assert_string_equal(fw_hub_now(f->hub)->disabled, "bad");
    fw_hub_summarise(f->hub, &summary);
    assert_int_equal(summary.n_events, 1);
}

static void faults_that_say_nothing_are_called_defects(void **state)
{
    struct hub_fixture *f = *state;

    hub_callbacks(f, "mute=test", "odd=test", NULL);
    hub_options(f, "mute.how=say_nothing", "odd.how=no_status", NULL);
    assert_int_equal(hub_open(f), FW_OK);
    assert_int_equal(hub_train(f, 0, 1), FW_OK);
    assert_int_equal(hub_said(f, "it failed without saying why, which is a defect"), 1);
    assert_int_equal(hub_said(f, "it returned 17, which is no status"), 1);
}

static void what_was_not_announced_is_kept_and_said_once(void **state)
{
    struct hub_fixture *f = *state;

    hub_callbacks(f, "a=test", "list", NULL);
    hub_options(f, "a.how=undeclared", NULL);
    assert_int_equal(hub_open(f), FW_OK);
    fw_hub_emit(f->hub, "train/other", 1);
    assert_int_equal(hub_train(f, 0, hub_steps(f)), FW_OK);
    assert_int_equal(hub_count(f, "undeclared/a/_ever_said"), 16);
    assert_true(hub_line(f, "undeclared/a/_ever_said", 0)->value == 5);
    assert_int_equal(hub_said(f, "has not announced it"), 2);
    assert_int_equal(hub_count(f, "undeclared/trainer/train/other"), 1);
}

static void names_without_end_are_dropped_and_said_once(void **state)
{
    struct hub_fixture *f = *state;

    hub_size(f, 300, 1);
    hub_callbacks(f, "a=test", "list", NULL);
    hub_options(f, "a.how=counts", NULL);
    assert_int_equal(hub_open(f), FW_OK);
    assert_int_equal(hub_train(f, 0, hub_steps(f)), FW_OK);
    assert_int_equal(hub_count(f, "undeclared/a/n255"), 1);
    assert_int_equal(hub_count(f, "undeclared/a/n256"), 0);
    assert_int_equal(hub_said(f, "further ones are dropped"), 1);
}

static void of_two_values_the_last_counts(void **state)
{
    struct hub_fixture *f = *state;
    struct fw_hub_summary summary;

    hub_callbacks(f, "a=test", "list", NULL);
    hub_options(f, "a.how=twice", NULL);
    assert_int_equal(hub_open(f), FW_OK);
    assert_int_equal(hub_train(f, 0, hub_steps(f)), FW_OK);
    assert_int_equal(hub_count(f, "a/x"), 16);
    assert_true(hub_line(f, "a/x", 3)->value == 2);
    fw_hub_summarise(f->hub, &summary);
    assert_int_equal(summary.duplicates, 16);
    assert_int_equal(hub_said(f, "has two values at step 1"), 1);
    assert_int_equal(hub_said(f, "has two values"), 1);
}

static void events_without_end_are_counted(void **state)
{
    struct hub_fixture *f = *state;
    struct fw_hub_summary summary;

    hub_size(f, 300, 1);
    hub_callbacks(f, "a=test", NULL);
    hub_options(f, "a.how=event", NULL);
    assert_int_equal(hub_open(f), FW_OK);
    assert_int_equal(hub_train(f, 0, hub_steps(f)), FW_OK);
    fw_hub_summarise(f->hub, &summary);
    assert_int_equal(summary.n_events, 256);
    assert_int_equal(summary.n_events_left_out, 44);
    assert_string_equal(summary.events[255].text, "and again");
    assert_int_equal(summary.events[255].global_step, 256);
    assert_int_equal(hub_said(f, "again: and again"), 256);
    assert_int_equal(hub_said(f, "further ones are only counted"), 1);
}

static void no_second_derivatives_is_one_warning(void **state)
{
    struct hub_fixture *f = *state;

    hub_callbacks(f, "a=test", "list", NULL);
    hub_options(f, "a.how=probe", NULL);
    assert_int_equal(hub_open(f), FW_OK);
    assert_int_equal(hub_train(f, 0, hub_steps(f)), FW_OK);
    assert_int_equal(hub_said(f, "warning"), 1);
    assert_int_equal(hub_said(f, "no second derivatives"), 1);
    assert_string_equal(f->fault, "");
    assert_int_equal(hub_count(f, "a/x"), 0);
}

static void questions_out_of_place_are_answered_with_a_fault(void **state)
{
    struct hub_fixture *f = *state;

    hub_callbacks(f, "late=test", "reach=test", "halves=test", NULL);
    hub_options(f, "late.how=late", "reach.how=reach", "halves.how=halves", NULL);
    assert_int_equal(hub_open(f), FW_OK);
    assert_int_equal(hub_train(f, 0, 1), FW_OK);
    assert_int_equal(hub_said(f, "metrics are announced in `setup`"), 1);
    assert_int_equal(hub_said(f, "elements 8 to 12 of array 0"), 1);
    assert_int_equal(hub_said(f, "two halves of 4 samples in batch_end"), 1);
    assert_string_equal(f->fault, "");
}

/* A trainer draws each sample once, and a batch is no larger than what there is to train with. */
static void halves_are_of_no_more_samples_than_there_are(void **state)
{
    struct hub_fixture *f = *state;

    hub_callbacks(f, "halves=test", NULL);
    hub_options(f, "halves.how=halves", "halves.at=10", NULL);
    f->info.n_train = 3;
    assert_int_equal(hub_open(f), FW_OK);
    assert_int_equal(hub_train(f, 0, hub_steps(f)), FW_OK);
    assert_true(hub_said(f, "up to a batch, 3, in epoch_end") > 0);
}

static void who_changes_the_training_is_named(void **state)
{
    struct hub_fixture *f = *state;

    hub_callbacks(f, "good=test", "bad=test", NULL);
    hub_options(f, "bad.how=write", "bad.at=4", "bad.from=3", NULL);
    assert_int_equal(hub_open(f), FW_OK);
    assert_int_equal(hub_train(f, 0, hub_steps(f)), FW_E_INTERNAL);
    assert_non_null(strstr(f->fault, "the callback \"bad\" (test) changed the training in its hook "
                                     "backward"));
    assert_non_null(strstr(f->fault, "where callback bad, hook backward, step 3"));
    hub_options(f, "bad.how=write_early", NULL);
    assert_int_equal(hub_open(f), FW_E_INTERNAL);
    assert_non_null(strstr(f->fault, "\"bad\" (test) changed the training in its hook setup"));
    hub_options(f, "bad.how=write", NULL);
    f->values[4].integer = 0;
    assert_int_equal(hub_open(f), FW_OK);
    assert_int_equal(hub_train(f, 0, hub_steps(f)), FW_OK);
}

static void giving_up_because_the_host_asked_is_no_failure(void **state)
{
    struct hub_fixture *f = *state;

    hub_callbacks(f, "a=test", NULL);
    hub_options(f, "a.how=give_up", "a.from=2", NULL);
    assert_int_equal(hub_open(f), FW_OK);
    f->cancelled = true;
    assert_int_equal(hub_train(f, 0, hub_steps(f)), FW_E_CANCELLED);
    assert_int_equal(hub_said(f, "failed"), 0);
    f->cancelled = false; /* without being asked it is one */
    assert_int_equal(hub_open(f), FW_OK);
    assert_int_equal(hub_train(f, 0, hub_steps(f)), FW_OK);
    assert_int_equal(hub_said(f, "callback \"a\" failed in batch_end"), 3);
}

static void what_ends_a_run_is_told_behind_the_last_record(void **state)
{
    struct hub_fixture *f = *state;

    hub_callbacks(f, "a=test", "list", NULL);
    assert_int_equal(hub_open(f), FW_OK);
    assert_int_equal(hub_train(f, 0, 2), FW_OK);
    fw_hub_emit(f->hub, "train/loss_nats", NAN);
    fw_hub_now(f->hub)->status = FW_E_DATA;
    assert_int_equal(fw_hub_call(f->hub, FW_TRAINING_EXCEPTION), FW_OK);
    assert_non_null(strstr(f->calls, "a.exception "));
    assert_int_equal(hub_count(f, "train/loss_nats"), 3);
    assert_int_equal(fw_hub_call(f->hub, FW_TRAINING_RECORD), FW_E_ARG);
}

/* A whole life, with the n-th allocation of the hub failing; true when none did. */
static bool lives_whole(struct hub_fixture *f, unsigned n)
{
    struct fw_blob blob = {.struct_size = sizeof blob};

    f->log_size = 0;
    f->calls[0] = '\0';
    failing_alloc_at(n);
    fw_status status = hub_open(f);
    if (status == FW_OK) {
        status = hub_train(f, 0, 4);
    }
    if (status == FW_OK) {
        status = fw_hub_save(f->hub, &blob);
    }
    if (status == FW_OK) {
        status = hub_open(f);
    }
    if (status == FW_OK) {
        status = fw_hub_restore(f->hub, &blob);
    }
    const bool struck = failing_alloc_struck();
    failing_alloc_at(0);
    if (blob.release != NULL) {
        blob.release(&blob);
    }
    /* Metrics and events may be lost, and are counted or said; the rest is a fault. */
    assert_true(status == FW_OK || (struck && status == FW_E_NOMEM));
    return !struck;
}

static void memory_that_runs_out_is_said(void **state)
{
    struct hub_fixture *f = *state;
    unsigned n = 0;

    hub_callbacks(f, "a=test", "cadence", "b=test", NULL);
    hub_options(f, "a.how=fail", "b.how=undeclared", "cadence.interval=2", NULL);
    while (!lives_whole(f, ++n)) {
        assert_true(n < 5000);
    }
    assert_true(n > 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, hub_fixture_setup, hub_fixture_teardown)
        CASE(kinds_that_are_not_there_are_named_with_their_neighbours),
        CASE(names_are_checked),
        CASE(the_first_of_two_providers_is_used_and_said),
        CASE(options_are_checked_against_the_kind),
        CASE(options_of_all_types_are_taken),
        CASE(a_callback_that_cannot_start_ends_the_run),
        CASE(one_name_has_one_owner),
        CASE(three_failures_end_a_callback_and_not_the_training),
        CASE(what_happens_rarely_fails_in_a_row_too),
        CASE(a_success_between_them_counts),
        CASE(disabled_it_stays_over_a_restore),
        CASE(faults_that_say_nothing_are_called_defects),
        CASE(what_was_not_announced_is_kept_and_said_once),
        CASE(names_without_end_are_dropped_and_said_once),
        CASE(of_two_values_the_last_counts),
        CASE(events_without_end_are_counted),
        CASE(no_second_derivatives_is_one_warning),
        CASE(questions_out_of_place_are_answered_with_a_fault),
        CASE(halves_are_of_no_more_samples_than_there_are),
        CASE(who_changes_the_training_is_named),
        CASE(giving_up_because_the_host_asked_is_no_failure),
        CASE(what_ends_a_run_is_told_behind_the_last_record),
        CASE(memory_that_runs_out_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

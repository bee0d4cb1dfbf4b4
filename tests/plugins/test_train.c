/* SPDX-License-Identifier: MIT */
/* A training: that it learns, that it is the same whatever happens to it, and what it refuses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "train_fixture.h"

/* --- what comes out --- */

static void learns_to_tell_gratings_apart(void **state)
{
    (void)state;
    struct fake_task *t = train_task();
    fake_task_param(t, "epochs", "6");
    const struct fake_result *r = train_run(t);
    cJSON *result = train_result(t);
    assert_int_equal(r->done, 48);
    assert_int_equal(r->items, 6 * 256);
    assert_true(train_number(result, "training.epochs.0.train_loss") > 0.8);
    assert_true(train_number(result, "training.epochs.5.train_loss") < 0.4);
    assert_true(train_number(result, "val_metrics.accuracy") > 0.8);
    assert_true(train_number(result, "val_metrics.f1") > 0.8);
    assert_int_equal(
        cJSON_GetArraySize(cJSON_GetObjectItem(
            cJSON_GetObjectItem(cJSON_GetObjectItem(result, "training"), "quarters"), "val_loss")),
        24);
    assert_string_equal(cJSON_GetObjectItem(result, "stop_reason")->valuestring, "epochs");
    assert_true(train_number(result, "splits.train.samples") == 256);
    cJSON_Delete(result);
    fake_task_destroy(t);
}

static void answers_with_the_best_weights_and_keeps_the_best_files(void **state)
{
    (void)state;
    struct fake_task *t = train_task();
    fake_task_param(t, "epochs", "5");
    train_run(t);
    cJSON *result = train_result(t);
    double best = INFINITY;
    for (int i = 0; i < 5; i++) {
        const cJSON *epoch = cJSON_GetArrayItem(
            cJSON_GetObjectItem(cJSON_GetObjectItem(result, "training"), "epochs"), i);
        best = fmin(best, train_number(epoch, "val_loss"));
    }
    assert_true(train_number(result, "val_at_best.value") == best);
    assert_true(train_number(result, "val_metrics.loss") == best);
    assert_true(train_number(result, "checkpoints.0.val_loss") <= best);
    assert_true(train_number(result, "checkpoints.0.val_loss") <=
                train_number(result, "checkpoints.1.val_loss"));
    assert_true(train_number(result, "checkpoints.1.val_loss") <=
                train_number(result, "checkpoints.2.val_loss"));
    assert_int_equal(access(fake_task_path(t, "run/best-3.ckpt"), F_OK), 0);
    assert_int_not_equal(access(fake_task_path(t, "run/best-4.ckpt"), F_OK), 0);
    cJSON_Delete(result);
    fake_task_destroy(t);
}

static void a_dry_run_makes_one_batch_of_each_kind(void **state)
{
    (void)state;
    struct fake_task *t = train_task();
    fake_task_int(t, "fast_dev_run", 1);
    fake_task_texts(t, "callbacks", "loss_slope", "noise", "curvature", "sink", NULL);
    const struct fake_result *r = train_run(t);
    cJSON *result = train_result(t);
    assert_int_equal(r->done, 1);
    assert_int_equal(r->items, 32);
    assert_true(train_number(result, "val_metrics.n_samples") == 32);
    assert_string_equal(cJSON_GetObjectItem(result, "stop_reason")->valuestring, "fast_dev_run");
    assert_int_not_equal(access(fake_task_path(t, "run/best-1.ckpt"), F_OK), 0);
    assert_int_not_equal(access(fake_task_path(t, "run/last.ckpt"), F_OK), 0);
    char *metrics = train_metrics(t, "sink");
    assert_non_null(strstr(metrics, "train/loss_nats"));
    assert_non_null(strstr(metrics, "val/loss_nats"));
    assert_non_null(strstr(metrics, "curvature/lambda_max"));
    assert_non_null(strstr(metrics, "noise/noise_scale"));
    free(metrics);
    cJSON_Delete(result);
    fake_task_destroy(t);
}

/* --- the same again --- */

static void same_seed_same_bytes_whatever_the_threads(void **state)
{
    (void)state;
    struct fake_task *a = train_task(), *b = train_task(), *c = train_task();
    fake_task_limits(a)->threads = 1;
    fake_task_limits(b)->threads = 2;
    fake_task_param(c, "seed", "1");
    train_run(a);
    train_run(b);
    train_run(c);
    train_same(a, b);
    assert_false(train_file_is_same(a, c, "result.json"));
    assert_false(train_file_is_same(a, c, "run/best-1.ckpt"));
    fake_task_destroy(a);
    fake_task_destroy(b);
    fake_task_destroy(c);
}

/* Each step in a process of its own, as far as the stage can tell. */
static void goes_on_from_a_saved_state_as_if_nothing_had_been(void **state)
{
    (void)state;
    static const char *const optimisers[] = {"sgd", "adamw"};
    for (size_t i = 0; i < FW_COUNT(optimisers); i++) {
        struct fake_task *tasks[2];
        char *metrics[2];
        for (int k = 0; k < 2; k++) {
            tasks[k] = train_task();
            fake_task_text(tasks[k], "optimiser", optimisers[i]);
            fake_task_param(tasks[k], "lr", i == 0 ? "0.1" : "0.01");
            fake_task_texts(tasks[k], "callbacks", "loss_slope", "asking", "sink", NULL);
            if (k == 1) {
                fake_task_restart_after(tasks[k], FAKE_EACH_STEP);
            }
            const struct fake_result *r = train_run(tasks[k]);
            assert_int_equal(r->restarts > 10, k);
            metrics[k] = train_metrics(tasks[k], "sink");
        }
        train_same(tasks[0], tasks[1]);
        assert_string_equal(metrics[0], metrics[1]);
        for (int k = 0; k < 2; k++) {
            free(metrics[k]);
            fake_task_destroy(tasks[k]);
        }
    }
}

/* A state that was made some steps ago instead of the newest one, once. */
struct states {
    uint64_t n, back_at, back_by; /* of restores, from 0 */
    struct {
        unsigned char *bytes;
        uint64_t size;
    } items[64];
    struct fake_task *task, *whole;
    bool has_ended; /* when it goes back, the folder is as at the end of the run */
};

/* The name of one of the last two, or none. */
static void give_rank(const struct states *states, const char *name)
{
    static const char *const ranks[] = {"run/best-1.ckpt", "run/best-2.ckpt"};
    char from[4096], to[4096];
    snprintf(from, sizeof from, "%s/%s", fake_task_path(states->task, "run"), name);
    for (size_t i = 0; i < FW_COUNT(ranks); i++) {
        snprintf(to, sizeof to, "%s", fake_task_path(states->task, ranks[i]));
        if (access(to, F_OK) == 0) {
            continue;
        }
        assert_int_equal(rename(from, to), 0);
        if (train_file_is_same(states->task, states->whole, ranks[i])) {
            return;
        }
        assert_int_equal(rename(to, from), 0);
    }
    assert_int_equal(unlink(from), 0);
}

static void end_folder(const struct states *states)
{
    DIR *dir = opendir(fake_task_path(states->task, "run"));
    assert_non_null(dir);
    for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        if (strncmp(entry->d_name, "step-", 5) == 0) {
            give_rank(states, entry->d_name);
        }
    }
    closedir(dir);
}

static void go_back(unsigned char *bytes, uint64_t *size, void *context)
{
    struct states *states = context;
    assert_true(states->n < FW_COUNT(states->items));
    states->items[states->n].bytes = malloc(*size);
    states->items[states->n].size = *size;
    memcpy(states->items[states->n].bytes, bytes, *size);
    if (states->n == states->back_at) {
        const uint64_t from = states->n - states->back_by;
        assert_true(states->items[from].size <= *size);
        *size = states->items[from].size;
        memcpy(bytes, states->items[from].bytes, *size);
    }
    if (states->n == states->back_at && states->has_ended) {
        end_folder(states);
    }
    states->n++;
}

/* How many states there were. */
static uint64_t check_going_back(struct fake_task *whole, const struct states *how)
{
    struct fake_task *t = train_task();
    struct states states = *how;
    states.task = t;
    states.whole = whole;
    fake_task_param(t, "save_top_k", "2");
    fake_task_restart_after(t, FAKE_EACH_STEP);
    fake_task_alter_state(t, go_back, &states);
    const struct fake_result *r = fake_task_run(t);
    if (r->status != FW_OK) {
        fail_msg("%u back at state %u: %s", (unsigned)how->back_by, (unsigned)how->back_at,
                 r->fault);
    }
    train_same(whole, t);
    fake_task_destroy(t);
    for (uint64_t i = 0; i < states.n; i++) {
        free(states.items[i].bytes);
    }
    return states.n;
}

/* A kill -9 before the engine has stored what the stage gave it, at every other state of a run; and
 * one behind the end, where the newest state that was stored is old. */
static void goes_back_over_states_that_were_never_stored(void **state)
{
    (void)state;
    struct fake_task *whole = train_task();
    fake_task_param(whole, "save_top_k", "2");
    train_run(whole);
    const uint64_t n = check_going_back(whole, &(const struct states){.back_at = UINT64_MAX});
    assert_true(n > 12);
    for (uint64_t at = 2; at < n; at += 2) {
        check_going_back(whole, &(const struct states){.back_at = at, .back_by = 2});
    }
    for (uint64_t by = 3; by < n; by += 4) {
        check_going_back(
            whole, &(const struct states){.back_at = n - 1, .back_by = by, .has_ended = true});
    }
    fake_task_destroy(whole);
}

/* --- states that are no states --- */

/* Of a net of 68 weights, after the second of eight quarters. */
static struct fake_task *small_task(void)
{
    static const char *const params[][2] = {
        {"size", "4"},   {"n_train", "32"},   {"n_val", "8"}, {"batch_size", "4"},
        {"epochs", "2"}, {"save_top_k", "2"}, {"turn", "0"},  {"nan_policy", "continue"},
        {"lr", "0.01"}};
    struct fake_task *t = train_task();
    for (size_t i = 0; i < FW_COUNT(params); i++) {
        fake_task_param(t, params[i][0], params[i][1]);
    }
    fake_task_text(t, "model", "logistic");
    fake_task_restart_after(t, 2);
    return t;
}

enum { HEAD_MOST = 1200 };

struct change {
    uint64_t at, value; /* of the word at that byte; `at` behind the end: none */
    uint64_t size;      /* is left */
    uint64_t was;       /* before */
};

static void change(unsigned char *bytes, uint64_t *size, void *context)
{
    struct change *change = context;
    change->was = *size;
    if (change->at + sizeof change->value <= *size) {
        uint64_t word;
        memcpy(&word, bytes + change->at, sizeof word);
        word = change->value == 1 ? word + 1 : change->value;
        memcpy(bytes + change->at, &word, sizeof word);
    }
    *size = change->size < *size ? change->size : *size;
}

/* What the stage makes of it; its end, if it goes on. */
static fw_status run_changed(struct change *change_)
{
    struct fake_task *t = small_task();
    fake_task_alter_state(t, change, change_);
    const struct fake_result *r = fake_task_run(t);
    if (r->defect != NULL || (r->status != FW_OK && r->status != FW_E_STATE)) {
        fail_msg("byte %llu as %llx, %llu bytes: status %d, %s %s", (unsigned long long)change_->at,
                 (unsigned long long)change_->value, (unsigned long long)change_->size, r->status,
                 r->fault, r->defect == NULL ? "" : r->defect);
    }
    const fw_status status = r->status;
    fake_task_destroy(t);
    return status;
}

static void refuses_a_state_that_is_cut_short_anywhere(void **state)
{
    (void)state;
    struct change cut = {.at = UINT32_MAX, .size = UINT64_MAX};
    assert_int_equal(run_changed(&cut), FW_OK);
    const uint64_t whole = cut.was;
    assert_true(whole > 1000);
    for (uint64_t size = 0; size < whole; size += size + 101 < whole ? 101 : 1) {
        cut.size = size;
        assert_int_equal(run_changed(&cut), FW_E_STATE);
    }
}

/* Places, sizes and counts that no run has are refused; other numbers and weights go on. */
static void survives_any_number_of_a_state_that_is_another(void **state)
{
    (void)state;
    static const uint64_t values[] = {1, UINT64_MAX, UINT64_C(1) << 60};
    struct change other = {.size = UINT64_MAX, .was = UINT64_MAX};
    uint64_t n_refused = 0;
    for (other.at = 0; other.at + sizeof other.value <= other.was; other.at += 8) {
        /* Behind the head come weights, of which one value is as good as another. */
        const size_t n_values = other.at < HEAD_MOST ? FW_COUNT(values) : 1;
        for (size_t i = 0; i < n_values; i++) {
            other.value = values[i];
            n_refused += run_changed(&other) == FW_E_STATE;
        }
    }
    assert_true(n_refused > 60);
}

enum { KEPT_MOST = 16 }; /* save_top_k at most: a state names twice as many that were dropped */

/* Of the state's words those between its step and its seconds: none was dropped. */
static void drop_too_many(unsigned char *bytes, uint64_t *size, void *context)
{
    enum { ROOM = 2 * KEPT_MOST, ZEROS = ROOM + 3 };
    const uint64_t too_many = ROOM;
    uint64_t *n_found = context, n_zeros = 0, word;
    for (uint64_t at = 0; at + sizeof word <= *size; at += sizeof word) {
        memcpy(&word, bytes + at, sizeof word);
        if (word != 0 && n_zeros == ZEROS) {
            memcpy(bytes + at - 3 * sizeof word, &too_many, sizeof word);
            ++*n_found;
        }
        n_zeros = word == 0 ? n_zeros + 1 : 0;
    }
}

static void refuses_a_state_without_room_for_what_it_drops(void **state)
{
    (void)state;
    struct fake_task *t = small_task();
    uint64_t n_found = 0;
    fake_task_alter_state(t, drop_too_many, &n_found);
    assert_int_equal(fake_task_run(t)->status, FW_E_STATE);
    assert_int_equal(n_found, 1);
    fake_task_destroy(t);
}

/* --- early stopping --- */

static void stops_when_validation_gets_no_better(void **state)
{
    (void)state;
    struct fake_task *t = train_task();
    fake_task_param(t, "epochs", "20");
    fake_task_param(t, "patience", "2");
    fake_task_param(t, "min_delta", "1000"); /* nothing is so much better */
    const struct fake_result *r = train_run(t);
    cJSON *result = train_result(t);
    assert_int_equal(r->done, 3 * 8);
    assert_true(train_number(result, "best_epoch") == 0);
    assert_true(train_number(result, "training.stopped_early") == 1);
    assert_string_equal(cJSON_GetObjectItem(result, "stop_reason")->valuestring, "patience");
    assert_true(train_number(result, "val_metrics.loss") ==
                train_number(result, "training.epochs.0.val_loss"));
    cJSON_Delete(result);
    fake_task_destroy(t);
}

static void three_losses_that_are_no_numbers_end_it(void **state)
{
    (void)state;
    struct fake_task *t = train_task();
    fake_task_param(t, "lr", "1e30");
    fake_task_param(t, "warmup_epochs", "0");
    fake_task_texts(t, "callbacks", "hearing", NULL);
    train_must_fail(t, FW_E_DATA, "nan loss in three steps in a row");

    t = train_task();
    fake_task_param(t, "lr", "1e30");
    fake_task_param(t, "warmup_epochs", "0");
    fake_task_text(t, "nan_policy", "continue");
    train_run(t);
    cJSON *result = train_result(t);
    assert_true(train_number(result, "training.nonfinite_losses") > 10);
    assert_true(train_number(result, "training.steps") == 24);
    cJSON_Delete(result);
    fake_task_destroy(t);
}

/* --- what it refuses --- */

static struct fake_task *task_with(const char *param, const char *value)
{
    struct fake_task *t = train_task();
    fake_task_param(t, param, value);
    return t;
}

static void refuses_what_cannot_work(void **state)
{
    (void)state;
    train_must_fail(task_with("warmup_epochs", "3"), FW_E_CONFIG, "leaves nothing of 3");
    train_must_fail(task_with("monitor", "val_auc"), FW_E_CONFIG, "an AUC is one of two classes");
    train_must_fail(task_with("source", "npz"), FW_E_MISSING, "the input `train`");
    train_must_fail(task_with("callbacks", "nobody"), FW_E_CONFIG, "nobody");
    struct fake_task *t = train_task();
    fake_task_input(t, "test", fake_task_write(t, "x.npz", "x"), NULL);
    train_must_fail(t, FW_E_CONFIG, "does not read the input `test`");
}

static void says_that_memory_does_not_suffice(void **state)
{
    (void)state;
    struct fake_task *t = task_with("base_width", "512");
    fake_task_limits(t)->memory_bytes = 1 << 20;
    train_must_fail(t, FW_E_NOMEM, "memory");
}

/* --- weights to begin with --- */

static void begins_with_the_weights_of_a_checkpoint(void **state)
{
    (void)state;
    struct fake_task *first = train_task(), *second = task_with("lr", "0");
    train_run(first);
    fake_task_input(second, "weights", fake_task_path(first, "run/best-1.ckpt"), NULL);
    train_run(second);
    cJSON *before = train_result(first), *after = train_result(second);
    /* Running statistics move on; the weights do not. */
    assert_true(fabs(train_number(after, "training.epochs.0.train_loss") -
                     train_number(before, "training.epochs.2.train_loss")) < 0.3);
    cJSON_Delete(before);
    cJSON_Delete(after);
    fake_task_destroy(first);
    fake_task_destroy(second);
}

static void refuses_weights_of_another_model_or_data(void **state)
{
    (void)state;
    struct fake_task *first = train_task(), *t = task_with("base_width", "8");
    train_run(first);
    const char *path = fake_task_path(first, "run/best-1.ckpt");
    fake_task_input(t, "weights", path, NULL);
    train_must_fail(t, FW_E_DATA, "model.parameters is");
    t = task_with("size", "12");
    fake_task_input(t, "weights", path, NULL);
    train_must_fail(t, FW_E_DATA, "data.cols is 8 in the checkpoint, and 12 here");
    t = train_task();
    fake_task_input(t, "weights", fake_task_write(t, "x.ckpt", "FWCK"), NULL);
    train_must_fail(t, FW_E_DATA, "this is no checkpoint");
    fake_task_destroy(first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(learns_to_tell_gratings_apart),
        cmocka_unit_test(answers_with_the_best_weights_and_keeps_the_best_files),
        cmocka_unit_test(a_dry_run_makes_one_batch_of_each_kind),
        cmocka_unit_test(same_seed_same_bytes_whatever_the_threads),
        cmocka_unit_test(goes_on_from_a_saved_state_as_if_nothing_had_been),
        cmocka_unit_test(goes_back_over_states_that_were_never_stored),
        cmocka_unit_test(refuses_a_state_that_is_cut_short_anywhere),
        cmocka_unit_test(survives_any_number_of_a_state_that_is_another),
        cmocka_unit_test(refuses_a_state_without_room_for_what_it_drops),
        cmocka_unit_test(stops_when_validation_gets_no_better),
        cmocka_unit_test(three_losses_that_are_no_numbers_end_it),
        cmocka_unit_test(refuses_what_cannot_work),
        cmocka_unit_test(says_that_memory_does_not_suffice),
        cmocka_unit_test(begins_with_the_weights_of_a_checkpoint),
        cmocka_unit_test(refuses_weights_of_another_model_or_data),
    };
    return cmocka_run_group_tests(tests, train_load, train_unload);
}

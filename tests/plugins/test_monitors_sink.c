/* SPDX-License-Identifier: MIT */
/* sink: training.md 2.7. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <cjson/cJSON.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "test_files.h"
#include "training_fixture.h"

static const struct training_instance watchers[] = {
    {.kind = "loss_slope",
     .name = "loss_slope",
     .options = {"slope_window_start=1", "slope_window_end=3", NULL}},
    {.kind = "sink", .name = "sink", .options = {"buffer_seconds=1000000", NULL}},
};

static double falling(uint64_t step)
{
    return step == 6 ? NAN : step == 7 ? INFINITY : 2 / sqrt((double)step + 1);
}

/* Four epochs of eight steps. */
static struct training make_training(void)
{
    return (struct training){.epochs = 4,
                             .batches = 8,
                             .n = 4,
                             .loss = falling,
                             .callbacks = watchers,
                             .n_callbacks = 2};
}

static int make_folder(void **state)
{
    *state = test_folder_create();
    return 0;
}

static int remove_folder(void **state)
{
    test_folder_remove(*state);
    return 0;
}

/* A file of the sink's. The caller frees. */
static char *content(const struct training *t, const char *name, size_t *ret_size)
{
    char *path = test_path(t->folders[t->n_callbacks - 1], "%s", name);
    char *text = test_file_read(path, ret_size);

    free(path);
    return text;
}

static cJSON *status_of(const struct training *t)
{
    char *text = content(t, "status.json", NULL);
    cJSON *status = cJSON_Parse(text);

    free(text);
    assert_non_null(status);
    return status;
}

static double number(const cJSON *object, const char *name)
{
    const cJSON *member = cJSON_GetObjectItemCaseSensitive(object, name);

    assert_true(cJSON_IsNumber(member));
    return member->valuedouble;
}

static const char *text_of(const cJSON *object, const char *name)
{
    const cJSON *member = cJSON_GetObjectItemCaseSensitive(object, name);

    assert_true(cJSON_IsString(member));
    return member->valuestring;
}

/* A reader of metrics.bin as README.md describes it: checks it against what was said. */

static uint64_t little(const unsigned char *at, size_t size)
{
    uint64_t value = 0;

    for (size_t i = size; i-- > 0;) {
        value = value << 8 | at[i];
    }
    return value;
}

struct binary {
    const unsigned char *at, *end;
    char names[256][128];
    uint64_t n_names;
};

static bool next_piece(struct binary *b, struct training_said *ret)
{
    while (b->at < b->end) {
        uint32_t name = (uint32_t)little(b->at, 4), second = (uint32_t)little(b->at + 4, 4);
        uint64_t third = little(b->at + 8, 8);
        b->at += 16;
        if (name != UINT32_MAX) {
            assert_true(name < b->n_names);
            memcpy(ret->name, b->names[name], sizeof ret->name);
            memcpy(&ret->value, &third, sizeof third);
            ret->step = second;
            return true;
        }
        assert_int_equal(second, b->n_names);
        memcpy(b->names[b->n_names], b->at, third);
        b->names[b->n_names++][third] = '\0';
        b->at += (third + 15) / 16 * 16;
        assert_true(b->at <= b->end);
    }
    return false;
}

/* Whether the file holds what was said at these steps, and nothing else. */
static void assert_binary_is(const struct training *t, uint64_t from, uint64_t to)
{
    static struct binary b;
    struct training_said said;
    size_t size;
    char *bytes = content(t, "metrics.bin", &size);

    assert_true(size >= 16 && size % 16 == 0);
    assert_memory_equal(bytes, "FWM1\1\0\0\0\0\0\0\0\0\0\0\0", 16);
    b = (struct binary){.at = (unsigned char *)bytes + 16, .end = (unsigned char *)bytes + size};
    for (uint64_t i = 0; i < t->n_said; i++) {
        if (t->said[i].step > from && t->said[i].step <= to) {
            assert_true(next_piece(&b, &said));
            assert_string_equal(said.name, t->said[i].name);
            assert_int_equal(said.step, t->said[i].step);
            assert_memory_equal(&said.value, &t->said[i].value, sizeof said.value);
        }
    }
    assert_false(next_piece(&b, &said));
    free(bytes);
}

static void assert_lines_are(const struct training *t, const char *lines)
{
    uint64_t i = 0;

    for (const char *at = lines; *at != '\0'; at = strchr(at, '\n') + 1) {
        cJSON *line = cJSON_ParseWithLengthOpts(at, strcspn(at, "\n") + 1, NULL, false), *metric;
        int n_nonfinite = 0;
        assert_non_null(line);
        cJSON_ArrayForEach(metric, cJSON_GetObjectItem(line, "metrics"))
        {
            const struct training_said *said = &t->said[i++];
            assert_string_equal(metric->string, said->name);
            assert_int_equal(number(line, "step"), said->step);
            n_nonfinite += cJSON_IsNull(metric);
            assert_true(isfinite(said->value) ? metric->valuedouble == said->value
                                              : cJSON_IsNull(metric));
        }
        assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(line, "nonfinite")), n_nonfinite);
        cJSON_Delete(line);
    }
    assert_int_equal(i, t->n_said);
}

static void writes_what_was_said_in_both_forms(void **state)
{
    struct training t = make_training();

    training_open(&t, MONITORS_SO, *state);
    training_run(&t, 0, 32);
    char *lines = content(&t, "metrics.jsonl", NULL);
    assert_lines_are(&t, lines);
    assert_binary_is(&t, 0, 32);
    assert_int_equal(t.failed, FW_OK);
    free(lines);
    training_close(&t);
}

static void numbers_have_seventeen_digits_and_what_is_not_finite_is_named(void **state)
{
    struct training t = make_training();

    training_open(&t, MONITORS_SO, *state);
    training_run(&t, 0, 7);
    training_call(&t, FW_TRAINING_EXCEPTION);
    char *lines = content(&t, "metrics.jsonl", NULL);
    assert_non_null(strstr(lines, "{\"step\":3,\"epoch\":0,\"batch\":2,\"t\":0.30000000000000004,"
                                  "\"metrics\":{\"train/loss_nats\":1.1547005383792517,"));
    assert_non_null(strstr(lines, "{\"step\":7,\"epoch\":0,\"batch\":6,\"t\":0.70000000000000007,"
                                  "\"metrics\":{\"train/loss_nats\":null,"));
    assert_non_null(strstr(lines, "},\"nonfinite\":[\"train/loss_nats\"]}\n"));
    free(lines);
    training_close(&t);
}

/* Steps 1 to 3 of a quarter of eight wait; the fourth is its end. */
static void records_wait_for_the_end_of_a_quarter(void **state)
{
    struct training t = make_training();
    size_t before, after;

    t.batches = 16;
    training_open(&t, MONITORS_SO, *state);
    training_run(&t, 0, 3);
    free(content(&t, "metrics.jsonl", &before));
    assert_int_equal(before, 0);
    training_run(&t, 3, 4);
    free(content(&t, "metrics.jsonl", &after));
    assert_true(after > 0);
    training_run(&t, 4, 6);
    free(content(&t, "metrics.jsonl", &before));
    assert_int_equal(before, after);
    training_call(&t, FW_TRAINING_EXCEPTION);
    free(content(&t, "metrics.jsonl", &after));
    assert_true(after > before);
    training_close(&t);
}

static void records_wait_for_others_or_for_seconds(void **state)
{
    const struct training_instance few = {
        .kind = "sink",
        .name = "sink",
        .options = {"buffer_records=2", "buffer_seconds=1000000", "binary=false", NULL}};
    const struct training_instance at_once = {
        .kind = "sink", .name = "sink", .options = {"buffer_seconds=0", NULL}};
    struct training t = make_training();
    size_t one, two;

    t.batches = 16;
    t.callbacks = &few;
    t.n_callbacks = 1;
    training_open(&t, MONITORS_SO, *state);
    training_run(&t, 0, 1);
    free(content(&t, "metrics.jsonl", &one));
    training_run(&t, 1, 2);
    free(content(&t, "metrics.jsonl", &two));
    assert_true(one == 0 && two > 0);
    char *binary = test_path(t.folders[0], "metrics.bin");
    assert_int_equal(access(binary, F_OK), -1);
    free(binary);
    training_close(&t);

    t = make_training();
    t.batches = 16;
    t.callbacks = &at_once;
    t.n_callbacks = 1;
    training_open(&t, MONITORS_SO, *state);
    training_run(&t, 0, 1);
    free(content(&t, "metrics.jsonl", &one));
    assert_true(one > 0);
    training_close(&t);
}

static void the_status_says_where_the_run_is(void **state)
{
    struct training t = make_training();

    training_open(&t, MONITORS_SO, *state);
    training_run(&t, 0, 9); /* a quarter ends with step 8; 9 does not count yet */
    cJSON *status = status_of(&t);
    assert_string_equal(text_of(status, "run_id"), "fake");
    assert_string_equal(text_of(status, "state"), "running");
    assert_string_equal(text_of(status, "model"), "a \"quadratic\"");
    assert_int_equal(number(status, "pid"), getpid());
    assert_int_equal(number(status, "epoch"), 0);
    assert_int_equal(number(status, "global_step"), 8);
    assert_int_equal(number(status, "steps"), 32);
    assert_int_equal(number(status, "nonfinite_losses"), 2);
    assert_true(cJSON_IsNull(cJSON_GetObjectItem(status, "train_loss")));
    assert_int_equal(strlen(text_of(status, "updated_at")), strlen("2026-01-02T03:04:05Z"));
    const cJSON *disabled = cJSON_GetObjectItem(status, "disabled_callbacks");
    assert_int_equal(cJSON_GetArraySize(disabled), 2);
    assert_string_equal(cJSON_GetArrayItem(disabled, 1)->valuestring, "broken");
    cJSON_Delete(status);

    training_run(&t, 9, 32);
    status = status_of(&t);
    assert_string_equal(text_of(status, "state"), "done");
    assert_true(number(status, "val_loss") == 1.5 * falling(31));
    cJSON_Delete(status);
    training_close(&t);
}

static void the_status_tells_a_stop_from_a_failure(void **state)
{
    struct training t = make_training();

    training_open(&t, MONITORS_SO, *state);
    training_run(&t, 0, 5);
    t.view.status = FW_E_CANCELLED;
    training_call(&t, FW_TRAINING_EXCEPTION);
    cJSON *status = status_of(&t);
    assert_string_equal(text_of(status, "state"), "interrupted");
    assert_int_equal(number(status, "global_step"), 5);
    cJSON_Delete(status);
    t.view.status = FW_E_DATA;
    training_call(&t, FW_TRAINING_EXCEPTION);
    status = status_of(&t);
    assert_string_equal(text_of(status, "state"), "failed");
    assert_int_equal(number(status, "status"), FW_E_DATA);
    cJSON_Delete(status);
    training_close(&t);
}

/* Files of both runs, byte for byte. */
static void assert_same_files(const struct training *a, const struct training *b)
{
    static const char *const names[] = {"metrics.jsonl", "metrics.bin"};

    for (int i = 0; i < 2; i++) {
        size_t size, other_size;
        char *bytes = content(a, names[i], &size), *other = content(b, names[i], &other_size);
        assert_int_equal(size, other_size);
        assert_memory_equal(bytes, other, size);
        free(bytes);
        free(other);
    }
}

static void restored_anywhere_it_writes_the_same_bytes(void **state)
{
    struct training whole = make_training(), cut = make_training();
    char *first = test_path(*state, "whole"), *second = test_path(*state, "cut");

    mkdir(first, 0777);
    mkdir(second, 0777);
    cut.restarts = true;
    training_open(&whole, MONITORS_SO, first);
    training_open(&cut, MONITORS_SO, second);
    training_run(&whole, 0, 32);
    training_run(&cut, 0, 32);
    assert_true(training_same(&whole, &cut));
    assert_same_files(&whole, &cut);
    cJSON *status = status_of(&cut);
    assert_int_equal(number(status, "retries"), 32);
    cJSON_Delete(status);
    training_close(&whole);
    training_close(&cut);
    free(first);
    free(second);
}

/* Seven steps behind the checkpoint were written, and half a line, when it was killed. */
static void a_kill_leaves_no_step_twice(void **state)
{
    struct training whole = make_training(), killed = make_training();
    char *first = test_path(*state, "whole"), *second = test_path(*state, "killed");
    double parameters[TRAINING_MOST];
    struct fw_blob blobs[8];

    mkdir(first, 0777);
    mkdir(second, 0777);
    training_open(&whole, MONITORS_SO, first);
    training_open(&killed, MONITORS_SO, second);
    training_run(&whole, 0, 32);
    training_run(&killed, 0, 13);
    training_save(&killed, blobs);
    memcpy(parameters, killed.parameters, sizeof parameters);
    training_run(&killed, 13, 20);
    memcpy(killed.parameters, parameters, sizeof parameters);
    training_forget(&killed);
    for (int i = 0; i < 2; i++) {
        char *path = test_path(killed.folders[1], i == 0 ? "metrics.jsonl" : "metrics.bin");
        FILE *file = fopen(path, "a");
        assert_true(fputs("{\"step\":21,\"ep", file) >= 0 && fclose(file) == 0);
        free(path);
    }
    assert_int_equal(training_restore(&killed, blobs), FW_OK);
    training_release(blobs);
    training_run(&killed, 13, 32);
    assert_same_files(&whole, &killed);
    training_close(&whole);
    training_close(&killed);
    free(first);
    free(second);
}

static void a_run_that_begins_anew_empties_the_files(void **state)
{
    struct training t = make_training();

    training_open(&t, MONITORS_SO, *state);
    training_run(&t, 0, 32);
    t.n_said = 0;
    training_forget(&t);
    training_run(&t, 0, 32);
    char *lines = content(&t, "metrics.jsonl", NULL);
    assert_lines_are(&t, lines);
    free(lines);
    training_close(&t);
}

static void files_that_lost_bytes_cannot_go_on(void **state)
{
    struct training t = make_training();
    struct fw_blob blobs[8];

    training_open(&t, MONITORS_SO, *state);
    training_run(&t, 0, 16);
    training_save(&t, blobs);
    training_forget(&t);
    char *path = test_path(t.folders[1], "metrics.jsonl");
    assert_int_equal(truncate(path, 100), 0);
    assert_int_equal(training_restore(&t, blobs), FW_E_STATE);
    assert_non_null(strstr(fake_task_take_fault(t.host), "cut back to what the checkpoint knows"));
    free(path);
    for (blobs[1].size -= 1; blobs[1].size > 16; blobs[1].size -= 16) {
        training_forget(&t);
        assert_int_equal(training_restore(&t, blobs), FW_E_STATE);
    }
    training_release(blobs);
    training_close(&t);
}

static unsigned count_of(const char *text, const char *part)
{
    unsigned n = 0;

    for (; (text = strstr(text, part)) != NULL; text++) {
        n++;
    }
    return n;
}

/* No file may be longer than 3000 bytes for a while: a write that comes to that ends half-way. */
static void a_full_disk_costs_records_and_nothing_else(void **state)
{
    struct training t = make_training();
    struct rlimit before, small;

    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before);
    small = before;
    small.rlim_cur = 3000;
    training_open(&t, MONITORS_SO, *state);
    setrlimit(RLIMIT_FSIZE, &small);
    training_run(&t, 0, 24);
    char *full = content(&t, "metrics.jsonl", NULL);
    assert_true(strlen(full) > 0 && full[strlen(full) - 1] == '\n');
    free(full);
    setrlimit(RLIMIT_FSIZE, &before);
    const uint64_t n_before = t.n_said;
    training_run(&t, 24, 32);
    assert_int_equal(t.failed, FW_OK);
    assert_int_equal(count_of(fake_task_log(t.host), "warning"), 1);
    assert_non_null(strstr(fake_task_log(t.host), "cannot be written: File too large"));

    double dropped = training_value(&t, "sink/dropped", 24);
    assert_true(dropped > 8 && dropped < 40);
    cJSON *status = status_of(&t);
    assert_true(number(status, "dropped_records") >= dropped);
    assert_string_equal(text_of(status, "state"), "done");
    cJSON_Delete(status);

    /* Whole lines, the first ones and those since there is room again. */
    char *lines = content(&t, "metrics.jsonl", NULL);
    uint64_t n = 0;
    for (char *at = lines; *at != '\0'; at = strchr(at, '\n') + 1) {
        cJSON *line = cJSON_ParseWithLengthOpts(at, strcspn(at, "\n") + 1, NULL, false);
        assert_non_null(line);
        n = (uint64_t)number(line, "step");
        cJSON_Delete(line);
    }
    assert_int_equal(n, 32);
    assert_non_null(strstr(lines, "{\"step\":25,"));
    assert_null(strstr(lines, "{\"step\":23,"));
    free(lines);
    assert_true(t.n_said > n_before);
    training_close(&t);
}

/* From the first byte on: names are defined again in the file that has room at last. */
static void a_binary_that_begins_late_is_whole(void **state)
{
    struct training t = make_training();
    struct rlimit before, none;

    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before);
    none = before;
    none.rlim_cur = 10;
    training_open(&t, MONITORS_SO, *state);
    setrlimit(RLIMIT_FSIZE, &none);
    training_run(&t, 0, 16);
    setrlimit(RLIMIT_FSIZE, &before);
    assert_int_equal(t.failed, FW_OK);
    training_run(&t, 16, 32);
    assert_binary_is(&t, 16, 32);
    training_close(&t);
}

static void a_real_full_disk_does_not_stop_the_training(void **state)
{
    struct training t = make_training();
    char *disk = test_path(*state, "disk");

    mkdir(disk, 0777);
    if (mount("tmpfs", disk, "tmpfs", 0, "size=16k") < 0) {
        print_message("# skipped: mounting a tmpfs is refused here\n");
        free(disk);
        skip();
    }
    training_open(&t, MONITORS_SO, disk);
    training_run(&t, 0, 32);
    char *lines = content(&t, "metrics.jsonl", NULL);
    bool is_whole = lines[strlen(lines) - 1] == '\n';
    double dropped = training_value(&t, "sink/dropped", 32);
    const char *said = strstr(fake_task_log(t.host), "No space left on device");
    training_close(&t);
    umount(disk);
    free(lines);
    free(disk);
    assert_true(is_whole);
    assert_non_null(said);
    assert_true(dropped > 0);
    assert_int_equal(t.failed, FW_OK);
}

static void a_folder_that_is_not_there_fails_before_the_first_step(void **state)
{
    struct training t = make_training();

    training_open(&t, MONITORS_SO, *state);
    const struct fw_callbacks *table = fake_kit_service(t.kit, FW_CALLBACK_ID);
    const struct fw_callback *sink = table->kinds[table->n_kinds - 1];
    struct fw_callback_task task = t.tasks[1];
    void *self;
    task.folder = "/nonexistent/folder";
    assert_string_equal(sink->kind, "sink");
    assert_int_equal(sink->create(fake_task_host(t.host), &task, &self), FW_OK);
    t.owner = 1;
    assert_int_equal(sink->setup(self, &t.view), FW_E_IO);
    assert_non_null(strstr(fake_task_take_fault(t.host), "/nonexistent/folder/metrics.jsonl"));
    sink->destroy(self);
    training_close(&t);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(writes_what_was_said_in_both_forms),
        TEST(numbers_have_seventeen_digits_and_what_is_not_finite_is_named),
        TEST(records_wait_for_the_end_of_a_quarter),
        TEST(records_wait_for_others_or_for_seconds),
        TEST(the_status_says_where_the_run_is),
        TEST(the_status_tells_a_stop_from_a_failure),
        TEST(restored_anywhere_it_writes_the_same_bytes),
        TEST(a_kill_leaves_no_step_twice),
        TEST(a_run_that_begins_anew_empties_the_files),
        TEST(files_that_lost_bytes_cannot_go_on),
        TEST(a_full_disk_costs_records_and_nothing_else),
        TEST(a_binary_that_begins_late_is_whole),
        TEST(a_real_full_disk_does_not_stop_the_training),
        TEST(a_folder_that_is_not_there_fails_before_the_first_step),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

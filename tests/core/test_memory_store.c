/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "alloc_sweep.h"
#include "base/json.h"
#include "base/path.h"
#include "run/channel.h"
#include "run/checkpoint.h"
#include "store/digest.h"
#include "store/manifest.h"
#include "store/rundir.h"
#include "test_files.h"

/* Allocations that fail one after the other, in the rooms that read and write what a run keeps. */
static int enter(void **state)
{
    char *folder = test_folder_create();
    test_file_write(folder, "stages/s/out/a", "hello");
    test_file_write(folder, "stages/s/out/b", "world");
    *state = folder;
    return 0;
}

static int leave(void **state)
{
    test_folder_remove(*state);
    return 0;
}

static int add_output(const char *folder, cJSON *outputs, struct fw_error *err)
{
    char path[200];
    fw_auto(json) cJSON *output = NULL;
    snprintf(path, sizeof path, "%s/stages/s/out", folder);
    FW_TRY(fw_manifest_describe(path, &output, err));
    if (!cJSON_AddStringToObject(output, "port", "out") ||
        !cJSON_AddStringToObject(output, "path", "out") || !cJSON_AddItemToArray(outputs, output)) {
        return fw_error_oom(err);
    }
    output = NULL;
    return 0;
}

static int write_manifest(const char *folder, struct fw_error *err)
{
    fw_auto(json) cJSON *manifest = cJSON_CreateObject();
    cJSON *outputs = cJSON_AddArrayToObject(manifest, "outputs");
    FW_TRY(outputs ? add_output(folder, outputs, err) : fw_error_oom(err));
    return fw_manifest_write(folder, "s", manifest, FW_DURABLE_FSYNC, err);
}

static int check_manifest(const char *folder, struct fw_error *err)
{
    fw_auto(json) cJSON *manifest = NULL;
    fw_auto(strings) struct fw_strings problems = {0};
    FW_TRY(fw_manifest_load(folder, "s", &manifest, err));
    FW_TRY(fw_manifest_check(folder, "s", manifest, true, &problems, err));
    return fw_manifest_check(folder, "gone", manifest, false, &problems, err);
}

/* At every moment the old manifest or the new one is there, whole. */
static void manifests_report_it(void **state)
{
    struct fw_error err;
    assert_int_equal(write_manifest(*state, &err), 0);
    alloc_sweep(*state, write_manifest, 40);
    alloc_sweep(*state, check_manifest, 40);
}

static int digest_files(const char *folder, struct fw_error *err)
{
    char memo[200], tree[200], hex[FW_SHA256_TEXT];
    struct fw_digests *digests;
    fw_auto(strings) struct fw_strings paths = {0};
    snprintf(memo, sizeof memo, "%s/memo", folder);
    snprintf(tree, sizeof tree, "%s/stages/s/out", folder);
    FW_TRY(fw_strings_add(&paths, tree) < 0 ? fw_error_oom(err) : 0);
    FW_TRY(fw_digests_open(memo, &digests, err));
    int rc = fw_digests_paths(digests, &paths, hex, err);
    rc = rc < 0 ? rc : fw_digests_save(digests, err);
    fw_digests_close(digests);
    return rc;
}

static void digests_report_it(void **state)
{
    alloc_sweep(*state, digest_files, 15);
}

static int use_a_run(const char *folder, struct fw_error *err)
{
    struct fw_rundir dir;
    fw_auto(json) cJSON *event = cJSON_CreateObject();
    FW_TRY(event ? fw_rundir_open(&dir, folder, FW_DURABLE_RENAME, NULL, err) : fw_error_oom(err));
    int rc = fw_rundir_event(&dir, event, err);
    rc = rc < 0 ? rc : fw_rundir_write(&dir, "run.json", event, err);
    struct fw_error ignored;
    while (fw_rundir_close(&dir, &ignored) < 0) {
    }
    return rc;
}

static void run_directories_report_it(void **state)
{
    alloc_sweep(*state, use_a_run, 20);
}

static fw_status give(void *self, struct fw_blob *ret)
{
    (void)self;
    ret->bytes = "state";
    ret->size = 5;
    return FW_OK;
}

static fw_status take(void *self, const struct fw_blob *blob)
{
    (void)self;
    assert_memory_equal(blob->bytes, "state", 5);
    return FW_OK;
}

static int save_and_restore(const char *folder, struct fw_error *err)
{
    static const struct fw_stage stage = {
        .struct_size = sizeof stage, .save = give, .restore = take};
    char path[200], out[200];
    snprintf(path, sizeof path, "%s/checkpoint", folder);
    snprintf(out, sizeof out, "%s/stages/s/out/a", folder);
    const struct fw_output output = {.struct_size = sizeof output, .port = "out", .path = out};
    const struct fw_checkpoint checkpoint = {
        .path = path, .key = "k", .outputs = &output, .n_outputs = 1};
    uint64_t steps;
    FW_TRY(fw_checkpoint_save(&checkpoint, &stage, NULL, 3, err));
    return fw_checkpoint_restore(&checkpoint, &stage, NULL, &steps, err);
}

static void checkpoints_report_it(void **state)
{
    alloc_sweep(*state, save_and_restore, 30);
}

static int pass_a_message(const char *folder, struct fw_error *err)
{
    (void)folder;
    int pair[2], rc = 0;
    fw_auto(json) cJSON *message = cJSON_CreateObject(), *got = NULL;
    FW_TRY(message ? 0 : fw_error_oom(err));
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    struct fw_channel channel = {.fd = pair[0]};
    rc = fw_channel_send(pair[1], message, err);
    rc = rc < 0 ? rc : fw_channel_receive(&channel, true, err);
    rc = rc < 0 ? rc : fw_channel_next(&channel, &got, err);
    assert_true(rc < 0 || got);
    fw_channel_finish(&channel);
    close(pair[1]);
    return rc;
}

static void channels_report_it(void **state)
{
    alloc_sweep(*state, pass_a_message, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(manifests_report_it, enter, leave),
        cmocka_unit_test_setup_teardown(digests_report_it, enter, leave),
        cmocka_unit_test_setup_teardown(run_directories_report_it, enter, leave),
        cmocka_unit_test_setup_teardown(checkpoints_report_it, enter, leave),
        cmocka_unit_test_setup_teardown(channels_report_it, enter, leave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include <fw/plugin.h>

#include "hub_fixture.h"
#include "test_files.h"

/* The house's monitors, as a trainer drives them through callback_host. */

static void *monitors;

static int load(void **state)
{
    (void)state;
    monitors = dlopen(MONITORS_SO, RTLD_NOW | RTLD_LOCAL);
    return monitors != NULL ? 0 : -1;
}

static int unload(void **state)
{
    (void)state;
    return getenv("FWRUN_KEEP_LOADED") != NULL ? 0 : dlclose(monitors);
}

/* The clock of the fixture stands, so that times are equal too. */
static void use_monitors(struct hub_fixture *f)
{
    const struct fw_plugin *plugin = dlsym(monitors, "fw_plugin_v1");

    f->providers[1] = plugin->services[0]->table;
    hub_callbacks(f, "loss_slope", "cadence", "sink", NULL);
    hub_options(f, "loss_slope.slope_window_start=1", "loss_slope.slope_window_end=4", NULL);
    hub_size(f, 391, 4);
}

static char *read_file(const struct hub_fixture *f, const char *name, size_t *ret_size)
{
    char *path = test_path(f->folder, "sink/%s", name);
    char *text = test_file_read(path, ret_size);

    free(path);
    return text;
}

static void a_resumed_run_leaves_the_files_of_the_uninterrupted_one(void **state)
{
    struct hub_fixture *f = *state;
    struct fw_blob blob = {.struct_size = sizeof blob};
    size_t whole_size, size;

    use_monitors(f);
    assert_int_equal(hub_open(f), FW_OK);
    assert_int_equal(hub_train(f, 0, hub_steps(f)), FW_OK);
    char *whole = read_file(f, "metrics.jsonl", &whole_size);
    test_folder_remove(f->folder);

    f->folder = test_folder_create();
    f->run.folder = f->folder;
    assert_int_equal(hub_open(f), FW_OK);
    assert_int_equal(hub_train(f, 0, 777), FW_OK);
    assert_int_equal(fw_hub_save(f->hub, &blob), FW_OK);
    assert_int_equal(hub_train(f, 777, 801), FW_OK);
    assert_int_equal(hub_open(f), FW_OK); /* what was newer is still in the files */
    assert_int_equal(fw_hub_restore(f->hub, &blob), FW_OK);
    blob.release(&blob);
    assert_int_equal(hub_train(f, 777, hub_steps(f)), FW_OK);
    char *resumed = read_file(f, "metrics.jsonl", &size);
    assert_int_equal(size, whole_size);
    assert_memory_equal(resumed, whole, size);
    assert_non_null(strstr(whole, "\"loss_slope/alpha_1_4\""));
    assert_non_null(strstr(whole, "{\"step\":500,\"epoch\":1,\"batch\":108,"));
    assert_int_equal(hub_said(f, "warning"), 0);
    free(resumed);
    free(whole);
}

static void who_is_called_no_more_stands_in_the_status(void **state)
{
    struct hub_fixture *f = *state;
    size_t size;

    use_monitors(f);
    hub_callbacks(f, "bad=test", "sink", NULL);
    hub_options(f, "bad.how=fail", NULL);
    assert_int_equal(hub_open(f), FW_OK);
    assert_int_equal(hub_train(f, 0, 391), FW_OK);
    char *status = read_file(f, "status.json", &size);
    assert_non_null(strstr(status, "\"disabled_callbacks\""));
    assert_non_null(strstr(status, "\"bad\""));
    free(status);
    char *lines = read_file(f, "metrics.jsonl", &size);
    assert_non_null(strstr(lines, "\"bad/x\":null"));
    assert_non_null(strstr(lines, "\"nonfinite\":[\"bad/x\"]"));
    free(lines);
}

/* The fixture's trainer has neither second derivatives nor halves of a batch. */
static void without_second_derivatives_there_is_one_warning(void **state)
{
    struct hub_fixture *f = *state;
    struct fw_hub_summary summary;
    size_t size;

    use_monitors(f);
    hub_callbacks(f, "grad", "noise", "curvature", "loss_slope", "sink", NULL);
    assert_int_equal(hub_open(f), FW_OK);
    assert_int_equal(hub_train(f, 0, hub_steps(f)), FW_OK);
    assert_string_equal(f->fault, "");
    assert_int_equal(hub_said(f, "warning: curvature"), 1);
    fw_hub_summarise(f->hub, &summary);
    for (uint64_t i = 0; i < summary.n_instances; i++) {
        assert_int_equal(summary.instances[i].failures, 0);
    }
    assert_int_equal(summary.duplicates, 0);
    char *lines = read_file(f, "metrics.jsonl", &size);
    assert_non_null(strstr(lines, "\"grad/global_norm\":"));
    assert_non_null(strstr(lines, "\"noise/psd_tail\":"));
    assert_null(strstr(lines, "undeclared/"));
    free(lines);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, hub_fixture_setup, hub_fixture_teardown)
        CASE(a_resumed_run_leaves_the_files_of_the_uninterrupted_one),
        CASE(who_is_called_no_more_stands_in_the_status),
        CASE(without_second_derivatives_there_is_one_warning),
    };
    return cmocka_run_group_tests(tests, load, unload);
}

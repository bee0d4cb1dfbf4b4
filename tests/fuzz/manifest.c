/* SPDX-License-Identifier: MIT */
#include "store/manifest.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "fuzz.h"

/* A damaged manifest may name any folder, and this program shall not list the machine. */
static bool stays_inside(const char *run, const cJSON *manifest)
{
    const cJSON *output;
    cJSON_ArrayForEach(output, cJSON_GetObjectItemCaseSensitive(manifest, "outputs"))
    {
        fw_auto(free) char *path = fw_manifest_output_path(run, "s", output);
        if (path != NULL && (strncmp(path, run, strlen(run)) != 0 || path[strlen(run)] != '/')) {
            return false;
        }
    }
    return true;
}

static void check(const char *run, const cJSON *manifest, bool deep)
{
    fw_auto(strings) struct fw_strings problems = {0};
    struct fw_error err = {0};
    if (fw_manifest_check(run, "s", manifest, deep, &problems, &err) < 0) {
        FUZZ_CHECK(strstr(err.text, "/stages/s/MANIFEST.json: ") != NULL);
    }
    for (size_t i = 0; i < problems.len; i++) {
        FUZZ_CHECK(*problems.items[i] != '\0');
    }
}

static void check_round_trip(const char *run, const cJSON *manifest)
{
    fw_auto(json) cJSON *again = NULL;
    fw_auto(free) char *text = NULL, *same = NULL;
    struct fw_error err = {0};
    if (fw_json_canonical(manifest, &text, &err) < 0 ||
        fw_manifest_write(run, "s", manifest, FW_DURABLE_RENAME, &err) < 0) {
        FUZZ_CHECK(err.text[0] != '\0');
        return;
    }
    FUZZ_CHECK(fw_manifest_load(run, "s", &again, &err) == 0);
    FUZZ_CHECK(fw_json_canonical(again, &same, &err) == 0 && strcmp(text, same) == 0);
}

/* Input: MANIFEST.json of a stage that has an output out.txt and a folder out with one file. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool made;
    const char *run = fuzz_path("run"), *file = fuzz_path("run/stages/s/MANIFEST.json");
    fw_auto(json) cJSON *manifest = NULL;
    struct fw_error err = {0};
    if (!made) {
        FUZZ_CHECK(fw_fs_mkdirs(fuzz_path("run/stages/s/out"), &err) == 0);
        fuzz_write(fuzz_path("run/stages/s/out.txt"), "hello", 5);
        fuzz_write(fuzz_path("run/stages/s/out/part"), "hello", 5);
        made = true;
    }
    fuzz_write(file, data, size);
    if (fw_manifest_load(run, "s", &manifest, &err) < 0) {
        FUZZ_CHECK(err.code == FW_EXIT_STATE && strncmp(err.text, file, strlen(file)) == 0);
        FUZZ_CHECK(atoi(err.text + strlen(file) + 1) >= 1);
        return 0;
    }
    fw_manifest_output(manifest, "out");
    if (stays_inside(run, manifest)) {
        check(run, manifest, false);
        check(run, manifest, true);
    }
    check_round_trip(run, manifest);
    return 0;
}

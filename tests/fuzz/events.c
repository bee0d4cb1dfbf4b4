/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "fuzz.h"
#include "store/rundir.h"

/* Input: what a killed run left in events.jsonl. It stays, and the next event is a line of its own
 * that reads. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *file = fuzz_path("run/events.jsonl");
    struct fw_rundir dir;
    struct fw_error err = {0};
    fw_auto(json) cJSON *event = cJSON_CreateObject(), *read = NULL;
    fw_auto(free) char *text = NULL, *sent = NULL, *same = NULL;
    size_t len;
    FUZZ_CHECK(fw_fs_mkdirs(fuzz_path("run"), &err) == 0);
    fuzz_write(file, data, size);
    FUZZ_CHECK(fw_rundir_open(&dir, fuzz_path("run"), FW_DURABLE_RENAME, NULL, &err) == 0);
    FUZZ_CHECK(cJSON_AddStringToObject(event, "type", "heartbeat") != NULL);
    FUZZ_CHECK(fw_rundir_event(&dir, event, &err) == 0);
    FUZZ_CHECK(fw_rundir_close(&dir, &err) == 0);
    FUZZ_CHECK(fw_fs_read(file, &text, &len, &err) == 0);
    FUZZ_CHECK(len > size && (size == 0 || memcmp(text, data, size) == 0));
    const char *line = memrchr(text, '\n', len - 1);
    line = line != NULL ? line + 1 : text;
    FUZZ_CHECK(line >= text + size);
    FUZZ_CHECK(fw_json_parse(line, (size_t)(text + len - line), "event", &read, &err) == 0);
    FUZZ_CHECK(fw_json_line(event, &sent, &err) == 0 && fw_json_line(read, &same, &err) == 0 &&
               strcmp(sent, same) == 0);
    return 0;
}

/* SPDX-License-Identifier: MIT */
#include "base/json.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "fuzz.h"

typedef int print_fn(const cJSON *json, char **ret_text, struct fw_error *err);

/* A text that was printed reads, and prints the same again. */
static void check_text(const cJSON *json, print_fn *print)
{
    struct fw_error err = {0};
    fw_auto(free) char *text = NULL, *again = NULL;
    fw_auto(json) cJSON *read = NULL;
    if (print(json, &text, &err) < 0) {
        FUZZ_CHECK(err.code == FW_EXIT_STATE && strstr(err.text, "member \"") != NULL);
        return;
    }
    FUZZ_CHECK(strchr(text, '\n') == NULL);
    FUZZ_CHECK(fw_json_parse(text, strlen(text), "printed", &read, &err) == 0);
    FUZZ_CHECK(print(read, &again, &err) == 0);
    FUZZ_CHECK(strcmp(text, again) == 0);
}

/* A getter gives the value, or says what it found in its place. */
static void check_members(const cJSON *object)
{
    const cJSON *member;
    cJSON_ArrayForEach(member, object)
    {
        const char *text;
        int64_t i64;
        uint64_t u64;
        double number;
        struct fw_error err = {0};
        FUZZ_CHECK(fw_json_get_i64(object, member->string, &i64, &err) == 0 || err.text[0]);
        FUZZ_CHECK(fw_json_get_u64(object, member->string, &u64, &err) == 0 || err.text[0]);
        FUZZ_CHECK(fw_json_get_double(object, member->string, &number, &err) == 0 || err.text[0]);
        FUZZ_CHECK(fw_json_get_string(object, member->string, &text, &err) == 0 || err.text[0]);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fw_error err = {0};
    fw_auto(json) cJSON *json = NULL;
    if (fw_json_parse((const char *)data, size, "fuzz.json", &json, &err) < 0) {
        FUZZ_CHECK(err.code == FW_EXIT_STATE && strncmp(err.text, "fuzz.json:", 10) == 0);
        FUZZ_CHECK(atoi(err.text + 10) >= 1);
        return 0;
    }
    check_text(json, fw_json_line);
    check_text(json, fw_json_canonical);
    if (cJSON_IsObject(json)) {
        check_members(json);
    }
    return 0;
}

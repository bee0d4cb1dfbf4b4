/* SPDX-License-Identifier: MIT */
#include "base/number.h"

#include <math.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "fuzz.h"

static void check_numbers(const char *text)
{
    char printed[FW_NUMBER_TEXT];
    double value, again;
    int64_t i64;
    uint64_t u64;
    if (fw_number_parse(text, &value)) {
        fw_number_text(value, printed);
        FUZZ_CHECK(isfinite(value) && fw_number_parse(printed, &again) && again == value);
    }
    if (fw_number_parse_i64(text, &i64) && i64 >= 0) {
        FUZZ_CHECK(fw_number_parse_u64(text, &u64) ? u64 == (uint64_t)i64 : *text == '-');
    }
}

static void check_units(const char *text)
{
    struct fw_error err = {0};
    uint64_t bytes;
    double seconds;
    if (fw_size_parse(text, UINT64_C(8) << 30, &bytes, &err) < 0) {
        FUZZ_CHECK(err.code == FW_EXIT_CONFIG && strstr(err.text, "expected") != NULL);
    }
    if (fw_duration_parse(text, &seconds, &err) < 0) {
        FUZZ_CHECK(err.code == FW_EXIT_CONFIG && strstr(err.text, "expected") != NULL);
    } else {
        FUZZ_CHECK(isfinite(seconds) && seconds >= 0);
    }
}

/* A path in its normal form stays as it is, and nothing leads above the root. */
static void check_paths(const char *text)
{
    fw_auto(free) char *path = fw_path_join("/base/folder", text);
    fw_auto(free) char *again = path ? fw_path_join("/", path) : NULL;
    FUZZ_CHECK(path && again && *path == '/' && strcmp(path, again) == 0);
    FUZZ_CHECK(strstr(path, "/../") == NULL && strstr(path, "//") == NULL);
}

/* Input: one text. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_parts parts = fuzz_split(data, size);
    check_numbers(parts.text);
    check_units(parts.text);
    check_paths(parts.text);
    fuzz_parts_finish(&parts);
    return 0;
}

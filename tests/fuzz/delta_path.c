/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "delta/path.h"
#include "fuzz.h"

/* Input: a path as a Delta log writes it. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_parts parts = fuzz_split(data, size);
    char *path = NULL, *again = NULL;
    if (fw_delta_path("/data/table", parts.text, &path) == FW_DELTA_PATH_OK) {
        size_t len = strlen(path);
        FUZZ_CHECK(*path == '/' && path[len - 1] != '/' && strstr(path, "//") == NULL);
        FUZZ_CHECK(strstr(path, "/../") == NULL && strstr(path, "/./") == NULL);
        FUZZ_CHECK(len < 3 || strcmp(path + len - 3, "/..") != 0);
        if (strchr(path, '%') == NULL) {
            FUZZ_CHECK(fw_delta_path("/elsewhere", path, &again) == FW_DELTA_PATH_OK);
            FUZZ_CHECK(strcmp(path, again) == 0);
        }
    } else {
        FUZZ_CHECK(path == NULL);
    }
    free(path);
    free(again);
    fuzz_parts_finish(&parts);
    return 0;
}

/* SPDX-License-Identifier: MIT */
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "fuzz.h"
#include "store/digest.h"

/* Input: the memo of digests. Whatever it holds, a digest comes back, and one that is asked for
 * afresh is right. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char hello[] = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
    const char *path = fuzz_path("memo"), *file = fuzz_path("file");
    struct fw_digests *digests;
    char hex[FW_SHA256_TEXT];
    struct fw_error err = {0};
    if (access(file, F_OK) < 0) {
        fuzz_write(file, "hello", 5);
    }
    fuzz_write(path, data, size);
    FUZZ_CHECK(fw_digests_open(path, &digests, &err) == 0);
    FUZZ_CHECK(fw_digests_file(digests, file, hex, &err) == 0 && strlen(hex) == 64);
    FUZZ_CHECK(fw_sha256_file(file, hex, &err) == 0 && strcmp(hex, hello) == 0);
    FUZZ_CHECK(fw_digests_save(digests, &err) == 0);
    fw_digests_close(digests);
    FUZZ_CHECK(fw_digests_open(path, &digests, &err) == 0);
    fw_digests_close(digests);
    return 0;
}

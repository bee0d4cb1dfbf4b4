/* SPDX-License-Identifier: MIT */
#include "tools/report/parquet.h"

#include <string.h>

#include "base/cleanup.h"
#include "fuzz.h"

/* Input: the footer of a Parquet file. It makes a whole schema or one sentence. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fw_error err = {0};
    fw_auto(parquet) struct parquet_schema schema = {0};
    if (parquet_parse(data, size, "fuzz.parquet", &schema, &err) < 0) {
        FUZZ_CHECK(schema.items == NULL && schema.len == 0);
        FUZZ_CHECK(strncmp(err.text, "fuzz.parquet: ", 14) == 0 || err.code == FW_EXIT_EXHAUSTED);
        return 0;
    }
    FUZZ_CHECK(schema.rows >= 0 && schema.len <= size);
    for (size_t i = 0; i < schema.len; i++) {
        FUZZ_CHECK(schema.items[i].name != NULL && *schema.items[i].type != '\0');
    }
    return 0;
}

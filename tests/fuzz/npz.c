/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "fuzz_host.h"
#include "npy/npy.h"

static void check_refusal(fw_status status)
{
    FUZZ_CHECK(status < 0);
    fuzz_host_check_fault(status);
}

/* By ranges and as a whole the items are the same. */
static void check_numbers(struct fw_npy *npy)
{
    const struct fw_npy_header *header = fw_npy_header(npy);
    uint64_t n_rows = header->n_dims == 0 ? 1 : header->shape[0];
    void *items = NULL;
    fw_status status = fw_npy_read_all(npy, FW_NPY_C16, &items);
    if (status != FW_OK) {
        check_refusal(status);
        return;
    }
    uint64_t row_bytes = n_rows == 0 ? 0 : header->n_items / n_rows * 16;
    char *row = malloc(row_bytes + 1);
    for (uint64_t i = 0; row != NULL && i < n_rows && i < 4; i++) {
        FUZZ_CHECK(fw_npy_read_as(npy, FW_NPY_C16, n_rows - 1 - i, 1, row) == FW_OK);
        FUZZ_CHECK(memcmp(row, (char *)items + (n_rows - 1 - i) * row_bytes, row_bytes) == 0);
    }
    free(row);
    free(items);
}

static void check_array(struct fw_npy *npy)
{
    const struct fw_npy_header *header = fw_npy_header(npy);
    char *text = NULL;
    FUZZ_CHECK(header->n_dims <= FW_NPY_MAX_DIMS);
    check_numbers(npy);
    if (header->type == FW_NPY_TEXT && fw_npy_read_text(npy, 0, &text) == FW_OK) {
        FUZZ_CHECK(strlen(text) <= header->item_bytes);
        free(text);
    }
}

/* Input: an archive, or an array alone. Every array reads, or there is a sentence about it. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fw_npz *npz = NULL;
    struct fw_npy *npy = NULL;
    fuzz_write(fuzz_path("a.npz"), data, size);
    fw_status status = fw_npz_open(fuzz_host(), fuzz_path("a.npz"), &npz);
    if (status != FW_OK) {
        check_refusal(status);
        return 0;
    }
    for (size_t i = 0; i < fw_npz_n_arrays(npz); i++) {
        (void)fuzz_host(); /* the faults of the array before */
        status = fw_npy_open(npz, fw_npz_name(npz, i), &npy);
        if (status != FW_OK) {
            check_refusal(status);
            continue;
        }
        check_array(npy);
        fw_npy_close(npy);
    }
    fw_npz_close(npz);
    return 0;
}

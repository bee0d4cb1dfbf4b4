/* SPDX-License-Identifier: MIT */
#include "run/checkpoint.h"

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "fuzz.h"

/* A stage whose state is `bytes`; it takes back what it is given. */
struct state {
    const uint8_t *bytes;
    size_t size;
    uint32_t version;
    int n_restored;
    uint64_t sum;
};

static fw_status save(void *self, struct fw_blob *ret)
{
    const struct state *state = self;
    ret->version = state->version;
    ret->bytes = state->bytes;
    ret->size = state->size;
    return FW_OK;
}

static fw_status restore(void *self, const struct fw_blob *blob)
{
    struct state *state = self;
    const uint8_t *bytes = blob->bytes;
    state->n_restored++;
    state->version = blob->version;
    state->sum = 0;
    for (uint64_t i = 0; i < blob->size; i++) {
        state->sum = state->sum * 31 + bytes[i];
    }
    return blob->size % 7 == 6 ? FW_E_STATE : FW_OK;
}

static const struct fw_stage stage = {
    .struct_size = sizeof stage, .save = save, .restore = restore};

/* Any bytes as a state come back as they were. */
static void check_state(const struct fw_checkpoint *checkpoint, const uint8_t *data, size_t size)
{
    struct state given = {.bytes = data, .size = size, .version = UINT32_MAX}, taken = {0};
    struct fw_blob blob = {.bytes = data, .size = size, .version = UINT32_MAX};
    struct fw_error err = {0};
    uint64_t steps = 0;
    restore(&given, &blob);
    FUZZ_CHECK(fw_checkpoint_save(checkpoint, &stage, &given, UINT64_MAX, &err) == 0);
    if (fw_checkpoint_restore(checkpoint, &stage, &taken, &steps, &err) == 0) {
        FUZZ_CHECK(steps == UINT64_MAX);
    } else {
        FUZZ_CHECK(size % 7 == 6 && err.text[0] != '\0');
    }
    FUZZ_CHECK(taken.n_restored == 1 && taken.sum == given.sum && taken.version == given.version);
}

/* Input: a checkpoint's file, and then a state. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *path = fuzz_path("checkpoint"), *out = fuzz_path("out");
    const struct fw_output output = {.struct_size = sizeof output, .port = "out", .path = out};
    const struct fw_checkpoint checkpoint = {
        .path = path, .key = "k", .outputs = &output, .n_outputs = 1};
    struct state state = {0};
    struct fw_error err = {0};
    uint64_t steps = 0;
    fuzz_write(out, "hello", 5);
    fuzz_write(path, data, size);
    if (fw_checkpoint_restore(&checkpoint, &stage, &state, &steps, &err) < 0) {
        FUZZ_CHECK(err.code == FW_EXIT_STATE && err.text[0] != '\0' && state.n_restored <= 1);
    } else {
        FUZZ_CHECK(state.n_restored == 1);
    }
    check_state(&checkpoint, data, size);
    return 0;
}

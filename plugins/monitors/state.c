/* SPDX-License-Identifier: MIT */
#include "state.h"

#include <stdlib.h>
#include <string.h>

#include "sql/fault.h"

void monitors_put(struct fw_text *state, const void *bytes, size_t size)
{
    fw_text_append_len(state, bytes, size);
}

static void release(struct fw_blob *blob)
{
    free(blob->private_data);
}

fw_status monitors_put_end(struct fw_text *state, const struct fw_host *host, uint32_t version,
                           struct fw_blob *ret)
{
    if (state->failed) {
        fw_text_finish(state);
        return fw_fault_nomem(host);
    }
    ret->version = version;
    ret->bytes = ret->private_data = state->data;
    ret->size = state->size;
    ret->release = release;
    return FW_OK;
}

struct monitors_state monitors_take_begin(const struct fw_blob *blob, uint32_t version)
{
    return (struct monitors_state){
        .at = blob->bytes, .left = blob->size, .failed = blob->version != version};
}

void monitors_take(struct monitors_state *state, void *ret, size_t size)
{
    state->failed = state->failed || state->left < size;
    if (state->failed) {
        memset(ret, 0, size);
        return;
    }
    memcpy(ret, state->at, size);
    state->at += size;
    state->left -= size;
}

fw_status monitors_take_end(const struct monitors_state *state, const struct fw_host *host,
                            bool is_good)
{
    return is_good && !state->failed && state->left == 0
               ? FW_OK
               : fw_faultf(host, FW_E_STATE, NULL, NULL,
                           "the state is of another version, or of another run");
}

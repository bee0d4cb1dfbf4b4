/* SPDX-License-Identifier: MIT */
#include "state.h"

#include <stdlib.h>
#include <string.h>

#include "phases.h"
#include "plan.h"
#include "work.h"

enum { STATE_VERSION = 1 };

struct state {
    uint64_t phase;
    uint64_t index;
    uint64_t n_merges;
    uint64_t unit_rows;
    uint64_t n_slices;
    uint64_t bytes; /* of all files finished so far */
};

/* Sizes of the files of finished statements, all phases before `end`; -1 when one is missing. */
static int64_t finished_bytes(const struct snapshot *s, size_t end)
{
    struct fw_text path = {0};
    int64_t bytes = 0;
    for (size_t phase = 0; phase < end && phase <= s->phase && bytes >= 0; phase++) {
        size_t n = phase == s->phase ? s->index : snapshot_phases[phase].count(s);
        for (size_t i = 0; i < n && bytes >= 0; i++) {
            fw_text_clear(&path);
            snapshot_phases[phase].path(s, i, &path);
            int64_t size = snapshot_work_size(fw_text_get(&path));
            bytes = size < 0 || path.failed ? -1 : bytes + size;
        }
    }
    fw_text_finish(&path);
    return bytes;
}

static void release(struct fw_blob *blob)
{
    free(blob->private_data);
}

fw_status snapshot_state_save(struct snapshot *s, struct fw_blob *ret_blob)
{
    struct state *state = calloc(1, sizeof *state);
    if (state == NULL) {
        return fw_fault_nomem(s->host);
    }
    *state = (struct state){
        .phase = s->phase,
        .index = s->index,
        .n_merges = s->n_merges,
        .unit_rows = (uint64_t)s->unit_rows,
        .n_slices = s->slices.n,
        .bytes = (uint64_t)finished_bytes(s, SNAPSHOT_N_PHASES),
    };
    ret_blob->version = STATE_VERSION;
    ret_blob->bytes = state;
    ret_blob->size = sizeof *state;
    ret_blob->release = release;
    ret_blob->private_data = state;
    return FW_OK;
}

static fw_status refuse(const struct snapshot *s, const char *why)
{
    return fw_faultf(s->host, FW_E_STATE, s->work, NULL, "the checkpoint cannot be used: %s", why);
}

/* A lower memory budget asks for smaller merges and units: then their phase begins anew. */
static fw_status adapt(struct snapshot *s)
{
    size_t n = 0;
    fw_status status = FW_OK;
    if (s->phase == SNAPSHOT_PHASE_MERGE && s->index < s->n_merges) {
        status = snapshot_plan_merges(s, &n);
        s->index = status == FW_OK && n != s->n_merges ? 0 : s->index;
        s->n_merges = status == FW_OK ? n : s->n_merges;
    }
    if (s->phase == SNAPSHOT_PHASE_GATHER && s->index < s->n_units &&
        snapshot_plan_unit_rows(s) != s->unit_rows) {
        snapshot_plan_finish(s);
        s->index = 0;
    }
    return status;
}

fw_status snapshot_state_restore(struct snapshot *s, const struct fw_blob *blob)
{
    struct state state;
    if (blob->version != STATE_VERSION || blob->size != sizeof state) {
        return refuse(s, "it is of another version");
    }
    memcpy(&state, blob->bytes, sizeof state);
    if (state.n_slices != s->slices.n || state.phase > SNAPSHOT_N_PHASES) {
        return refuse(s, "chunk_rows was changed");
    }
    s->phase = (size_t)state.phase;
    s->index = (size_t)state.index;
    s->n_merges = (size_t)state.n_merges;
    s->unit_rows = (int64_t)state.unit_rows;
    if (finished_bytes(s, SNAPSHOT_PHASE_GATHER) < 0) {
        return refuse(s, "files of finished steps are missing");
    }
    fw_status status = snapshot_plan(s);
    if (status == FW_OK && finished_bytes(s, SNAPSHOT_N_PHASES) != (int64_t)state.bytes) {
        return refuse(s, "files of finished steps are not as they were");
    }
    return status == FW_OK ? adapt(s) : status;
}

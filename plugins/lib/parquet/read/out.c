/* SPDX-License-Identifier: MIT */
#include "out.h"

#include <string.h>

void parquet_out_finish(struct parquet_out *out)
{
    parquet_room_finish(&out->defs);
    parquet_room_finish(&out->reps);
    parquet_room_finish(&out->valid);
    parquet_room_finish(&out->values);
    parquet_room_finish(&out->offsets);
    parquet_room_finish(&out->slots);
}

void parquet_out_clear(struct parquet_out *out)
{
    out->defs.size = out->reps.size = out->valid.size = out->values.size = out->offsets.size = 0;
    out->n_rows = out->n_slots = out->n_nulls = out->n_agreed = 0;
}

size_t parquet_out_bytes(const struct parquet_out *out)
{
    return out->defs.size + out->reps.size + out->valid.size + out->values.size + out->offsets.size;
}

/* Of the entries those that are a slot: 1 where it has a value. */
static bool find_slots(struct parquet_out *out, const struct parquet_entries *entries,
                       size_t *ret_n)
{
    const struct parquet_node *leaf = out->leaf;
    uint8_t *slots = parquet_room_of(&out->slots, entries->n, 1);
    size_t n = 0;

    if (slots == NULL) {
        return false;
    }
    for (size_t i = 0; i < entries->n; i++) {
        slots[n] = entries->defs[i] >= leaf->valid_def;
        n += entries->defs[i] >= leaf->slot_def;
    }
    *ret_n = n;
    return true;
}

static bool append_levels(struct parquet_out *out, const struct parquet_entries *entries)
{
    const size_t n = entries->n;

    for (size_t i = 0; i < n && entries->reps != NULL; i++) {
        out->n_rows += entries->reps[i] == 0;
    }
    out->n_rows += entries->reps == NULL ? n : 0;
    if (out->is_column) {
        return true;
    }
    if (!parquet_room_reserve(&out->defs, n) ||
        (entries->reps != NULL && !parquet_room_reserve(&out->reps, n))) {
        return false;
    }
    memcpy(out->defs.data + out->defs.size, entries->defs, n);
    out->defs.size += n;
    if (entries->reps != NULL) {
        memcpy(out->reps.data + out->reps.size, entries->reps, n);
        out->reps.size += n;
    }
    return true;
}

static bool append_valid(struct parquet_out *out, size_t n)
{
    const uint8_t *slots = out->slots.data;
    size_t n_valid = 0;

    if (!parquet_room_grow_bits(&out->valid, out->n_slots + n)) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        const size_t at = out->n_slots + i;
        out->valid.data[at / 8] |= (uint8_t)(slots[i] << at % 8);
        n_valid += slots[i];
    }
    out->n_nulls += n - n_valid;
    return true;
}

bool parquet_out_begin_texts(struct parquet_out *out)
{
    if (out->offsets.size == 0) {
        if (!parquet_room_reserve(&out->offsets, sizeof(int64_t))) {
            return false;
        }
        memset(out->offsets.data, 0, sizeof(int64_t));
        out->offsets.size = sizeof(int64_t);
    }
    return true;
}

const char *parquet_out_append(struct parquet_out *out, const struct parquet_entries *entries)
{
    size_t n;

    if (!append_levels(out, entries) || !find_slots(out, entries, &n) || !append_valid(out, n)) {
        return parquet_no_memory;
    }
    const char *why = parquet_cells_append(out, entries->leaf, n, entries->cells);
    out->n_slots += n;
    return why;
}

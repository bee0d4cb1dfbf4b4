/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"
#include "sql/fault.h"

/* Batches are far smaller than 2 GiB, and a piece of a column is not to exceed that. */
static const uint64_t most_bytes = 1 << 30;

enum { WRITE_BYTES = 4 << 20 };

static void drop_batches(struct scatter_slot *slot)
{
    for (size_t i = 0; i < slot->n_batches; i++) {
        slot->batches[i].release(&slot->batches[i]);
    }
    slot->n_batches = slot->n_rows = slot->n_bytes = 0;
}

void scatter_slot_finish(struct scatter_slot *slot)
{
    drop_batches(slot);
    free(slot->batches);
    free(slot->parts);
    scatter_packer_finish(&slot->packer);
    scatter_file_finish(&slot->file);
}

static int compare_start(const struct fw_scatter *scatter, size_t part, const char *text,
                         size_t size)
{
    size_t start_size = scatter->start_sizes[part];
    int order = memcmp(scatter->starts[part], text, start_size < size ? start_size : size);

    return order != 0 ? order : (start_size > size) - (start_size < size);
}

/* The last part that does not start after the text. */
static uint32_t part_of(const struct fw_scatter *scatter, const char *text, size_t size)
{
    size_t low = 0, high = scatter->plan.n_parts;

    while (high - low > 1) {
        size_t middle = (low + high) / 2;
        if (compare_start(scatter, middle, text, size) <= 0) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return (uint32_t)low;
}

static fw_status find_parts(const struct fw_scatter *scatter, struct scatter_slot *slot,
                            const struct ArrowArray *batch)
{
    struct scatter_cells cells;

    scatter_cells_of_array(&cells, &scatter->shapes[scatter->entity],
                           batch->children[scatter->entity], batch->offset);
    for (uint64_t i = 0; i < (uint64_t)batch->length; i++) {
        if (scatter_is_null(&cells, i)) {
            return fw_faultf(scatter->host, FW_E_DATA, scatter->plan.entity, NULL,
                             "a row on its way to its part has no entity");
        }
        const int32_t *offsets = &cells.offsets[cells.offset + i];
        slot->parts[slot->n_rows + i] =
            part_of(scatter, cells.bytes + offsets[0], (size_t)(offsets[1] - offsets[0]));
    }
    return FW_OK;
}

static bool make_room(struct scatter_slot *slot, size_t n_rows)
{
    if (slot->n_batches == slot->n_room) {
        size_t n_room = slot->n_room > 0 ? 2 * slot->n_room : 32;
        struct ArrowArray *batches = realloc(slot->batches, n_room * sizeof *batches);
        if (batches == NULL) {
            return false;
        }
        slot->batches = batches;
        slot->n_room = n_room;
    }
    if (slot->n_rows + n_rows > slot->n_rows_room) {
        size_t n_rows_room = 2 * (slot->n_rows + n_rows);
        uint32_t *parts = realloc(slot->parts, n_rows_room * sizeof *parts);
        if (parts == NULL) {
            return false;
        }
        slot->parts = parts;
        slot->n_rows_room = n_rows_room;
    }
    return true;
}

static uint64_t batch_bytes(const struct fw_scatter *scatter, const struct ArrowArray *batch)
{
    uint64_t bytes = 0;

    for (size_t i = 0; i < scatter->n_columns; i++) {
        bytes += scatter_array_bytes(&scatter->shapes[i], batch->children[i]);
    }
    return bytes;
}

static fw_status keep(struct fw_scatter *scatter, struct scatter_slot *slot,
                      struct ArrowArray *batch)
{
    if (!make_room(slot, (size_t)batch->length)) {
        return fw_fault_nomem(scatter->host);
    }
    fw_status status = find_parts(scatter, slot, batch);
    if (status == FW_OK) {
        slot->n_rows += (size_t)batch->length;
        slot->n_bytes += batch_bytes(scatter, batch);
        slot->batches[slot->n_batches++] = *batch;
        batch->release = NULL;
    }
    return status;
}

fw_status fw_scatter_add(struct fw_scatter *scatter, size_t number, struct ArrowArray *batch)
{
    struct scatter_slot *slot = &scatter->slots[number];
    uint64_t limit = scatter->plan.slot_bytes < most_bytes ? scatter->plan.slot_bytes : most_bytes;
    fw_status status = FW_OK;

    if (slot->n_rows > 0 && slot->n_bytes + batch_bytes(scatter, batch) > limit) {
        status = fw_scatter_flush(scatter, number);
    }
    if (status == FW_OK && batch->length > 0) {
        status = keep(scatter, slot, batch);
    }
    if (batch->release != NULL) {
        batch->release(batch);
    }
    return status;
}

/* Rows part by part, in each as they came; *ret_ends: where each part's rows end among them. */
static uint64_t *group_rows(const struct fw_scatter *scatter, const struct scatter_slot *slot,
                            size_t **ret_ends)
{
    uint64_t *refs = malloc(slot->n_rows * sizeof *refs);
    size_t *ends = calloc(scatter->plan.n_parts + 1, sizeof *ends);

    *ret_ends = ends;
    if (refs == NULL || ends == NULL) {
        free(refs);
        return NULL;
    }
    for (size_t i = 0; i < slot->n_rows; i++) {
        ends[slot->parts[i] + 1]++;
    }
    for (size_t part = 1; part <= scatter->plan.n_parts; part++) {
        ends[part] += ends[part - 1];
    }
    for (size_t b = 0, i = 0; b < slot->n_batches; b++) {
        for (int64_t row = 0; row < slot->batches[b].length; row++, i++) {
            refs[ends[slot->parts[i]]++] = scatter_ref(b, (uint64_t)row);
        }
    }
    return refs;
}

static fw_status write_out(struct fw_scatter *scatter, struct scatter_slot *slot)
{
    uint64_t size = slot->packer.out.size;
    uint64_t total = __atomic_add_fetch(&scatter->n_bytes, size, __ATOMIC_RELAXED);

    if (scatter->plan.max_bytes > 0 && total > scatter->plan.max_bytes) {
        return fw_faultf(scatter->host, FW_E_NOSPACE, slot->file.path, "raise resources.temp",
                         "rows on their way to their parts take more than the temporary space of "
                         "%llu bytes",
                         (unsigned long long)scatter->plan.max_bytes);
    }
    fw_status status = scatter_file_write(&slot->file, scatter->host, slot->packer.out.data, size);
    slot->packer.out.size = 0;
    return status;
}

static fw_status fail_packing(const struct fw_scatter *scatter, size_t column, int code)
{
    return code == ENOMEM
               ? fw_fault_nomem(scatter->host)
               : fw_faultf(scatter->host, FW_E_DATA, scatter->schema.children[column]->name,
                           "lower chunk_rows or resources.memory",
                           "2 GiB of one column are too much at once");
}

/* `index` has a row of n_columns for each part, and one more: where its cells begin. */
static fw_status write_column(struct fw_scatter *scatter, struct scatter_slot *slot, size_t column,
                              const struct scatter_rows *rows, const size_t *ends, uint64_t *index)
{
    struct scatter_bytes *out = &slot->packer.out;
    fw_status status = FW_OK;

    for (size_t part = 0; part < scatter->plan.n_parts && status == FW_OK; part++) {
        size_t first = part > 0 ? ends[part - 1] : 0;
        struct scatter_rows some = *rows;
        some.refs += first;
        some.n = ends[part] - first;
        index[part * scatter->n_columns + column] = slot->file.n_bytes + out->size;
        int code = some.n > 0 ? scatter_pack(&slot->packer, &scatter->shapes[column], &some) : 0;
        if (code != 0) {
            status = fail_packing(scatter, column, code);
        } else if (out->size > WRITE_BYTES) {
            status = write_out(scatter, slot);
        }
    }
    index[scatter->plan.n_parts * scatter->n_columns + column] = slot->file.n_bytes + out->size;
    return status;
}

static fw_status pack_column(struct fw_scatter *scatter, struct scatter_slot *slot, size_t column,
                             struct scatter_rows *rows, const size_t *ends, uint64_t *index)
{
    struct scatter_cells *cells = calloc(slot->n_batches, sizeof *cells);
    const struct scatter_cells **sources = calloc(slot->n_batches, sizeof *sources);
    const struct scatter_shape *shape = &scatter->shapes[column];
    bool complete = cells != NULL && sources != NULL;
    size_t n = 0;

    for (; n < slot->n_batches && complete; n++) {
        const struct ArrowArray *batch = &slot->batches[n];
        complete = scatter_cells_of_array(&cells[n], shape, batch->children[column], batch->offset);
        sources[n] = &cells[n];
    }
    rows->sources = sources;
    fw_status status = complete ? write_column(scatter, slot, column, rows, ends, index)
                                : fw_fault_nomem(scatter->host);
    for (size_t i = 0; i < n; i++) {
        scatter_cells_finish(&cells[i], shape);
    }
    free(cells);
    free(sources);
    return status;
}

static fw_status write_segment(struct fw_scatter *scatter, struct scatter_slot *slot,
                               struct scatter_rows *rows, const size_t *ends)
{
    size_t n_index = (scatter->plan.n_parts + 1) * scatter->n_columns;
    uint64_t *index = calloc(n_index, sizeof *index);
    fw_status status = index != NULL ? FW_OK : fw_fault_nomem(scatter->host);

    for (size_t column = 0; column < scatter->n_columns && status == FW_OK; column++) {
        status = pack_column(scatter, slot, column, rows, ends, index);
    }
    if (status == FW_OK) {
        status = write_out(scatter, slot);
    }
    if (status == FW_OK) {
        status = scatter_file_end_segment(&slot->file, scatter->host, index, n_index, rows->n);
    }
    free(index);
    return status;
}

fw_status fw_scatter_flush(struct fw_scatter *scatter, size_t number)
{
    struct scatter_slot *slot = &scatter->slots[number];
    size_t *ends = NULL;

    if (slot->n_rows == 0) {
        return FW_OK;
    }
    uint64_t *refs = group_rows(scatter, slot, &ends);
    struct scatter_rows rows = {.n_sources = slot->n_batches, .refs = refs, .n = slot->n_rows};
    fw_status status =
        refs != NULL ? write_segment(scatter, slot, &rows, ends) : fw_fault_nomem(scatter->host);
    free(refs);
    free(ends);
    drop_batches(slot);
    return status;
}

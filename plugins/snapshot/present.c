/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdlib.h>

#include <fw/service/budget.h>

#include "coerce.h"
#include "snapshot.h"

fw_status snapshot_present_open(struct snapshot *s)
{
    const struct fw_budget *budget = s->host->service(s->host, FW_BUDGET_ID);
    size_t n = s->extras != NULL ? s->columns.n_nested : 0;

    if (n == 0) {
        return FW_OK;
    }
    s->n_present = budget->limits(s->host)->threads;
    s->present = calloc(s->n_present, sizeof *s->present);
    s->nested_names = calloc(n, sizeof *s->nested_names);
    if (s->present == NULL || s->nested_names == NULL) {
        return fw_fault_nomem(s->host);
    }
    for (size_t i = 0; i < n; i++) {
        s->nested_names[i] = s->columns.nested[i]->name;
    }
    return fw_picked_open(&s->sql, s->source, s->nested_names, n, 1, &s->nested);
}

static void empty(struct snapshot_present *present)
{
    fw_text_finish(&present->bits);
    free(present->files);
    *present = (struct snapshot_present){0};
}

void snapshot_present_close(struct snapshot *s)
{
    for (size_t i = 0; s->present != NULL && i < s->n_present; i++) {
        empty(&s->present[i]);
    }
    fw_picked_close(s->nested);
    free(s->present);
    free(s->nested_names);
}

static void append_bits(const struct fw_picked_present *found, struct fw_text *bits)
{
    static const char digits[] = "0123456789ABCDEF";

    for (int64_t i = 0; i < (found->n_rows + 7) / 8; i++) {
        const char pair[2] = {digits[found->bits[i] >> 4], digits[found->bits[i] & 15]};
        fw_text_append_len(bits, pair, sizeof pair);
    }
}

static fw_status add_file(const struct snapshot *s, size_t file, int64_t first_row, int64_t n_rows,
                          struct snapshot_present *present)
{
    struct snapshot_present_file *files =
        reallocarray(present->files, present->n_files + 1, sizeof *files);
    struct fw_picked_present found;

    if (files == NULL) {
        return fw_fault_nomem(s->host);
    }
    present->files = files;
    fw_status status = fw_picked_find_present(s->nested, file, first_row, n_rows, &found);
    if (status == FW_OK) {
        files[present->n_files++] =
            (struct snapshot_present_file){file, (int64_t)present->bits.size * 4 - found.first_row};
        append_bits(&found, &present->bits);
        free(found.bits);
        status = present->bits.failed ? fw_fault_nomem(s->host) : FW_OK;
    }
    return status;
}

fw_status snapshot_present_enter(const void *self, const struct fw_wide_rows *rows)
{
    const struct snapshot *s = self;
    struct snapshot_present *present = &s->present[rows->at];
    fw_status status = FW_OK;

    empty(present);
    for (size_t i = 0; i < rows->n_slices && status == FW_OK; i++) {
        const struct fw_source_slice *slice = &rows->slices[i];
        for (size_t k = 0; k < slice->n_files && status == FW_OK; k++) {
            status = add_file(s, slice->first_file + k, slice->first_row, slice->n_rows, present);
        }
    }
    if (status == FW_MORE) { /* not all of it: the engine looks at all rows alike */
        empty(present);
    }
    return status < 0 ? status : FW_OK;
}

static void append_by_engine(const struct snapshot *s, struct fw_text *sql)
{
    fw_text_append(sql, "COALESCE(false");
    for (size_t i = 0; s->extras != NULL && i < s->columns.n_nested; i++) {
        fw_text_append(sql, " OR ");
        snapshot_coerce_present(sql, s->columns.nested[i]);
    }
    fw_text_append(sql, ", false)");
}

/* What is added to a row's number: the same for all, or by its file from a list. */
static void append_shift(const struct snapshot_present *present, struct fw_text *sql)
{
    size_t first = present->files[0].file, last = first;

    if (present->n_files == 1) {
        fw_text_appendf(sql, "%" PRId64, present->files[0].shift);
        return;
    }
    for (size_t i = 0; i < present->n_files; i++) {
        first = present->files[i].file < first ? present->files[i].file : first;
        last = present->files[i].file > last ? present->files[i].file : last;
    }
    fw_text_append(sql, "([");
    for (size_t file = first; file <= last; file++) {
        int64_t shift = 0;
        for (size_t i = 0; i < present->n_files; i++) {
            shift = present->files[i].file == file ? present->files[i].shift : shift;
        }
        fw_text_appendf(sql, "%s%" PRId64, file > first ? ", " : "", shift);
    }
    fw_text_appendf(sql, "])[" FW_SOURCE_FILE " - %zu + 1]", first);
}

void snapshot_present_append(const struct snapshot *s, const struct fw_wide_rows *rows,
                             struct fw_text *sql)
{
    const struct snapshot_present *present = s->present != NULL ? &s->present[rows->at] : NULL;

    if (present == NULL || rows->n_rows == 0 || present->bits.size == 0) {
        append_by_engine(s, sql);
        return;
    }
    fw_text_appendf(sql, "get_bit(unhex('%s')::BIT, (" FW_SOURCE_ROW " + ",
                    fw_text_get(&present->bits));
    append_shift(present, sql);
    fw_text_append(sql, ")::INTEGER) = 1");
}

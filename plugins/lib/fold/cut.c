/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "internal.h"

static fw_status read_groups(struct fold_cut *cut, const struct fw_source *source, size_t file)
{
    if (cut->groups != NULL && cut->groups_of == file) {
        return FW_OK;
    }
    fold_cut_finish(cut);
    cut->groups_of = file;
    return fw_source_row_groups(source, file, &cut->groups, &cut->n_groups);
}

/* Moves `at` over whole row groups of its file until there are enough rows. */
static int64_t take_groups(const struct fold_cut *cut, struct fw_source_place *at, int64_t wanted)
{
    int64_t start = 0, taken = 0;
    size_t i;

    for (i = 0; i < cut->n_groups && taken < wanted; i++) {
        taken += start >= at->row ? cut->groups[i] : 0;
        start += cut->groups[i];
    }
    *at = i == cut->n_groups ? (struct fw_source_place){at->file + 1, 0}
                             : (struct fw_source_place){at->file, start};
    return taken;
}

fw_status fold_cut_find(struct fold_cut *cut, const struct fw_source *source, int64_t wanted,
                        struct fw_source_place *ret_end, int64_t *ret_rows)
{
    struct fw_source_place at = cut->next;
    int64_t rows = 0;

    while (at.file < source->n_files && rows < wanted) {
        if (source->kind == FW_SOURCE_CSV) {
            /* Not cut: to find a row in the middle, all before it would be read again. */
            at.file++;
            rows = wanted;
            continue;
        }
        int64_t n = 0;
        fw_status status = fw_source_file_rows(source, at.file, &n);
        bool is_whole = status == FW_OK && at.row == 0 && n <= wanted - rows;
        if (status == FW_OK && !is_whole) {
            status = read_groups(cut, source, at.file);
        }
        if (status != FW_OK) {
            return status;
        }
        if (is_whole) { /* its row groups need not be known */
            rows += n;
            at.file++;
        } else {
            rows += take_groups(cut, &at, wanted - rows);
        }
        if (cut->within_files) {
            break;
        }
    }
    *ret_end = at;
    *ret_rows = rows;
    return FW_OK;
}

void fold_cut_finish(struct fold_cut *cut)
{
    free(cut->groups);
    cut->groups = NULL;
    cut->n_groups = 0;
}

/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"
#include "wide/wide.h"

enum { STATE_VERSION = 1 };

static void release(struct fw_blob *blob)
{
    free(blob->private_data);
}

fw_status fw_fold_save(struct fw_fold *fold, struct fw_blob *ret)
{
    struct fw_text text = {0};
    fw_status status = FW_OK;

    if (fold->plan.in_memory) {
        status = fold_settle(fold);
        status = status == FW_OK ? fold_kept_file(fold) : status;
    }
    if (status != FW_OK) {
        return status;
    }
    fw_text_appendf(&text, "%zu %zu %zu %zu %zu %" PRId64 " %" PRId64 " %" PRId64,
                    fold->plan.n_inputs, fold->plan.n_tables, fold->input, fold->table,
                    fold->cut.next.file, fold->cut.next.row, fold->rows_done, fold->input_rows);
    for (size_t i = 0; i < fold->plan.n_inputs; i++) {
        fw_text_appendf(&text, " %zu", fold->n_chunks[i]);
    }
    fw_text_appendf(&text, "\n%s", fw_text_get(&fold->files));
    if (text.failed || fold->files.failed) {
        fw_text_finish(&text);
        return fw_fault_nomem(fold->host);
    }
    ret->version = STATE_VERSION;
    ret->bytes = ret->private_data = text.data;
    ret->size = text.size;
    ret->release = release;
    return FW_OK;
}

static fw_status refuse(const struct fw_fold *fold, const char *why)
{
    return fw_faultf(fold->host, FW_E_STATE, fold->plan.folder, NULL,
                     "the checkpoint cannot be used: %s; starting anew is safe", why);
}

static bool parse(struct fw_fold *fold, const char *line, int *ret_size)
{
    size_t n_inputs, n_tables;
    int at = 0;

    if (sscanf(line, "%zu %zu %zu %zu %zu %" SCNd64 " %" SCNd64 " %" SCNd64 "%n", &n_inputs,
               &n_tables, &fold->input, &fold->table, &fold->cut.next.file, &fold->cut.next.row,
               &fold->rows_done, &fold->input_rows, &at) != 8 ||
        n_inputs != fold->plan.n_inputs || n_tables != fold->plan.n_tables ||
        fold->input > n_inputs || fold->table > n_tables || fold->cut.next.row < 0) {
        return false;
    }
    *ret_size = at;
    for (size_t i = 0; i < n_inputs; i++) {
        if (sscanf(line + *ret_size, " %zu%n", &fold->n_chunks[i], &at) != 1) {
            return false;
        }
        *ret_size += at;
    }
    return line[*ret_size] == '\n';
}

/* Digests of the files that should be there, in the order in which they were made. */
static fw_status digest_all(struct fw_fold *fold)
{
    fw_status status = FW_OK;

    fold->n_filed = fold_kept_count(fold);
    for (size_t i = 0; i < fold->n_filed && status == FW_OK; i++) {
        status = fold_kept_note(fold, i, &fold->files);
    }
    return status;
}

fw_status fw_fold_restore(struct fw_fold *fold, const struct fw_blob *blob)
{
    char *text = blob->version == STATE_VERSION ? strndup(blob->bytes, blob->size) : NULL;
    int at = 0;

    if (text == NULL) {
        return refuse(fold, "it is of another version");
    }
    fw_status status =
        parse(fold, text, &at) ? digest_all(fold) : refuse(fold, "it is of another plan");
    if (status == FW_OK && strcmp(fw_text_get(&fold->files), text + at + 1) != 0) {
        status = refuse(fold, "a file that it names is not as it was");
    }
    fold->is_restored = true;
    free(text);
    return status;
}

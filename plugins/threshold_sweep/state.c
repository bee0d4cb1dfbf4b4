/* SPDX-License-Identifier: MIT */
#include <stddef.h>

#include <stdlib.h>
#include <string.h>

#include "threshold_sweep.h"

enum { STATE_VERSION = 1 };

/* A table that was being written is written anew: the phase's job begins again. */
struct head {
    uint64_t n_cells, n_rules, n_bins, n_total; /* as they will be again */
    uint64_t next, phase, n_wanted;
};

static struct head head_of(const struct sweep *sweep)
{
    return (struct head){.n_cells = sweep->n_experiments * sweep->n_roles,
                         .n_rules = sweep->n_rules,
                         .n_bins = sweep->n_bins,
                         .n_total = sweep->n_total,
                         .next = sweep->next,
                         .phase = sweep->phase,
                         .n_wanted = sweep->n_wanted};
}

static struct sweep_cell *cell_at(const struct sweep *sweep, size_t i)
{
    return &sweep->experiments[i / sweep->n_roles].cells[i % sweep->n_roles];
}

static void release(struct fw_blob *blob)
{
    free(blob->private_data);
}

static void append(struct fw_text *text, const void *bytes, size_t size)
{
    if (size > 0) {
        fw_text_append_len(text, bytes, size);
    }
}

static void append_cell(struct fw_text *text, const struct sweep *sweep,
                        const struct sweep_cell *cell)
{
    append(text, &cell->figures, sizeof cell->figures);
    append(text, cell->rows, cell->figures.n_rows * sizeof *cell->rows);
    append(text, cell->curve, cell->figures.n_curve * sizeof *cell->curve);
    append(text, cell->bins, sweep->n_bins * sizeof *cell->bins);
}

fw_status sweep_save(void *self, struct fw_blob *ret)
{
    const struct sweep *sweep = self;
    struct head head = head_of(sweep);
    struct fw_text text = {0};

    append(&text, &head, sizeof head);
    for (size_t i = 0; i < sweep->n_experiments; i++) {
        append(&text, sweep->experiments[i].points,
               sweep->n_rules * sizeof *sweep->experiments[i].points);
    }
    for (size_t i = 0; i < sweep->next; i++) {
        append_cell(&text, sweep, cell_at(sweep, i));
    }
    if (text.failed) {
        fw_text_finish(&text);
        return fw_fault_nomem(sweep->host);
    }
    ret->version = STATE_VERSION;
    ret->bytes = ret->private_data = text.data;
    ret->size = text.size;
    ret->release = release;
    return FW_OK;
}

struct reader {
    const char *at;
    size_t left;
};

static bool take(struct reader *reader, void *ret, size_t size)
{
    if (size > reader->left) {
        return false;
    }
    if (size > 0) {
        memcpy(ret, reader->at, size);
    }
    reader->at += size;
    reader->left -= size;
    return true;
}

/* Memory for n elements, filled; NULL when there are not so many left to read. */
static void *take_array(struct reader *reader, uint64_t n, size_t size)
{
    void *array = n <= reader->left / size ? malloc(n > 0 ? (size_t)n * size : 1) : NULL;

    if (array != NULL) {
        take(reader, array, (size_t)n * size);
    }
    return array;
}

static bool take_cell(struct reader *reader, const struct sweep *sweep, struct sweep_cell *cell)
{
    if (!take(reader, &cell->figures, sizeof cell->figures)) {
        return false;
    }
    cell->rows = take_array(reader, cell->figures.n_rows, sizeof *cell->rows);
    cell->curve = take_array(reader, cell->figures.n_curve, sizeof *cell->curve);
    cell->bins = take_array(reader, sweep->n_bins, sizeof *cell->bins);
    return cell->rows != NULL && cell->curve != NULL && cell->bins != NULL;
}

static bool take_all(struct reader *reader, struct sweep *sweep)
{
    struct head head, wanted = head_of(sweep);

    if (!take(reader, &head, sizeof head)) {
        return false;
    }
    if (memcmp(&head, &wanted, offsetof(struct head, next)) != 0 || head.next > head.n_cells ||
        head.phase > SWEEP_WRITE_DOCUMENTS) {
        return false;
    }
    sweep->phase = (enum sweep_phase)head.phase;
    sweep->n_wanted = head.n_wanted;
    for (size_t i = 0; i < sweep->n_experiments; i++) {
        if (!take(reader, sweep->experiments[i].points,
                  sweep->n_rules * sizeof *sweep->experiments[i].points)) {
            return false;
        }
    }
    for (; sweep->next < head.next; sweep->next++) {
        struct sweep_cell *cell = cell_at(sweep, sweep->next);
        if (!take_cell(reader, sweep, cell)) {
            return false;
        }
        sweep->n_done += cell->figures.n;
    }
    return reader->left == 0;
}

fw_status sweep_restore(void *self, const struct fw_blob *blob)
{
    struct sweep *sweep = self;
    struct reader reader = {blob->bytes, (size_t)blob->size};

    if (blob->version == STATE_VERSION && take_all(&reader, sweep)) {
        sweep->hurries = true;
        return FW_OK;
    }
    return fw_faultf(sweep->host, FW_E_STATE, "threshold_sweep", NULL,
                     "the checkpoint is of another version or damaged; starting anew is safe");
}

/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>

#include "internal.h"
#include "sql/fault.h"

fw_status fw_scatter_part_open(struct fw_scatter *scatter, size_t number,
                               struct fw_scatter_part **ret_part)
{
    struct fw_scatter_part *part = calloc(1, sizeof *part);

    if (part == NULL) {
        return fw_fault_nomem(scatter->host);
    }
    part->scatter = scatter;
    part->part = number;
    pthread_mutex_init(&part->mutex, NULL);
    *ret_part = part;
    return FW_OK;
}

void fw_scatter_part_close(struct fw_scatter_part *part)
{
    if (part == NULL) {
        return;
    }
    for (size_t i = 0; i < part->n_pieces; i++) {
        free(part->pieces[i].ends);
    }
    free(part->pieces);
    free(part->refs);
    pthread_mutex_destroy(&part->mutex);
    free(part);
}

static fw_status find_piece(struct fw_scatter_part *part, const struct scatter_file *file,
                            const struct scatter_segment *segment)
{
    size_t n = part->scatter->n_columns;
    uint64_t *ends = malloc(2 * n * sizeof *ends);

    if (ends == NULL) {
        return fw_fault_nomem(part->scatter->host);
    }
    fw_status status =
        scatter_file_read(file, part->scatter->host, segment->index + part->part * n * sizeof *ends,
                          ends, 2 * n * sizeof *ends);
    if (status == FW_OK && ends[n] > ends[0]) {
        part->pieces[part->n_pieces++] = (struct scatter_piece){file, ends};
        return FW_OK;
    }
    free(ends);
    return status;
}

static fw_status find_pieces(struct fw_scatter_part *part)
{
    struct fw_scatter *scatter = part->scatter;
    size_t n = 0;

    for (size_t i = 0; i < scatter->n_slots; i++) {
        n += scatter->slots[i].file.n_segments;
    }
    part->pieces = calloc(n + 1, sizeof *part->pieces);
    fw_status status = part->pieces != NULL ? FW_OK : fw_fault_nomem(scatter->host);
    for (size_t i = 0; i < scatter->n_slots; i++) {
        const struct scatter_file *file = &scatter->slots[i].file;
        for (size_t k = 0; k < file->n_segments && status == FW_OK; k++) {
            status = find_piece(part, file, &file->segments[k]);
        }
    }
    return status;
}

fw_status scatter_part_know(struct fw_scatter_part *part)
{
    fw_status status = FW_OK;

    pthread_mutex_lock(&part->mutex);
    if (!part->is_known) {
        status = find_pieces(part);
        if (status == FW_OK) {
            status = scatter_order(part, &part->refs, &part->n_rows);
        }
        part->is_known = status == FW_OK;
    }
    pthread_mutex_unlock(&part->mutex);
    return status;
}

static size_t piece_bytes(const struct fw_scatter_part *part, size_t piece, size_t column)
{
    const uint64_t *ends = part->pieces[piece].ends;

    return ends[part->scatter->n_columns + column] - ends[column];
}

uint64_t scatter_column_bytes(const struct fw_scatter_part *part, size_t index)
{
    uint64_t bytes = 0;

    for (size_t i = 0; i < part->n_pieces; i++) {
        bytes += piece_bytes(part, i, index);
    }
    return bytes;
}

static fw_status read_piece(struct scatter_column *column, const struct fw_scatter_part *part,
                            size_t piece, size_t index, uint8_t *bytes)
{
    const struct fw_scatter *scatter = part->scatter;
    const struct scatter_piece *from = &part->pieces[piece];
    size_t size = piece_bytes(part, piece, index);
    fw_status status = scatter_file_read(from->file, scatter->host, from->ends[index], bytes, size);

    if (status != FW_OK) {
        return status;
    }
    int code = scatter_cells_of_bytes(&column->cells[piece], &scatter->shapes[index], bytes, size);
    if (code == EINVAL) {
        return fw_faultf(scatter->host, FW_E_DATA, from->file->path,
                         "is the disk sound? start the stage anew",
                         "rows on their way to part %zu are damaged", part->part);
    }
    return code == 0 ? FW_OK : fw_fault_nomem(scatter->host);
}

fw_status scatter_column_read(struct scatter_column *column, const struct fw_scatter_part *part,
                              size_t index, struct scatter_arena *arena)
{
    size_t n = part->n_pieces;
    uint8_t *bytes = scatter_arena_alloc_raw(arena, scatter_column_bytes(part, index));

    column->cells = calloc(n + 1, sizeof *column->cells);
    column->sources = calloc(n + 1, sizeof *column->sources);
    if (bytes == NULL || column->cells == NULL || column->sources == NULL) {
        return fw_fault_nomem(part->scatter->host);
    }
    fw_status status = FW_OK;
    for (size_t i = 0; i < n && status == FW_OK; i++) {
        column->sources[i] = &column->cells[i];
        status = read_piece(column, part, i, index, bytes);
        bytes += piece_bytes(part, i, index);
    }
    return status;
}

void scatter_column_finish(struct scatter_column *column, const struct fw_scatter_part *part,
                           size_t index)
{
    for (size_t i = 0; column->cells != NULL && i < part->n_pieces; i++) {
        scatter_cells_finish(&column->cells[i], &part->scatter->shapes[index]);
    }
    free(column->cells);
    free(column->sources);
}

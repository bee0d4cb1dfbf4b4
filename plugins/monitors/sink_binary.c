/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "sink.h"

enum { PIECE = 16, VERSION = 1 };

/* Stands where the number of a name does: the piece defines one. */
static const uint32_t definition = UINT32_MAX;

static void put(unsigned char *at, uint64_t value, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        at[i] = (unsigned char)(value >> (8 * i));
    }
}

static void append_piece(struct fw_text *text, uint32_t first, uint32_t second, uint64_t third)
{
    unsigned char piece[PIECE];

    put(piece, first, 4);
    put(piece + 4, second, 4);
    put(piece + 8, third, 8);
    fw_text_append_len(text, (const char *)piece, sizeof piece);
}

void sink_binary_begin(struct fw_text *text)
{
    append_piece(text, 0x314d5746, VERSION, 0); /* "FWM1" */
}

static void append_definition(struct fw_text *text, uint32_t number, const char *name)
{
    static const char zeros[PIECE];
    size_t size = strlen(name), over = size % PIECE;

    append_piece(text, definition, number, size);
    fw_text_append_len(text, name, size);
    fw_text_append_len(text, zeros, over > 0 ? PIECE - over : 0);
}

void sink_names_finish(struct sink_names *names)
{
    names->n_written = 0;
    sink_names_forget(names);
    free(names->names);
    *names = (struct sink_names){0};
}

void sink_names_forget(struct sink_names *names)
{
    while (names->n > names->n_written) {
        free(names->names[--names->n]);
    }
}

static bool add_name(struct sink_names *names, const char *name)
{
    if (names->n == names->capacity) {
        uint64_t capacity = 2 * names->capacity + 64;
        char **longer = realloc(names->names, capacity * sizeof *longer);
        if (longer == NULL) {
            return false;
        }
        names->names = longer;
        names->capacity = capacity;
    }
    names->names[names->n] = strdup(name);
    if (names->names[names->n] == NULL) {
        return false;
    }
    names->n++;
    return true;
}

uint64_t sink_names_find(struct sink_names *names, const char *name)
{
    for (uint64_t i = 0; i < names->n; i++) {
        uint64_t at = (names->hint + i) % names->n;
        if (strcmp(names->names[at], name) == 0) {
            names->hint = at + 1;
            return at;
        }
    }
    return add_name(names, name) ? names->n - 1 : UINT64_MAX;
}

bool sink_binary_append(struct fw_text *text, struct sink_names *names,
                        const struct fw_training_record *record)
{
    for (uint64_t i = 0; i < record->n_metrics; i++) {
        const struct fw_training_metric *metric = record->metrics[i];
        uint64_t before = names->n, number = sink_names_find(names, metric->name), bits;
        if (number == UINT64_MAX) {
            return false;
        }
        if (number == before) {
            append_definition(text, (uint32_t)number, metric->name);
        }
        memcpy(&bits, &metric->value, sizeof bits);
        append_piece(text, (uint32_t)number, (uint32_t)record->global_step, bits);
    }
    return true;
}

/* SPDX-License-Identifier: MIT */
#include "made.h"

#include <stdlib.h>

bool made_add_key(struct made *made, const char *const *texts, const int32_t *sizes)
{
    bool added = made->n_keys < UINT32_MAX;

    for (int i = 0; i < MADE_KEY && added; i++) {
        added = words_add(&made->words, texts[i], (size_t)sizes[i]);
    }
    made->n_keys += added;
    return added;
}

bool made_add_row(struct made *made, int table, const struct made_row *row)
{
    size_t n = made->tables[table].n, room = made->tables[table].room;

    if (n == room) {
        room = room > 0 ? 2 * room : 1024;
        struct made_row *larger = reallocarray(made->tables[table].rows, room, sizeof *larger);
        if (larger == NULL) {
            return false;
        }
        made->tables[table].rows = larger;
        made->tables[table].room = room;
    }
    made->tables[table].rows[made->tables[table].n++] = *row;
    return true;
}

void made_finish(struct made *made)
{
    for (int i = 0; i < MADE_TABLES; i++) {
        free(made->tables[i].rows);
    }
    words_finish(&made->words);
}

int made_compare(const struct made *made, uint32_t a, uint32_t b, int i)
{
    return words_compare(&made->words, (uint64_t)a * MADE_KEY + (uint64_t)i,
                         (uint64_t)b * MADE_KEY + (uint64_t)i);
}

/* SPDX-License-Identifier: MIT */
#include "made.h"

#include <stdlib.h>
#include <string.h>

/* Room for n more of what has n_used of *room. */
static bool grow(void *list, size_t n_used, size_t n, size_t *room, size_t size)
{
    size_t wanted = *room > 0 ? *room : 1024;
    void *larger;

    if (n_used + n <= *room) {
        return true;
    }
    while (wanted < n_used + n) {
        wanted *= 2;
    }
    memcpy(&larger, list, sizeof larger);
    larger = realloc(larger, wanted * size);
    if (larger == NULL) {
        return false;
    }
    memcpy(list, &larger, sizeof larger);
    *room = wanted;
    return true;
}

static bool add_text(struct made *made, const char *bytes, int32_t size, struct made_text *ret)
{
    *ret = (struct made_text){.size = size};
    if ((size_t)size <= sizeof ret->of.whole) {
        memcpy(ret->of.whole, bytes, (size_t)size);
        return true;
    }
    if (made->n_bytes > (size_t)(INT32_MAX - size) ||
        !grow(&made->bytes, made->n_bytes, (size_t)size, &made->n_bytes_room, 1)) {
        return false;
    }
    memcpy(made->bytes + made->n_bytes, bytes, (size_t)size);
    memcpy(ret->of.part.prefix, bytes, sizeof ret->of.part.prefix);
    ret->of.part.offset = (int32_t)made->n_bytes;
    made->n_bytes += (size_t)size;
    return true;
}

bool made_add_key(struct made *made, const char *const *texts, const int32_t *sizes)
{
    bool added = made->n_keys < UINT32_MAX &&
                 grow(&made->keys, made->n_keys, 1, &made->n_keys_room, sizeof *made->keys);

    for (int i = 0; i < 3 && added; i++) {
        added = add_text(made, texts[i], sizes[i], &made->keys[made->n_keys].texts[i]);
    }
    made->n_keys += added;
    return added;
}

bool made_add_row(struct made *made, int table, const struct made_row *row)
{
    if (!grow(&made->tables[table].rows, made->tables[table].n, 1, &made->tables[table].room,
              sizeof *row)) {
        return false;
    }
    made->tables[table].rows[made->tables[table].n++] = *row;
    return true;
}

void made_finish(struct made *made)
{
    for (int i = 0; i < MADE_TABLES; i++) {
        free(made->tables[i].rows);
        free(made->views[i]);
    }
    free(made->keys);
    free(made->bytes);
}

const char *made_text(const struct made *made, const struct made_text *text)
{
    return (size_t)text->size <= sizeof text->of.whole ? text->of.whole
                                                       : made->bytes + text->of.part.offset;
}

int made_compare(const struct made *made, uint32_t a, uint32_t b, int i)
{
    const struct made_text *one = &made->keys[a].texts[i], *other = &made->keys[b].texts[i];
    int32_t size = one->size < other->size ? one->size : other->size;
    int order = a == b ? 0 : memcmp(made_text(made, one), made_text(made, other), (size_t)size);

    return order != 0 ? order : (one->size > other->size) - (one->size < other->size);
}

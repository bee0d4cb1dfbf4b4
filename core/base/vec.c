/* SPDX-License-Identifier: MIT */
#include "base/vec.h"

int fw_vec_grow(void *items, size_t len, size_t *cap, size_t item_size)
{
    char *memory;
    memcpy(&memory, items, sizeof memory);
    if (len == *cap) {
        size_t wanted = *cap ? *cap * 2 : 4;
        memory = reallocarray(memory, wanted, item_size);
        if (!memory) {
            return -1;
        }
        memcpy(items, &memory, sizeof memory);
        *cap = wanted;
    }
    memset(memory + len * item_size, 0, item_size);
    return 0;
}

int fw_strings_take(struct fw_strings *list, char *text)
{
    char **slot = text ? fw_vec_add(list) : NULL;
    if (!slot) {
        free(text);
        return -1;
    }
    *slot = text;
    return 0;
}

int fw_strings_add(struct fw_strings *list, const char *text)
{
    return fw_strings_take(list, strdup(text));
}

const char *fw_strings_find(const struct fw_strings *list, const char *text)
{
    for (size_t i = 0; i < list->len; i++) {
        if (strcmp(list->items[i], text) == 0) {
            return list->items[i];
        }
    }
    return NULL;
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void fw_strings_sort(struct fw_strings *list)
{
    if (list->len > 1) {
        qsort(list->items, list->len, sizeof *list->items, compare_texts);
    }
}

void fw_strings_finish(struct fw_strings *list)
{
    for (size_t i = 0; i < list->len; i++) {
        free(list->items[i]);
    }
    free(list->items);
    *list = (struct fw_strings){0};
}

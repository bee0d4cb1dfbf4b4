/* SPDX-License-Identifier: MIT */
#include "delta/file_set.h"

#include <cjson/cJSON.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "delta/rows.h"

static int compare(const void *a, const void *b)
{
    const struct fw_delta_entry *left = a, *right = b;
    return strcmp(left->key, right->key);
}

void fw_delta_entry_destroy(struct fw_delta_entry *entry)
{
    if (entry != NULL) {
        free(entry->key);
        free(entry->file.path);
        free(entry->file.name);
        free(entry->file.stats);
        fw_delta_rows_finish(&entry->file.deleted);
        cJSON_Delete(entry->partition_values);
        cJSON_Delete(entry->deletion_vector);
        free(entry->where);
        free(entry);
    }
}

static void destroy_node(void *node)
{
    fw_delta_entry_destroy(node);
}

bool fw_delta_file_set_add(struct fw_delta_file_set *set, struct fw_delta_entry *entry)
{
    struct fw_delta_entry **slot = tsearch(entry, &set->tree, compare);
    if (slot == NULL) {
        fw_delta_entry_destroy(entry);
        return false;
    }
    if (*slot == entry) {
        set->n++;
    } else {
        fw_delta_entry_destroy(*slot);
        *slot = entry;
    }
    return true;
}

void fw_delta_file_set_remove(struct fw_delta_file_set *set, char *key)
{
    const struct fw_delta_entry probe = {.key = key};
    struct fw_delta_entry **slot = tfind(&probe, &set->tree, compare);
    if (slot != NULL) {
        struct fw_delta_entry *entry = *slot;
        tdelete(&probe, &set->tree, compare);
        fw_delta_entry_destroy(entry);
        set->n--;
    }
    free(key);
}

/* twalk_r hands one pointer through: the place where the next entry goes. */
static void collect(const void *node, VISIT visit, void *next)
{
    if (visit == postorder || visit == leaf) {
        struct fw_delta_entry ***place = next;
        *(*place)++ = *(struct fw_delta_entry *const *)node;
    }
}

struct fw_delta_entry **fw_delta_file_set_list(const struct fw_delta_file_set *set)
{
    struct fw_delta_entry **entries = calloc(set->n + 1, sizeof(struct fw_delta_entry *));
    if (entries != NULL) {
        struct fw_delta_entry **next = entries;
        twalk_r(set->tree, collect, &next);
    }
    return entries;
}

void fw_delta_file_set_finish(struct fw_delta_file_set *set)
{
    tdestroy(set->tree, destroy_node);
    *set = (struct fw_delta_file_set){0};
}

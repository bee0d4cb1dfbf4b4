/* SPDX-License-Identifier: MIT */
#include "leaf.h"

#include <inttypes.h>

#include "parquet/format.h"
#include "sql/fault.h"
#include "walk.h"

/*
 * Writers before parquet-mr 1.2.9 left the header of the dictionary out of a chunk's size
 * (PARQUET-816), so that its last page ends behind its end. Other readers allow as much.
 */
enum { MAX_UNCOUNTED = 100 };

void parquet_scratch_finish(struct parquet_scratch *scratch)
{
    parquet_unpacker_finish(&scratch->unpacker);
    parquet_room_finish(&scratch->chunk);
    parquet_room_finish(&scratch->page);
    parquet_room_finish(&scratch->dictionary);
    parquet_room_finish(&scratch->entries);
    parquet_room_finish(&scratch->places);
    parquet_room_finish(&scratch->borders);
    parquet_room_finish(&scratch->defs);
    parquet_room_finish(&scratch->reps);
    parquet_room_finish(&scratch->cells);
    parquet_room_finish(&scratch->made);
    parquet_room_finish(&scratch->numbers);
}

static fw_status damaged(const struct parquet_leaf_task *task, int64_t at, const char *expected)
{
    const struct fw_parquet_reader *reader = task->reader;
    const struct parquet_node *root = &task->column->root;
    const struct parquet_node *leaf = reader->schema.leaves[task->leaf];

    if (expected == parquet_no_memory) {
        return fw_fault_nomem(reader->host);
    }
    return fw_faultf(reader->host, FW_E_DATA, reader->path, "write the file again",
                     "row group %zu, column '%s'%s%s%s, byte %" PRId64 ": expected %s", task->group,
                     root->name, leaf != root ? ", field '" : "", leaf != root ? leaf->name : "",
                     leaf != root ? "'" : "", at, expected);
}

static const char *take_page(struct parquet_walk *walk, const struct parquet_page *page,
                             int64_t *n_left)
{
    if (page->type == PARQUET_PAGE_DICTIONARY) {
        walk->dictionary = *page;
        walk->has_dictionary = true;
        walk->entries = NULL;
        return NULL;
    }
    if (page->type != PARQUET_PAGE_DATA && page->type != PARQUET_PAGE_DATA_V2) {
        return NULL; /* readers are to pass over what they do not know */
    }
    if (page->n_values > *n_left) {
        return "no more values than the footer says";
    }
    *n_left -= page->n_values;
    return walk->take(walk, page);
}

/* A page begins within the chunk, and ends there, too, unless there is a dictionary. */
static const char *read_page(const struct parquet_walk *walk, struct parquet_bytes *bytes,
                             size_t size, struct parquet_page *page)
{
    const uint8_t *end = walk->task->scratch->chunk.data + size;
    const char *why = bytes->data < end ? parquet_page_read(bytes, page) : "the header of a page";

    return why == NULL && bytes->data > end && !walk->has_dictionary
               ? "a page that ends within its column chunk"
               : why;
}

/* Of a chunk of `size` bytes, or some more. */
static fw_status walk_pages(struct parquet_walk *walk, struct parquet_bytes bytes, size_t size,
                            int64_t start)
{
    const struct parquet_leaf_task *task = walk->task;
    int64_t n_left = task->reader->groups[task->group].chunks[task->leaf].n_values;
    const char *why = NULL;
    int64_t at = start;

    while (n_left > 0 && (walk->next < task->n_rows || walk->chosen)) {
        struct parquet_page page;
        at = start + (int64_t)(bytes.data - task->scratch->chunk.data);
        why = read_page(walk, &bytes, size, &page);
        if (why == NULL) {
            why = take_page(walk, &page, &n_left);
        }
        if (why != NULL) {
            return damaged(task, at, why);
        }
    }
    return walk->next == task->n_rows ? FW_OK
                                      : damaged(task, at, "as many rows as the row group has");
}

fw_status parquet_walk_all(struct parquet_walk *walk)
{
    const struct parquet_leaf_task *task = walk->task;
    const struct fw_parquet_reader *reader = task->reader;
    const struct parquet_chunk *chunk = &reader->groups[task->group].chunks[task->leaf];
    const bool first =
        chunk->dictionary_offset > 0 && chunk->dictionary_offset < chunk->data_offset;
    const int64_t start = first ? chunk->dictionary_offset : chunk->data_offset;

    walk->leaf = reader->schema.leaves[task->leaf];
    walk->codec = chunk->codec;
    walk->row = walk->leaf->levels.max_rep > 0 ? -1 : 0;
    if (task->n_rows == 0) {
        return FW_OK;
    }
    if (start < 0 || chunk->size < 0 || (uint64_t)start > reader->size ||
        (uint64_t)chunk->size > reader->size - (uint64_t)start) {
        return damaged(task, start, "a column chunk that lies within the file");
    }
    const size_t size = (size_t)chunk->size;
    const uint64_t behind = reader->size - (uint64_t)start - size;
    struct parquet_bytes bytes = {NULL, size + (behind < MAX_UNCOUNTED ? behind : MAX_UNCOUNTED)};
    uint8_t *data = parquet_room_of(&task->scratch->chunk, bytes.size, 1);
    if (data == NULL) {
        return fw_fault_nomem(reader->host);
    }
    bytes.data = data;
    fw_status status = parquet_file_read(reader, (uint64_t)start, data, bytes.size);
    return status == FW_OK ? walk_pages(walk, bytes, size, start) : status;
}

fw_status parquet_leaf_read(const struct parquet_leaf_task *task)
{
    const bool flat = task->reader->schema.leaves[task->leaf]->levels.max_rep == 0;
    struct parquet_walk walk = {.task = task,
                                .take = flat ? parquet_walk_flat : parquet_walk_nested};

    return parquet_walk_all(&walk);
}

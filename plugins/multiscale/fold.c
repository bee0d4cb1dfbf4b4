/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "entity.h"
#include "sql/stream.h"

/* Columns of what is read of a part: behind the values that there are stand file and row. */
enum { ENTITY, PLATFORM, OFFER, AT, VALUES };

/* The engine reads the files of a part in any order, and an entity may lie in two of them. */
static void read_rows(const void *self, const struct fw_wide_part *part, struct fw_text *select)
{
    const struct multiscale_table *table = self;

    fw_text_appendf(select, "SELECT entity_id, platform_name, offer_id, %s AS fw_at",
                    fw_text_get(&table->at));
    for (size_t i = 0; i < table->n_values; i++) {
        const char *name = multiscale_values[table->values[i]];
        fw_text_appendf(select, ", TRY_CAST(%s AS DOUBLE) AS %s", name, name);
    }
    fw_text_appendf(select,
                    ", CAST(" FW_SOURCE_FILE " AS BIGINT) AS fw_of, CAST(" FW_SOURCE_ROW
                    " AS BIGINT) AS fw_place FROM %s ORDER BY entity_id, fw_of, fw_place",
                    part->rows);
}

static const char *text_of(const struct ArrowArray *array, int64_t at, int32_t *ret_size)
{
    const int32_t *offsets = array->buffers[1];

    at += array->offset;
    *ret_size = offsets[at + 1] - offsets[at];
    return (const char *)array->buffers[2] + offsets[at];
}

static int64_t whole_of(const struct ArrowArray *array, int64_t at)
{
    return ((const int64_t *)array->buffers[1])[at + array->offset];
}

static bool is_there(const struct ArrowArray *array, int64_t at)
{
    const uint8_t *validity = array->buffers[0];

    at += array->offset;
    return validity == NULL || (validity[at / 8] >> at % 8 & 1) != 0;
}

/* A number, or nothing: NaN is NULL everywhere. */
static void read_values(const struct multiscale_table *table, const struct ArrowArray *batch,
                        int64_t at, struct entity_row *row)
{
    row->has = 0;
    for (size_t i = 0; i < table->n_values; i++) {
        const struct ArrowArray *array = batch->children[VALUES + i];
        double value = ((const double *)array->buffers[1])[at + array->offset];
        if (is_there(array, at) && value == value) {
            row->has |= (uint8_t)(1 << table->values[i]);
            row->values[table->values[i]] = value;
        }
    }
}

/* The key is the one of the row before, mostly; a new entity ends the one before. */
static bool find_key(struct entity *entity, const struct ArrowArray *batch, int64_t at,
                     uint32_t *ret_key)
{
    const char *texts[3];
    int32_t sizes[3];
    bool same[3];

    for (int i = 0; i < 3; i++) {
        texts[i] = text_of(batch->children[ENTITY + i], at, &sizes[i]);
        same[i] = entity->n_rows > 0 && entity_has_text(entity, i, texts[i], sizes[i]);
    }
    bool good = same[0] || entity_finish(entity);
    if (good && !(same[0] && same[1] && same[2])) {
        good = made_add_key(&entity->made, texts, sizes);
    }
    *ret_key = (uint32_t)entity->made.n_keys - 1;
    return good;
}

static bool has_key(const struct ArrowArray *batch, int64_t at)
{
    return is_there(batch->children[ENTITY], at) && is_there(batch->children[PLATFORM], at) &&
           is_there(batch->children[OFFER], at) && is_there(batch->children[AT], at);
}

static bool take_rows(const struct multiscale_table *table, struct entity *entity,
                      const struct ArrowArray *batch)
{
    struct entity_row row = {0};
    bool good = true;

    for (int64_t i = 0; i < batch->length && good; i++) {
        int64_t at = i + batch->offset;
        if (has_key(batch, at)) {
            row.at = whole_of(batch->children[AT], at);
            row.file = whole_of(batch->children[VALUES + table->n_values], at);
            row.row = whole_of(batch->children[VALUES + table->n_values + 1], at);
            read_values(table, batch, at, &row);
            good = find_key(entity, batch, at, &row.key) && entity_add(entity, &row);
        }
    }
    return good;
}

static fw_status take(const void *self, void **kept, struct ArrowArray *batch)
{
    const struct multiscale_table *table = self;
    struct entity *entity = *kept != NULL ? *kept : calloc(1, sizeof *entity);
    bool good = entity != NULL;

    *kept = entity;
    if (good) {
        entity->skip_nulls = table->settings->stage_skip_nulls;
        good = batch != NULL ? take_rows(table, entity, batch) : entity_finish(entity);
    }
    if (batch != NULL) {
        batch->release(batch);
    }
    return good ? FW_OK : fw_fault_nomem(table->host);
}

static fw_status write_table(const void *self, const void *kept, size_t output, const char *path,
                             uint64_t *ret_rows)
{
    const struct entity *entity = kept;

    *ret_rows = entity->made.tables[output].n;
    return made_write(self, &entity->made, (int)output, path);
}

static void drop(void *kept)
{
    struct entity *entity = kept;

    if (entity != NULL) {
        made_finish(&entity->made);
        free(entity->rows);
        free(entity);
    }
}

const struct fw_wide_fold multiscale_offers_fold = {
    .read = read_rows, .take = take, .write = write_table, .drop = drop};

/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "entity.h"
#include "sql/stream.h"

/* Columns of what is read of a part. */
enum { ENTITY, PLATFORM, OFFER, AT, FILE_NUMBER, ROW_NUMBER, VALUES };

/* A number, or nothing: NaN is NULL everywhere. */
static void append_value(const struct multiscale_table *table, const char *name,
                         struct fw_text *text)
{
    if (fw_source_column(table->source, name) != NULL) {
        fw_text_appendf(text, ", nullif(TRY_CAST(%s AS DOUBLE), 'nan'::DOUBLE) AS %s", name, name);
    } else {
        fw_text_appendf(text, ", NULL::DOUBLE AS %s", name);
    }
}

static void read_rows(const void *self, const struct fw_wide_part *part, struct fw_text *select)
{
    const struct multiscale_table *table = self;

    fw_text_appendf(select,
                    "SELECT entity_id, platform_name, offer_id, epoch_us(%s) AS fw_at, "
                    "CAST(" FW_SOURCE_FILE " AS BIGINT) AS fw_of, CAST(" FW_SOURCE_ROW
                    " AS BIGINT) AS fw_place",
                    fw_text_get(&table->at));
    for (size_t i = 0; i < MULTISCALE_VALUES; i++) {
        append_value(table, multiscale_values[i], select);
    }
    fw_text_appendf(
        select,
        " FROM %s WHERE platform_name IS NOT NULL AND offer_id IS NOT NULL AND fw_at IS "
        "NOT NULL",
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

static void read_values(const struct ArrowArray *batch, int64_t at, struct entity_row *row)
{
    row->has = 0;
    for (int i = 0; i < MULTISCALE_VALUES; i++) {
        const struct ArrowArray *array = batch->children[VALUES + i];
        const uint8_t *validity = array->buffers[0];
        int64_t place = at + array->offset;
        if (validity == NULL || (validity[place / 8] >> place % 8 & 1) != 0) {
            row->has |= (uint8_t)(1 << i);
            row->values[i] = ((const double *)array->buffers[1])[place];
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

static bool take_rows(struct entity *entity, const struct ArrowArray *batch)
{
    struct entity_row row;
    bool good = true;

    for (int64_t i = 0; i < batch->length && good; i++) {
        int64_t at = i + batch->offset;
        row.at = whole_of(batch->children[AT], at);
        row.file = whole_of(batch->children[FILE_NUMBER], at);
        row.row = whole_of(batch->children[ROW_NUMBER], at);
        read_values(batch, at, &row);
        good = find_key(entity, batch, at, &row.key) && entity_add(entity, &row);
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
        good = batch != NULL ? take_rows(entity, batch) : entity_finish(entity);
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

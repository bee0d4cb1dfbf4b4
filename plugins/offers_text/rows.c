/* SPDX-License-Identifier: MIT */
#include "instant/instant.h"
#include "offer/offer.h"
#include "texts.h"

static void append_keys(const struct texts *texts, struct fw_text *sql)
{
    fw_text_appendf(sql, "SELECT %s AS fw_entity, CAST(", fw_text_get(&texts->entity));
    fw_instant_append(sql, texts->keys.instant);
    fw_text_append(sql, " AS DATE) AS fw_day, (");
    for (size_t i = 0; i < texts->n_columns; i++) {
        fw_text_append(sql, i > 0 ? " OR " : "");
        fw_text_identifier(sql, texts->columns[i]->name);
        fw_text_append(sql, " IS NOT NULL");
    }
    fw_text_append(sql, ") AS fw_any, {");
    if (texts->keys.processed != NULL) {
        fw_text_append(sql, "'processed': ");
        fw_offer_append_sortable(sql, texts->keys.processed);
        fw_text_append(sql, ", ");
    }
    if (texts->keys.time != NULL) {
        fw_text_append(sql, "'crawled': ");
        fw_offer_append_sortable(sql, texts->keys.time);
        fw_text_append(sql, ", ");
    }
    fw_text_append(sql,
                   "'file': " FW_SOURCE_FILE "::BIGINT, 'row': " FW_SOURCE_ROW "} AS fw_place");
}

/* By number: an output's name may be a key's. */
static void append_texts(const struct texts *texts, struct fw_text *sql)
{
    for (size_t i = 0; i < texts->n_columns; i++) {
        const struct fw_source_column *column = texts->columns[i];
        fw_text_append(sql, ", ");
        if (column->nested) {
            fw_text_append(sql, "fw_canonical_json(");
            fw_text_identifier(sql, column->name);
            fw_text_append(sql, ")");
        } else {
            fw_offer_append_text(sql, column);
        }
        fw_text_appendf(sql, " AS fw_text_%zu", i);
    }
}

/*
 * The best row of each entity and day among these rows, in full, found on narrow columns; and a row
 * for each entity that counts those that take no part.
 */
void texts_take(const void *self, const struct fw_wide_rows *rows, struct fw_text *sql)
{
    const struct texts *texts = self;

    fw_text_append(sql, "SELECT fw_entity AS entity_id, fw_best.fw_day, fw_best.fw_place, "
                        "0::BIGINT AS fw_bad, 0::BIGINT AS fw_null, ");
    fw_offer_append_text(sql, texts->keys.platform);
    fw_text_append(sql, " AS fw_platform, ");
    fw_offer_append_text(sql, texts->keys.offer);
    fw_text_append(sql, " AS fw_offer");
    append_texts(texts, sql);
    fw_text_appendf(sql,
                    " FROM %s AS fw_raw JOIN (SELECT fw_entity, fw_day, max(fw_place) AS fw_place "
                    "FROM (",
                    rows->select);
    append_keys(texts, sql);
    fw_text_appendf(sql,
                    " FROM %s) WHERE fw_entity IS NOT NULL AND fw_day IS NOT NULL AND fw_any GROUP "
                    "BY fw_entity, fw_day) AS fw_best ON fw_raw." FW_SOURCE_FILE
                    " = fw_best.fw_place.file AND fw_raw." FW_SOURCE_ROW
                    " = fw_best.fw_place.row UNION ALL BY NAME SELECT fw_entity AS entity_id, "
                    "count(*) FILTER (fw_day IS NULL) AS fw_bad, count(*) FILTER (fw_day IS NOT "
                    "NULL AND NOT fw_any) AS fw_null FROM (",
                    rows->select);
    append_keys(texts, sql);
    fw_text_appendf(sql,
                    " FROM %s) WHERE fw_entity IS NOT NULL AND (fw_day IS NULL OR NOT fw_any) "
                    "GROUP BY fw_entity",
                    rows->select);
}

void texts_probe(const void *self, const struct fw_wide_part *part, struct fw_text *sql)
{
    (void)self;
    fw_text_appendf(sql,
                    "SELECT COALESCE(sum(fw_bad), 0)::BIGINT, COALESCE(sum(fw_null), 0)::BIGINT, "
                    "count(DISTINCT entity_id) FILTER (fw_day IS NOT NULL), 0::BIGINT FROM %s",
                    part->rows);
}

void texts_finish(const void *self, const struct fw_wide_part *part, struct fw_text *sql)
{
    const struct texts *texts = self;

    fw_text_append(sql, "SELECT fw_rows.entity_id, fw_platform AS platform_name, fw_offer AS "
                        "offer_id, ");
    fw_text_append(sql, texts->compat ? "CAST(fw_rows.fw_day AS VARCHAR)" : "fw_rows.fw_day");
    fw_text_append(sql, " AS crawled_date_day");
    for (size_t i = 0; i < texts->n_columns; i++) {
        fw_text_appendf(sql, ", fw_text_%zu AS ", i);
        fw_text_identifier(sql, texts->columns[i]->name);
    }
    fw_text_appendf(sql,
                    " FROM %s AS fw_rows JOIN (SELECT max(fw_place) AS fw_place FROM %s WHERE "
                    "fw_day IS NOT NULL GROUP BY entity_id, fw_day) AS fw_best ON "
                    "fw_rows.fw_place.file = fw_best.fw_place.file AND fw_rows.fw_place.row = "
                    "fw_best.fw_place.row ORDER BY fw_rows.entity_id, fw_rows.fw_day",
                    part->rows, part->rows);
}

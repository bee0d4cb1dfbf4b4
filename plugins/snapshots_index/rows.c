/* SPDX-License-Identifier: MIT */
#include "index.h"
#include "instant/instant.h"

/* What a CIK is when there is none; the reference does not know the last two. */
static void append_is_missing(const struct index *index, struct fw_text *text)
{
    fw_text_append(text, "(cik IS NULL OR cik IN ('', 'nan', 'None', 'NaN'");
    fw_text_append(text, index->compat ? "))" : ", '<NA>') OR regexp_full_match(cik, '\\s+'))");
}

/* Trimmed, and what is all digits filled up to ten of them, as the filings have it. */
static void append_normal(struct fw_text *text)
{
    fw_text_append(text, "(CASE WHEN regexp_full_match(trim(cik), '[0-9]{1,9}') THEN "
                         "lpad(trim(cik), 10, '0') ELSE trim(cik) END)");
}

static void append_column(const struct index *index, int column, const char *name,
                          struct fw_text *text)
{
    fw_text_append(text, "CAST(");
    fw_text_identifier(text, index->names[column]);
    fw_text_appendf(text, " AS VARCHAR) AS %s, ", name);
}

void index_keep(const void *self, const char *rows, struct fw_text *select)
{
    const struct index *index = self;

    fw_text_append(select, "SELECT CASE WHEN kept THEN entity_id END AS entity_id, CASE WHEN kept "
                           "THEN platform_name END AS platform_name, CASE WHEN kept THEN offer_id "
                           "END AS offer_id, CASE WHEN kept THEN ");
    if (index->normalize_cik) {
        append_normal(select);
    } else {
        fw_text_append(select, "cik");
    }
    fw_text_append(select, " END AS cik, CASE WHEN kept THEN snapshot_ts END AS snapshot_ts, kept, "
                           "no_cik, count(*) AS n FROM (SELECT *, ");
    append_is_missing(index, select);
    fw_text_append(select, " AS no_cik, NOT no_cik AND snapshot_ts IS NOT NULL AS kept FROM ("
                           "SELECT ");
    append_column(index, INDEX_ENTITY, "entity_id", select);
    append_column(index, INDEX_PLATFORM, "platform_name", select);
    append_column(index, INDEX_OFFER, "offer_id", select);
    append_column(index, INDEX_CIK, "cik", select);
    fw_instant_append(select, index->columns[INDEX_INSTANT]);
    fw_text_appendf(select, " AS snapshot_ts FROM %s)) GROUP BY ALL", rows);
}

void index_make_offer_day(const void *self, const struct fw_fold *fold, struct fw_text *select)
{
    (void)self;
    fw_text_append(select, "SELECT DISTINCT entity_id, platform_name, offer_id, cik, "
                           "CAST(snapshot_ts AS DATE) AS snapshot_day, snapshot_ts, "
                           "CAST(CAST(snapshot_ts AS DATE) AS VARCHAR) AS crawled_date_day FROM ");
    fw_fold_append_rows(fold, "daily", select);
    fw_text_append(select, " WHERE kept ORDER BY ALL");
}

void index_make_cik_day(const void *self, const struct fw_fold *fold, struct fw_text *select)
{
    (void)self;
    fw_text_append(select, "SELECT DISTINCT cik, snapshot_ts, crawled_date_day FROM ");
    fw_fold_append_rows(fold, "offer_day", select);
    fw_text_append(select, " ORDER BY ALL");
}

void index_make_facts(const void *self, const struct fw_fold *fold, struct fw_text *select)
{
    (void)self;
    fw_text_append(select, "SELECT * FROM (SELECT COALESCE(sum(n) FILTER (no_cik), 0) AS "
                           "dropped_cik, COALESCE(sum(n) FILTER (NOT no_cik AND NOT kept), 0) AS "
                           "dropped_ts FROM ");
    fw_fold_append_rows(fold, "daily", select);
    fw_text_append(select, "), (SELECT count(*) AS offer_day_rows FROM ");
    fw_fold_append_rows(fold, "offer_day", select);
    fw_text_append(select, "), (SELECT count(*) AS cik_day_rows, count(DISTINCT cik) AS unique_cik "
                           "FROM ");
    fw_fold_append_rows(fold, "cik_day", select);
    fw_text_append(select, ")");
}

/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "instant/instant.h"
#include "multiscale.h"

/* What the reference keeps of the store beside cik and day. */
enum { COMPAT_COLUMNS = 20 };

static const char cik[] = "cik", day[] = "crawled_date_day";

fw_status multiscale_edgar_find(struct multiscale_table *table, const struct fw_host *host)
{
    const struct fw_source_column *key = fw_source_column(table->source, cik);
    const struct fw_source_column *time = fw_source_column(table->source, day);

    if (key == NULL || time == NULL || strcmp(key->sql_type, "VARCHAR") != 0) {
        return fw_faultf(host, FW_E_DATA, key == NULL || time != NULL ? cik : day,
                         "give the store as the stage edgar_features makes it",
                         "the feature store needs a column cik, a text, and crawled_date_day");
    }
    table->names[0] = cik; /* what the census reads; later all columns are read */
    fw_text_append(&table->entity, cik);
    fw_instant_append(&table->at, time);
    return table->at.failed || table->entity.failed ? fw_fault_nomem(host) : FW_OK;
}

static bool is_key(const char *name)
{
    return strcmp(name, cik) == 0 || strcmp(name, day) == 0;
}

/* Where the last row of each cik and period lies. */
static void append_winners(const struct multiscale_table *table, const char *rows,
                           const char *period, struct fw_text *text)
{
    fw_text_appendf(text,
                    "SELECT cik AS fw_cik, CAST(date_trunc('%s', fw_at) AS TIMESTAMP) AS "
                    "fw_period, max(fw_key) AS fw_last FROM (SELECT cik, %s AS fw_at, ",
                    period, fw_text_get(&table->at));
    multiscale_append_key(table, text);
    fw_text_appendf(text, " AS fw_key FROM %s) WHERE fw_at IS NOT NULL GROUP BY 1, 2", rows);
}

/* Whichever rows of a chunk come last in their period there: no other can be the last of all. */
void multiscale_edgar_take(const void *self, const struct fw_wide_rows *rows,
                           struct fw_text *select)
{
    const struct multiscale_table *table = self;

    fw_text_appendf(select, "SELECT * FROM %s WHERE ", rows->select);
    multiscale_append_key(table, select);
    fw_text_append(select, " IN (SELECT fw_last FROM (");
    append_winners(table, rows->select, "week", select);
    fw_text_append(select, ") UNION SELECT fw_last FROM (");
    append_winners(table, rows->select, "month", select);
    fw_text_append(select, "))");
}

/* All that the store says on the last day of a period: figures of one filing. */
static void append_last_rows(const struct multiscale_table *table, const struct fw_wide_part *part,
                             const char *period, struct fw_text *select)
{
    fw_text_appendf(select, "SELECT cik, fw_period AS period_start, %s AS snapshot_ts",
                    fw_text_get(&table->at));
    for (size_t i = 0; i < table->source->n_columns; i++) {
        if (!is_key(table->source->columns[i].name)) {
            fw_text_append(select, ", ");
            fw_text_identifier(select, table->source->columns[i].name);
        }
    }
    fw_text_appendf(select, " FROM %s JOIN (", part->rows);
    append_winners(table, part->rows, period, select);
    fw_text_append(select, ") ON fw_last = ");
    multiscale_append_key(table, select);
    fw_text_append(select, " ORDER BY cik, period_start");
}

/* The reference: of each of the first columns the last value that is there (freeze §7.3). */
static void append_last_values(const struct multiscale_table *table,
                               const struct fw_wide_part *part, const char *period,
                               struct fw_text *select)
{
    const char *at = fw_text_get(&table->at);
    bool is_week = strcmp(period, "week") == 0;

    fw_text_appendf(select, "SELECT cik, max(%s) AS snapshot_ts", at);
    for (size_t i = 0, n = 0; i < table->source->n_columns && n < COMPAT_COLUMNS; i++) {
        if (!is_key(table->source->columns[i].name)) {
            fw_text_append(select, ", arg_max(");
            fw_text_identifier(select, table->source->columns[i].name);
            fw_text_append(select, ", ");
            multiscale_append_key(table, select);
            fw_text_append(select, ") AS ");
            fw_text_identifier(select, table->source->columns[i].name);
            n++;
        }
    }
    if (is_week) {
        fw_text_appendf(select,
                        ", strftime(date_trunc('week', %s), '%%Y-%%m-%%d/') || "
                        "strftime(date_trunc('week', %s) + INTERVAL 6 DAY, '%%Y-%%m-%%d') AS _week",
                        at, at);
    } else {
        fw_text_appendf(select, ", strftime(%s, '%%Y-%%m') AS _month", at);
    }
    fw_text_appendf(select, " FROM %s WHERE %s IS NOT NULL GROUP BY cik, _%s ORDER BY cik, _%s",
                    part->rows, at, period, period);
}

static void append_periods(const struct multiscale_table *table, const struct fw_wide_part *part,
                           const char *period, struct fw_text *select)
{
    (table->settings->compat ? append_last_values : append_last_rows)(table, part, period, select);
}

void multiscale_edgar_weekly(const void *self, const struct fw_wide_part *part,
                             struct fw_text *select)
{
    append_periods(self, part, "week", select);
}

void multiscale_edgar_monthly(const void *self, const struct fw_wide_part *part,
                              struct fw_text *select)
{
    append_periods(self, part, "month", select);
}

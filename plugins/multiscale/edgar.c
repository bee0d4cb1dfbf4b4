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

/* The weeks of a store by offer and day are its companies', so an offer is no figure. */
bool multiscale_edgar_is_key(const char *name)
{
    return strcmp(name, cik) == 0 || strcmp(name, day) == 0 || strcmp(name, "platform_name") == 0 ||
           strcmp(name, "offer_id") == 0;
}

/*
 * Whichever rows of a chunk come last in their week or in their month there: no other can be the
 * last of all. The last of a week's days in one month is one of them, and so is the other way
 * round.
 */
void multiscale_edgar_take(const void *self, const struct fw_wide_rows *rows,
                           struct fw_text *select)
{
    const struct multiscale_table *table = self;
    const char *at = fw_text_get(&table->at);

    fw_text_appendf(select,
                    "SELECT * FROM %s AS fw_rows SEMI JOIN (SELECT cik, max(%s) AS fw_at FROM %s "
                    "GROUP BY cik, date_trunc('week', %s), month(%s)) AS fw_last ON fw_rows.cik = "
                    "fw_last.cik AND %s = fw_last.fw_at",
                    rows->select, at, rows->select, at, at, at);
}

/*
 * All that the store says on the last day of a period: figures of one filing. That is the row
 * before the first one of another period or cik; rows of one instant are in the order of the table.
 * The sort finds them in order and fills row groups that do not depend on what was left out.
 */
static void append_last_rows(const struct multiscale_table *table, const struct fw_wide_part *part,
                             const char *period, struct fw_text *select)
{
    const char *at = fw_text_get(&table->at);

    fw_text_append(select, "SELECT cik, fw_period AS period_start, fw_at AS snapshot_ts");
    for (size_t i = 0; i < table->source->n_columns; i++) {
        if (!multiscale_edgar_is_key(table->source->columns[i].name)) {
            fw_text_append(select, ", ");
            fw_text_identifier(select, table->source->columns[i].name);
        }
    }
    fw_text_appendf(select,
                    " FROM (SELECT *, lead(cik) OVER () IS DISTINCT FROM cik OR lead(fw_period) "
                    "OVER () <> fw_period AS fw_is_last FROM (SELECT *, %s AS fw_at, "
                    "CAST(date_trunc('%s', %s) AS TIMESTAMP) AS fw_period FROM %s)) WHERE "
                    "fw_is_last ORDER BY cik, period_start",
                    at, period, at, part->rows);
}

/* The reference: of each of the first columns the last value that is there. */
static void append_last_values(const struct multiscale_table *table,
                               const struct fw_wide_part *part, const char *period,
                               struct fw_text *select)
{
    const char *at = fw_text_get(&table->at);
    bool is_week = strcmp(period, "week") == 0;

    fw_text_appendf(select, "SELECT cik, max(%s) AS snapshot_ts", at);
    for (size_t i = 0, n = 0; i < table->source->n_columns && n < COMPAT_COLUMNS; i++) {
        if (!multiscale_edgar_is_key(table->source->columns[i].name)) {
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

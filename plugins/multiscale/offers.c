/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "instant/instant.h"
#include "multiscale.h"

const char *const multiscale_values[MULTISCALE_VALUES] = {"funding_raised_usd", "funding_goal_usd",
                                                          "investors_count"};

#define KEYS "entity_id, platform_name, offer_id"

void multiscale_append_key(const struct multiscale_table *table, struct fw_text *text)
{
    /* 2^64 and 2^40: an instant, then a file, then a row of it. */
    fw_text_appendf(text,
                    "(epoch_us(%s)::HUGEINT * 18446744073709551616 + " FW_SOURCE_FILE
                    "::HUGEINT * 1099511627776 + " FW_SOURCE_ROW ")",
                    fw_text_get(&table->at));
}

static fw_status check_text(const struct multiscale_table *table, const struct fw_host *host,
                            const char *name)
{
    const struct fw_source_column *column = fw_source_column(table->source, name);

    if (column == NULL) {
        return fw_faultf(host, FW_E_MISSING, name,
                         "give the daily table as the stage daily makes it",
                         "the daily table has no column %s", name);
    }
    return strcmp(column->sql_type, "VARCHAR") == 0
               ? FW_OK
               : fw_faultf(host, FW_E_DATA, name, "convert it, say in a stage sql before this one",
                           "the column is a %s where a text is needed", column->sql_type);
}

fw_status multiscale_offers_find(struct multiscale_table *table, const struct fw_host *host)
{
    static const char *const keys[] = {"entity_id", "platform_name", "offer_id"};
    fw_status status = FW_OK;

    for (size_t i = 0; i < FW_COUNT(keys) && status == FW_OK; i++) {
        status = check_text(table, host, keys[i]);
        table->names[table->n_names++] = keys[i];
    }
    const struct fw_source_column *instant = fw_source_column(table->source, "snapshot_ts");
    if (status == FW_OK && instant == NULL) {
        status = fw_faultf(host, FW_E_MISSING, "snapshot_ts",
                           "give the daily table as the stage daily makes it",
                           "the daily table has no column snapshot_ts");
    }
    if (status != FW_OK) {
        return status;
    }
    table->names[table->n_names++] = instant->name;
    for (size_t i = 0; i < MULTISCALE_VALUES; i++) {
        if (fw_source_column(table->source, multiscale_values[i]) != NULL) {
            table->names[table->n_names++] = multiscale_values[i];
        }
    }
    fw_text_append(&table->entity, "entity_id");
    fw_instant_append(&table->at, instant);
    return table->at.failed || table->entity.failed ? fw_fault_nomem(host) : FW_OK;
}

/* A number, or nothing: NaN is NULL everywhere. */
static void append_value(const char *name, struct fw_text *text)
{
    fw_text_appendf(text, "nullif(TRY_CAST(%s AS DOUBLE), 'nan'::DOUBLE)", name);
}

/* Rows that have all their keys and a time, narrow. */
static void append_rows(const struct multiscale_table *table, const struct fw_wide_part *part,
                        struct fw_text *text)
{
    fw_text_appendf(text, "(SELECT " KEYS ", %s AS fw_at, ", fw_text_get(&table->at));
    multiscale_append_key(table, text);
    fw_text_append(text, " AS fw_key");
    for (size_t i = 0; i < MULTISCALE_VALUES; i++) {
        if (fw_source_column(table->source, multiscale_values[i]) != NULL) {
            fw_text_append(text, ", ");
            append_value(multiscale_values[i], text);
            fw_text_appendf(text, " AS fw_v%zu", i);
        }
    }
    fw_text_appendf(text,
                    " FROM %s WHERE platform_name IS NOT NULL AND offer_id IS NOT NULL AND fw_at "
                    "IS NOT NULL)",
                    part->rows);
}

/*
 * Rows that break the plans for rows in order: not of a later day than the row before of the
 * entity, or of another offer.
 */
void multiscale_offers_probe(const void *self, const struct fw_wide_part *part,
                             struct fw_text *select)
{
    const struct multiscale_table *table = self;

    fw_text_append(select,
                   "SELECT count(*), 0, 0, 0 FROM (SELECT entity_id = lag(entity_id) OVER () AND "
                   "NOT (coalesce(fw_day > lag(fw_day) OVER (), false) AND platform_name IS NOT "
                   "DISTINCT FROM lag(platform_name) OVER () AND offer_id IS NOT DISTINCT FROM "
                   "lag(offer_id) OVER ()) AS fw_breaks FROM (SELECT " KEYS);
    fw_text_appendf(select, ", CAST(%s AS DATE) AS fw_day FROM %s)) WHERE fw_breaks",
                    fw_text_get(&table->at), part->rows);
}

static bool in_order(const struct fw_wide_part *part)
{
    return part->facts[0] == 0;
}

/* arg_max passes over NULLs: of each measure the last value that is there. */
static void append_measures(const struct multiscale_table *table, struct fw_text *select)
{
    for (size_t i = 0; i < MULTISCALE_VALUES; i++) {
        if (fw_source_column(table->source, multiscale_values[i]) != NULL) {
            fw_text_appendf(select, ", arg_max(fw_v%zu, fw_key) AS %s", i, multiscale_values[i]);
        }
    }
}

/* Groups are stretches of rows, so they are numbered and no text is hashed or compared twice. */
static void append_stretches(const struct multiscale_table *table, const struct fw_wide_part *part,
                             const char *period, struct fw_text *select)
{
    fw_text_append(select, "SELECT first(entity_id) AS entity_id, first(platform_name) AS "
                           "platform_name, first(offer_id) AS offer_id");
    append_measures(table, select);
    fw_text_append(select,
                   ", first(fw_period) AS snapshot_ts FROM (SELECT *, count(fw_new) OVER (ROWS "
                   "UNBOUNDED PRECEDING) AS fw_group FROM (SELECT *, CASE WHEN coalesce(entity_id "
                   "= lag(entity_id) OVER () AND fw_period = lag(fw_period) OVER (), false) THEN "
                   "NULL ELSE 1 END AS fw_new FROM (SELECT *, ");
    fw_text_appendf(select, "CAST(date_trunc('%s', fw_at) AS TIMESTAMP) AS fw_period FROM ",
                    period);
    append_rows(table, part, select);
    fw_text_append(select, "))) GROUP BY fw_group ORDER BY fw_group");
}

static void append_groups(const struct multiscale_table *table, const struct fw_wide_part *part,
                          const char *period, struct fw_text *select)
{
    fw_text_append(select, "SELECT " KEYS);
    append_measures(table, select);
    fw_text_appendf(select, ", CAST(date_trunc('%s', fw_at) AS TIMESTAMP) AS snapshot_ts FROM ",
                    period);
    append_rows(table, part, select);
    fw_text_append(select, " GROUP BY " KEYS ", snapshot_ts ORDER BY " KEYS ", snapshot_ts");
}

static void append_periods(const struct multiscale_table *table, const struct fw_wide_part *part,
                           const char *period, struct fw_text *select)
{
    (in_order(part) ? append_stretches : append_groups)(table, part, period, select);
}

void multiscale_offers_weekly(const void *self, const struct fw_wide_part *part,
                              struct fw_text *select)
{
    append_periods(self, part, "week", select);
}

void multiscale_offers_monthly(const void *self, const struct fw_wide_part *part,
                               struct fw_text *select)
{
    append_periods(self, part, "month", select);
}

#define STAGE_COLUMNS KEYS ", fw_at AS snapshot_ts, CAST(fw_at AS DATE) AS snapshot_day, "

/*
 * A stage begins where the amount raised is not that of the row before, up or down. A row without
 * an amount begins none, and neither does the one after it, unless such rows are passed over.
 */
static void append_stages(const struct multiscale_table *table, const struct fw_wide_part *part,
                          struct fw_text *select)
{
    bool any = fw_source_column(table->source, multiscale_values[0]) != NULL;
    const char *before = table->settings->stage_skip_nulls
                             ? "last_value(fw_v0 IGNORE NULLS) OVER (PARTITION BY entity_id ORDER "
                               "BY fw_key ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)"
                             : "lag(fw_v0) OVER (PARTITION BY entity_id ORDER BY fw_key)";

    fw_text_append(select, "(SELECT " STAGE_COLUMNS "count(CASE WHEN fw_changed THEN 1 END) OVER "
                           "(PARTITION BY entity_id ORDER BY fw_key) AS stage FROM (SELECT *, ");
    fw_text_append(select, any ? "fw_v0 <> " : "false");
    fw_text_append(select, any ? before : "");
    fw_text_append(select, " AS fw_changed FROM ");
    append_rows(table, part, select);
    fw_text_append(select, "))");
}

/* Changes are counted through the part; those before an entity's first row are not its own. */
static void append_stages_in_order(const struct multiscale_table *table,
                                   const struct fw_wide_part *part, struct fw_text *select)
{
    fw_text_append(select,
                   "(SELECT " STAGE_COLUMNS "fw_changes - max(CASE WHEN fw_first THEN fw_changes "
                   "END) OVER (ROWS UNBOUNDED PRECEDING) AS stage FROM (SELECT *, count(CASE WHEN "
                   "fw_changed AND NOT fw_first THEN 1 END) OVER (ROWS UNBOUNDED PRECEDING) AS "
                   "fw_changes FROM (SELECT *, coalesce(lag(entity_id) OVER () <> entity_id, true) "
                   "AS fw_first, fw_v0 <> lag(fw_v0) OVER () AS fw_changed FROM ");
    append_rows(table, part, select);
    fw_text_append(select, ")))");
}

/* Rows of later and later days are distinct, and in order already. */
static bool streams_stages(const struct multiscale_table *table, const struct fw_wide_part *part)
{
    return in_order(part) && !table->settings->stage_skip_nulls &&
           fw_source_column(table->source, multiscale_values[0]) != NULL;
}

void multiscale_stage_table(const void *self, const struct fw_wide_part *part,
                            struct fw_text *select)
{
    if (streams_stages(self, part)) {
        fw_text_append(select, "SELECT * FROM ");
        append_stages_in_order(self, part, select);
        return;
    }
    fw_text_append(select, "SELECT DISTINCT * FROM ");
    append_stages(self, part, select);
    fw_text_append(select, " ORDER BY entity_id, snapshot_ts, platform_name, offer_id, stage");
}

void multiscale_day_to_stage(const void *self, const struct fw_wide_part *part,
                             struct fw_text *select)
{
    if (streams_stages(self, part)) {
        fw_text_append(select, "SELECT entity_id, snapshot_day, stage FROM ");
        append_stages_in_order(self, part, select);
        return;
    }
    fw_text_append(select, "SELECT DISTINCT entity_id, snapshot_day, stage FROM ");
    append_stages(self, part, select);
    fw_text_append(select, " ORDER BY entity_id, snapshot_day, stage");
}

/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "cardinality.h"
#include "instant/instant.h"
#include "manifest/manifest.h"
#include "offer/offer.h"

static const char *const ports[CARDINALITY_N_TABLES] = {
    [CARDINALITY_RAW] = "raw",     [CARDINALITY_CORE] = "core",   [CARDINALITY_TEXT] = "text",
    [CARDINALITY_INDEX] = "index", [CARDINALITY_EDGAR] = "edgar", [CARDINALITY_FILINGS] = "filings",
};

const char *cardinality_path(const struct cardinality *c, int table)
{
    return fw_task_input(c->task, ports[table])->paths[0];
}

static void add_name(struct cardinality_table *table, const struct fw_source_column *column)
{
    for (size_t i = 0; i < table->n_names; i++) {
        if (column == NULL || strcmp(table->names[i], column->name) == 0) {
            return;
        }
    }
    if (column != NULL) {
        table->names[table->n_names++] = column->name;
    }
}

static void append_day(struct fw_text *text, const struct fw_source_column *column)
{
    fw_text_append(text, "CAST(");
    fw_instant_append(text, column);
    fw_text_append(text, " AS DATE)");
}

static fw_status need(const struct cardinality *c, int which, const char *const *names,
                      const struct fw_source_column **ret_column)
{
    const struct fw_source *source = c->tables[which].source;

    *ret_column = NULL;
    for (size_t i = 0; names[i] != NULL && *ret_column == NULL; i++) {
        *ret_column = fw_source_column(source, names[i]);
    }
    return *ret_column != NULL
               ? FW_OK
               : fw_faultf(c->host, FW_E_MISSING, cardinality_path(c, which), NULL,
                           "the table of the port %s has no column \"%s\"", ports[which], names[0]);
}

/* The reference makes an empty text of a null key, and so counts rows that no snapshot has. */
static void append_compat_entity(struct fw_text *text, const struct fw_offer_keys *keys)
{
    fw_text_append(text, "COALESCE(");
    fw_offer_append_text(text, keys->platform);
    fw_text_append(text, ", '') || '|' || COALESCE(");
    fw_offer_append_text(text, keys->offer);
    fw_text_append(text, ", '')");
}

static fw_status find_raw(struct cardinality *c)
{
    struct cardinality_table *raw = &c->tables[CARDINALITY_RAW];
    struct fw_offer_keys keys;
    fw_status status = fw_offer_keys_find(&keys, c->host, c->task, raw->source,
                                          cardinality_path(c, CARDINALITY_RAW));

    if (status != FW_OK) {
        return status;
    }
    if (c->compat) {
        append_compat_entity(&raw->pairs.key, &keys);
    } else {
        fw_offer_append_entity(&raw->pairs.key, keys.platform, keys.offer);
    }
    append_day(&raw->pairs.day, keys.instant);
    add_name(raw, keys.platform);
    add_name(raw, keys.offer);
    add_name(raw, keys.instant);
    raw->pairs.n_keys = raw->n_names;
    raw->pairs.is_repeated = true;
    return cardinality_signal_find(c);
}

static fw_status find_keyed(struct cardinality *c, int which, const char *key)
{
    static const char *const days[] = {"crawled_date_day", "snapshot_day", "snapshot_ts", NULL};
    const char *const keys[] = {key, NULL};
    struct cardinality_table *table = &c->tables[which];
    const struct fw_source_column *key_column = NULL, *day_column = NULL;
    fw_status status = need(c, which, keys, &key_column);

    if (status == FW_OK) {
        status = need(c, which, days, &day_column);
    }
    if (status != FW_OK) {
        return status;
    }
    fw_offer_append_text(&table->pairs.key, key_column);
    append_day(&table->pairs.day, day_column);
    add_name(table, key_column);
    add_name(table, day_column);
    table->pairs.n_keys = table->n_names;
    const struct fw_source_column *valid =
        which == CARDINALITY_EDGAR ? fw_source_column(table->source, "edgar_valid") : NULL;
    if (valid != NULL) {
        fw_text_append(&table->pairs.valid, "edgar_valid");
        add_name(table, valid);
    }
    return FW_OK;
}

static fw_status find_filings(struct cardinality *c)
{
    struct cardinality_table *table = &c->tables[CARDINALITY_FILINGS];
    const char *const names[] = {fw_task_text(c->task, "filed_column"), NULL};
    const struct fw_source_column *filed = NULL;
    fw_status status = need(c, CARDINALITY_FILINGS, names, &filed);

    if (status == FW_OK) {
        fw_text_append(&table->pairs.key, "''");
        append_day(&table->pairs.day, filed);
        add_name(table, filed);
        table->pairs.n_keys = table->n_names;
        table->pairs.is_repeated = true;
    }
    return status;
}

static fw_status find_columns(struct cardinality *c, int which)
{
    struct cardinality_table *table = &c->tables[which];
    fw_status status;

    table->names = calloc(table->source->n_columns + 4, sizeof *table->names);
    if (table->names == NULL) {
        return fw_fault_nomem(c->host);
    }
    if (which == CARDINALITY_RAW) {
        status = find_raw(c);
    } else if (which == CARDINALITY_FILINGS) {
        status = find_filings(c);
    } else {
        bool of_cik = which == CARDINALITY_INDEX || which == CARDINALITY_EDGAR;
        status = find_keyed(c, which, of_cik ? "cik" : "entity_id");
    }
    table->pairs.name = ports[which];
    table->pairs.source = table->source;
    table->pairs.columns = table->names;
    table->pairs.n_columns = table->n_names;
    return status;
}

static fw_status limit_raw(struct cardinality *c)
{
    struct fw_source *raw = c->tables[CARDINALITY_RAW].source;
    int64_t limit = fw_task_integer(c->task, "raw_scan_limit"), rows = 0;
    fw_status status = limit > 0 ? fw_source_count(raw, &rows) : FW_OK;

    if (status != FW_OK || rows <= limit) {
        return status;
    }
    c->raw_rows_there = rows;
    return fw_source_limit(raw, limit);
}

fw_status cardinality_inputs_open(struct cardinality *c)
{
    fw_status status = FW_OK;

    for (int i = 0; i < CARDINALITY_N_TABLES && status == FW_OK; i++) {
        const struct fw_input *input = fw_task_input(c->task, ports[i]);
        if (input == NULL || input->n_paths == 0) {
            continue;
        }
        status = fw_source_open(&c->sql, input->paths, input->n_paths, NULL, &c->tables[i].source);
        if (status == FW_OK && i == CARDINALITY_RAW) {
            status = limit_raw(c);
        }
        if (status == FW_OK) {
            status = fw_manifest_beside(c->host, input->paths[0], &c->tables[i].manifest);
        }
        if (status == FW_OK) {
            status = find_columns(c, i);
        }
    }
    return status;
}

void cardinality_inputs_close(struct cardinality *c)
{
    for (int i = 0; i < CARDINALITY_N_TABLES; i++) {
        struct cardinality_table *table = &c->tables[i];
        fw_pairs_table_finish(&table->pairs);
        fw_source_close(table->source);
        cJSON_Delete(table->manifest);
        free(table->names);
    }
}

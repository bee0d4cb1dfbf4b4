/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <string.h>

#include "instant/instant.h"
#include "offer/offer.h"
#include "offer_day.h"

const char *const offer_day_ports[OFFER_DAY_N_TABLES] = {"raw", "core"};

static fw_status find_core(struct offer_day *audit, struct fw_offer_keys *keys)
{
    const struct fw_source *source = audit->sources[OFFER_DAY_CORE];

    *keys = (struct fw_offer_keys){
        .platform = fw_source_column(source, "platform_name"),
        .offer = fw_source_column(source, "offer_id"),
        .instant = fw_source_column(source, "crawled_date_day"),
    };
    if (keys->platform == NULL || keys->offer == NULL || keys->instant == NULL) {
        return fw_faultf(audit->host, FW_E_MISSING, fw_task_input(audit->task, "core")->paths[0],
                         "give the output `core` of a stage daily",
                         "the core has no platform_name, offer_id or crawled_date_day");
    }
    return FW_OK;
}

static void append_keys(struct fw_pairs_table *pairs, const struct fw_offer_keys *keys)
{
    fw_text_append(&pairs->key, "CASE WHEN ");
    fw_offer_append_entity(&pairs->key, keys->platform, keys->offer);
    fw_text_append(&pairs->key, " IS NOT NULL THEN {'platform': ");
    fw_offer_append_text(&pairs->key, keys->platform);
    fw_text_append(&pairs->key, ", 'offer': ");
    fw_offer_append_text(&pairs->key, keys->offer);
    fw_text_append(&pairs->key, "} END");
    fw_text_append(&pairs->day, "CAST(");
    fw_instant_append(&pairs->day, keys->instant);
    fw_text_append(&pairs->day, " AS DATE)");
}

fw_status offer_day_find_columns(struct offer_day *audit, int table)
{
    struct fw_pairs_table *pairs = &audit->pairs[table];
    struct fw_offer_keys keys;
    fw_status status =
        table == OFFER_DAY_CORE
            ? find_core(audit, &keys)
            : fw_offer_keys_find(&keys, audit->host, audit->task, audit->sources[table],
                                 fw_task_input(audit->task, "raw")->paths[0]);

    if (status != FW_OK) {
        return status;
    }
    const struct fw_source_column *columns[] = {keys.platform, keys.offer, keys.instant};
    for (size_t i = 0; i < FW_COUNT(columns); i++) {
        bool is_new = true;
        for (size_t k = 0; k < pairs->n_columns; k++) {
            is_new &= strcmp(audit->names[table][k], columns[i]->name) != 0;
        }
        if (is_new) {
            audit->names[table][pairs->n_columns++] = columns[i]->name;
        }
    }
    pairs->n_keys = pairs->n_columns;
    pairs->is_repeated = table == OFFER_DAY_RAW;
    append_keys(pairs, &keys);
    pairs->name = offer_day_ports[table];
    pairs->source = audit->sources[table];
    pairs->columns = audit->names[table];
    return FW_OK;
}

/* The first offer-days that only one of the tables has. */
static void make_samples(const void *self, const struct fw_fold *fold, struct fw_text *select)
{
    const struct offer_day *audit = self;

    for (int i = 0; i < OFFER_DAY_N_TABLES; i++) {
        const struct fw_pairs_table *here = &audit->pairs[i], *there = &audit->pairs[1 - i];
        fw_text_appendf(select,
                        "%s(SELECT '%s' AS only_in, a.key.platform AS platform_name, a.key.offer "
                        "AS offer_id, a.day FROM ",
                        i > 0 ? " UNION ALL " : "", here->name);
        fw_pairs_append_rows(here, fold, select);
        fw_text_append(select, " AS a ANTI JOIN ");
        fw_pairs_append_rows(there, fold, select);
        fw_text_appendf(select,
                        " AS b ON a.key = b.key AND a.day = b.day ORDER BY ALL LIMIT %" PRId64 ")",
                        fw_task_integer(audit->task, "samples"));
    }
}

fw_status offer_day_plan_open(struct offer_day *audit)
{
    for (int i = 0; i < OFFER_DAY_N_TABLES; i++) {
        fw_pairs_inputs(&audit->pairs[i], &audit->inputs[i]);
        fw_pairs_tables(&audit->pairs[i], &audit->made[2 * i]);
    }
    audit->match = (struct fw_pairs_match){"both", &audit->pairs[OFFER_DAY_RAW],
                                           &audit->pairs[OFFER_DAY_CORE]};
    fw_pairs_match_table(&audit->match, &audit->made[2 * OFFER_DAY_N_TABLES]);
    audit->made[2 * OFFER_DAY_N_TABLES + 1] =
        (struct fw_fold_table){.name = "samples", .make = make_samples, .self = audit};
    fw_text_appendf(&audit->folder, "%s.work", fw_task_output(audit->task, "report")->path);
    if (audit->folder.failed) {
        return fw_fault_nomem(audit->host);
    }
    const struct fw_fold_plan plan = {
        .sql = &audit->sql,
        .folder = fw_text_get(&audit->folder),
        .inputs = audit->inputs,
        .n_inputs = OFFER_DAY_N_TABLES,
        .tables = audit->made,
        .n_tables = FW_COUNT(audit->made),
        .chunk_rows = fw_task_integer(audit->task, "chunk_rows"),
        .in_memory = true,
    };
    return fw_fold_open(&plan, &audit->fold);
}

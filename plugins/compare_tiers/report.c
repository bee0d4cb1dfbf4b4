/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <fw/service/artifact.h>
#include <fw/service/log.h>

#include "tiers.h"

static void add_statistics(const struct tiers *t, struct tiers_place place,
                           struct fw_records *records)
{
    const cJSON *test = place.tier != t->base ? tiers_statistics_of(t, place, t->base) : NULL;
    const cJSON *lower = cJSON_GetObjectItemCaseSensitive(test, "difference_lower");
    const cJSON *upper = cJSON_GetObjectItemCaseSensitive(test, "difference_upper");
    const cJSON *verdict = cJSON_GetObjectItemCaseSensitive(test, "verdict");

    fw_records_real(records, "delta_lower", cJSON_IsNumber(lower) ? lower->valuedouble : NAN);
    fw_records_real(records, "delta_upper", cJSON_IsNumber(upper) ? upper->valuedouble : NAN);
    fw_records_text(records, "verdict", cJSON_IsString(verdict) ? verdict->valuestring : NULL);
}

static double fact(const struct tiers_entry *entry, const char *name)
{
    const cJSON *node = entry != NULL ? cJSON_GetObjectItemCaseSensitive(entry->facts, name) : NULL;

    return cJSON_IsNumber(node) ? node->valuedouble : NAN;
}

static void add_cell(const struct tiers *t, struct tiers_place place, struct fw_records *records)
{
    const struct tiers_entry *entry = tiers_at(t, place);
    double auc = tiers_auc(t, place);
    double base = tiers_auc(t, (struct tiers_place){t->base, place.budget, place.horizon});

    fw_records_begin(records);
    fw_records_text(records, "tier", t->tiers[place.tier]);
    fw_records_text(records, "budget", t->budgets[place.budget]);
    fw_records_int(records, "horizon", t->horizons[place.horizon]);
    fw_records_text(records, "status", entry == NULL ? "missing" : isnan(auc) ? "no_auc" : "ok");
    fw_records_text(records, "experiment", entry != NULL ? entry->experiment : NULL);
    fw_records_real(records, "auc", auc);
    fw_records_real(records, "rows", fact(entry, "rows"));
    fw_records_real(records, "positive", fact(entry, "positive"));
    fw_records_real(records, "delta", auc - base);
    fw_records_real(records, "delta_pct", 100 * (auc - base) / base);
    add_statistics(t, place, records);
    fw_records_end(records);
}

static void add_cells(const struct tiers *t, struct fw_records *records)
{
    for (size_t horizon = 0; horizon < t->n_horizons; horizon++) {
        for (size_t tier = 0; tier < t->n_tiers; tier++) {
            for (size_t budget = 0; budget < t->n_budgets; budget++) {
                add_cell(t, (struct tiers_place){tier, budget, horizon}, records);
            }
        }
    }
}

static void add_tiers(const struct tiers *t, struct fw_records *records)
{
    for (size_t tier = 0; tier < t->n_tiers; tier++) {
        const char *from;
        double channels = tiers_channels(t, tier, &from);
        size_t best = tiers_best_budget(t, tier);
        struct tiers_mean mean = tiers_mean_of(t, tier, SIZE_MAX);
        fw_records_begin(records);
        fw_records_text(records, "tier", t->tiers[tier]);
        fw_records_real(records, "channels", channels);
        fw_records_text(records, "channels_from", from);
        fw_records_int(records, "cells", (int64_t)mean.n);
        fw_records_real(records, "mean_auc", mean.auc);
        fw_records_text(records, "best_budget", best != SIZE_MAX ? t->budgets[best] : NULL);
        fw_records_end(records);
    }
}

static void add_budgets(const struct tiers *t, struct fw_records *records)
{
    for (size_t tier = 0; tier < t->n_tiers; tier++) {
        for (size_t budget = 0; budget < t->n_budgets; budget++) {
            struct tiers_mean mean = tiers_mean_of(t, tier, budget);
            fw_records_begin(records);
            fw_records_text(records, "tier", t->tiers[tier]);
            fw_records_text(records, "budget", t->budgets[budget]);
            fw_records_int(records, "horizons", (int64_t)mean.n);
            fw_records_real(records, "mean_auc", mean.auc);
            fw_records_end(records);
        }
    }
}

static void add_pairs(const struct tiers *t, struct fw_records *records)
{
    for (size_t a = 0; a < t->n_tiers; a++) {
        for (size_t b = 0; b < a; b++) {
            struct tiers_delta delta = tiers_delta_of(t, a, b);
            fw_records_begin(records);
            fw_records_text(records, "tier_a", t->tiers[a]);
            fw_records_text(records, "tier_b", t->tiers[b]);
            fw_records_int(records, "cells", (int64_t)delta.n);
            fw_records_int(records, "up", (int64_t)delta.up);
            fw_records_int(records, "down", (int64_t)delta.down);
            fw_records_real(records, "mean_a", delta.mean_a);
            fw_records_real(records, "mean_b", delta.mean_b);
            fw_records_real(records, "delta", delta.delta);
            fw_records_real(records, "delta_pct", 100 * delta.delta / delta.mean_b);
            fw_records_real(records, "mean_delta_pct", delta.mean_delta_pct);
            fw_records_end(records);
        }
    }
}

/* "a50 20M/h5", in the order of the cells. */
static cJSON *missing(const struct tiers *t)
{
    cJSON *list = cJSON_CreateArray();

    for (size_t i = 0; list != NULL && i < t->n_tiers * t->n_budgets * t->n_horizons; i++) {
        struct tiers_place place = {i / t->n_budgets % t->n_tiers, i % t->n_budgets,
                                    i / t->n_budgets / t->n_tiers};
        struct fw_cell cell = tiers_cell(t, place);
        char label[FW_CELL_LABEL], text[FW_CELL_LABEL + FW_CELL_TEXT];
        if (!isnan(tiers_auc(t, place))) {
            continue;
        }
        snprintf(text, sizeof text, "%s %s", t->tiers[place.tier],
                 fw_cell_label(&cell, label, sizeof label));
        cJSON *node = cJSON_CreateString(text);
        if (node == NULL || !cJSON_AddItemToArray(list, node)) {
            cJSON_Delete(node);
            cJSON_Delete(list);
            return NULL;
        }
    }
    return list;
}

/* The value, once, in the list that `record` has for the tier. */
static bool add_value(cJSON *record, const char *tier, const cJSON *value)
{
    cJSON *values = cJSON_GetObjectItemCaseSensitive(record, tier);
    const cJSON *other;

    if (values == NULL) {
        values = cJSON_AddArrayToObject(record, tier);
    }
    cJSON_ArrayForEach(other, values)
    {
        if (cJSON_Compare(other, value, true)) {
            return true;
        }
    }
    cJSON *copy = cJSON_Duplicate(value, true);
    if (values == NULL || copy == NULL || !cJSON_AddItemToArray(values, copy)) {
        cJSON_Delete(copy);
        return false;
    }
    return true;
}

static cJSON *record_of(cJSON *list, const char *name)
{
    cJSON *record;

    cJSON_ArrayForEach(record, list)
    {
        if (strcmp(cJSON_GetObjectItemCaseSensitive(record, "fact")->valuestring, name) == 0) {
            return record;
        }
    }
    record = cJSON_CreateObject();
    if (record == NULL || cJSON_AddStringToObject(record, "fact", name) == NULL ||
        !cJSON_AddItemToArray(list, record)) {
        cJSON_Delete(record);
        return NULL;
    }
    return record;
}

/* Whether a tier lacks the fact or has other values of it than the first one. */
static bool differs(const struct tiers *t, const cJSON *record)
{
    const cJSON *first = cJSON_GetObjectItemCaseSensitive(record, t->tiers[0]);

    for (size_t tier = 1; tier < t->n_tiers; tier++) {
        const cJSON *other = cJSON_GetObjectItemCaseSensitive(record, t->tiers[tier]);
        if (!cJSON_Compare(first, other, true)) {
            return true;
        }
    }
    return false;
}

cJSON *tiers_confounders(const struct tiers *t)
{
    cJSON *list = cJSON_CreateArray(), *record;
    bool done = list != NULL;

    for (size_t i = 0; i < t->n_entries && done; i++) {
        const cJSON *value;
        cJSON_ArrayForEach(value, t->entries[i].facts)
        {
            record = record_of(list, value->string);
            done = done && record != NULL && add_value(record, t->entries[i].cell.tier, value);
        }
    }
    cJSON_ArrayForEach(record, list)
    {
        done = done && cJSON_AddBoolToObject(record, "differs", differs(t, record)) != NULL;
    }
    if (!done) {
        cJSON_Delete(list);
    }
    return done ? list : NULL;
}

/* tier → "2M/h1" → AUC or null: one look-up for a program. */
static cJSON *raw_results(const struct tiers *t)
{
    struct fw_report all = {0};

    for (size_t tier = 0; tier < t->n_tiers; tier++) {
        struct fw_report one = {0};
        for (size_t i = 0; i < t->n_budgets * t->n_horizons; i++) {
            struct tiers_place place = {tier, i % t->n_budgets, i / t->n_budgets};
            struct fw_cell cell = tiers_cell(t, place);
            char label[FW_CELL_LABEL];
            fw_report_real(&one, fw_cell_label(&cell, label, sizeof label), tiers_auc(t, place));
        }
        all.failed = all.failed || one.failed;
        fw_report_add(&all, t->tiers[tier], one.facts);
    }
    if (all.failed) {
        fw_report_finish(&all);
    }
    return all.facts;
}

static cJSON *inversion(const struct tiers *t)
{
    struct tiers_inversion it = tiers_inversion_of(t);
    struct fw_report report = {0};

    if (t->n_budgets < 2) {
        return cJSON_CreateNull();
    }
    fw_report_text(&report, "tier", t->tiers[it.small.tier]);
    fw_report_int(&report, "horizon", t->horizons[it.small.horizon]);
    fw_report_text(&report, "smaller", t->budgets[it.small.budget]);
    fw_report_text(&report, "larger", t->budgets[it.large.budget]);
    fw_report_real(&report, "smaller_auc", tiers_auc(t, it.small));
    fw_report_real(&report, "larger_auc", tiers_auc(t, it.large));
    fw_report_text(&report, "verdict", it.verdict);
    if (report.failed) {
        fw_report_finish(&report);
    }
    return report.facts;
}

static void warn_of_missing(const struct tiers *t, const cJSON *list)
{
    const struct fw_log *log = t->host->service(t->host, FW_LOG_ID);
    struct fw_text text = {0};
    const cJSON *item;

    fw_text_appendf(&text, "%d cells have no AUC:", cJSON_GetArraySize(list));
    cJSON_ArrayForEach(item, list)
    {
        fw_text_appendf(&text, "%s %s", item->prev->next == NULL ? "" : ",", item->valuestring);
    }
    if (cJSON_GetArraySize(list) > 0) {
        log->write(t->host, FW_LOG_WARNING, fw_text_get(&text));
    }
    fw_text_finish(&text);
}

static fw_status write_json(const struct tiers *t, const struct fw_records *cells)
{
    struct fw_records of_tiers = {0}, budgets = {0}, pairs = {0};
    struct fw_report report = {0};
    cJSON *list = missing(t);

    add_tiers(t, &of_tiers);
    add_budgets(t, &budgets);
    add_pairs(t, &pairs);
    warn_of_missing(t, list);
    if (t->source[0] != '\0') {
        fw_report_text(&report, "source", t->source);
    }
    fw_report_text(&report, "base", t->tiers[t->base]);
    fw_report_text(&report, "split", t->predictions != NULL ? t->split : NULL);
    fw_report_text(&report, "checkpoint", fw_task_text(t->task, "checkpoint"));
    fw_report_add(&report, "missing", list);
    fw_report_add(&report, "cells", fw_records_list(cells));
    fw_report_add(&report, "tiers", fw_records_list(&of_tiers));
    fw_report_add(&report, "budgets", fw_records_list(&budgets));
    fw_report_add(&report, "pairs", fw_records_list(&pairs));
    fw_report_add(&report, "inversion", inversion(t));
    fw_report_add(&report, "confounders", tiers_confounders(t));
    fw_report_add(&report, "raw_results", raw_results(t));
    fw_report_add(&report, "unmatched_experiments", cJSON_Duplicate(t->unmatched, true));
    fw_status status =
        fw_report_write_facts(&report, t->host, fw_task_output(t->task, "report")->path, NULL);
    fw_report_finish(&report);
    fw_records_finish(&of_tiers);
    fw_records_finish(&budgets);
    fw_records_finish(&pairs);
    return status;
}

fw_status tiers_write(const struct tiers *t)
{
    const struct fw_artifact *artifact = t->host->service(t->host, FW_ARTIFACT_ID);
    struct fw_records cells = {0};

    add_cells(t, &cells);
    fw_status status = write_json(t, &cells);
    if (status == FW_OK) {
        status = fw_records_write(&cells, &t->sql, fw_task_output(t->task, "table")->path);
    }
    if (status == FW_OK) {
        status = tiers_page_write(t, fw_task_output(t->task, "markdown")->path);
    }
    if (status == FW_OK) {
        status = artifact->rows(t->host, "table", cells.n);
    }
    fw_records_finish(&cells);
    return status;
}

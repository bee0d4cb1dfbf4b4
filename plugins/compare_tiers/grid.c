/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <fw/service/log.h>

#include "tiers.h"

fw_status tiers_entry_add(struct tiers *t, const struct fw_cell *cell, const char *experiment,
                          cJSON *facts, struct tiers_entry **ret)
{
    char label[FW_CELL_LABEL];

    for (size_t i = 0; i < t->n_entries; i++) {
        const struct tiers_entry *other = &t->entries[i];
        if (strcmp(other->cell.tier, cell->tier) == 0 && fw_cell_compare(&other->cell, cell) == 0) {
            cJSON_Delete(facts);
            return fw_faultf(t->host, FW_E_DATA, experiment, "mend the names or the templates",
                             "\"%s\" and \"%s\" are the same cell %s of the tier %s",
                             other->experiment, experiment,
                             fw_cell_label(cell, label, sizeof label), cell->tier);
        }
    }
    struct tiers_entry *entries = reallocarray(t->entries, t->n_entries + 1, sizeof *t->entries);
    if (entries != NULL) {
        t->entries = entries;
        t->entries[t->n_entries] = (struct tiers_entry){
            .cell = *cell, .experiment = strdup(experiment), .auc = NAN, .facts = facts};
        *ret = &t->entries[t->n_entries++];
    } else {
        cJSON_Delete(facts);
    }
    return entries != NULL && (*ret)->experiment != NULL && facts != NULL ? FW_OK
                                                                          : fw_fault_nomem(t->host);
}

fw_status tiers_unmatched_add(struct tiers *t, const char *name)
{
    const struct fw_log *log = t->host->service(t->host, FW_LOG_ID);
    struct fw_text text = {0};
    cJSON *node = cJSON_CreateString(name);

    fw_text_appendf(&text, "\"%s\" is left out: no template says its cell", name);
    log->write(t->host, FW_LOG_WARNING, fw_text_get(&text));
    fw_text_finish(&text);
    if (node == NULL || !cJSON_AddItemToArray(t->unmatched, node)) {
        cJSON_Delete(node);
        return fw_fault_nomem(t->host);
    }
    return FW_OK;
}

static int compare_names(const void *a, const void *b)
{
    return fw_predictions_compare(*(const char *const *)a, *(const char *const *)b);
}

static int compare_horizons(const void *a, const void *b)
{
    int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;

    return (x > y) - (x < y);
}

/* Sorts n names and leaves each once; how many are left. */
static size_t sort_names(const char **names, size_t n)
{
    size_t n_distinct = 0;

    qsort(names, n, sizeof *names, compare_names);
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || strcmp(names[i], names[n_distinct - 1]) != 0) {
            names[n_distinct++] = names[i];
        }
    }
    return n_distinct;
}

/* Those of the parameter and those of the entries. */
static const char **list_names(const struct tiers *t, const char *parameter,
                               const char *(*name_of)(const struct tiers_entry *entry),
                               size_t *ret_n)
{
    const struct fw_value *given = fw_task_value(t->task, parameter);
    const char **names = malloc((given->n + t->n_entries + 1) * sizeof *names);
    size_t n = 0;

    for (uint64_t i = 0; names != NULL && i < given->n; i++) {
        names[n++] = given->texts[i];
    }
    for (size_t i = 0; names != NULL && i < t->n_entries; i++) {
        names[n++] = name_of(&t->entries[i]);
    }
    *ret_n = names != NULL ? sort_names(names, n) : 0;
    return names;
}

static const char *tier_of(const struct tiers_entry *entry)
{
    return entry->cell.tier;
}

static const char *budget_of(const struct tiers_entry *entry)
{
    return entry->cell.budget;
}

static int32_t *list_horizons(const struct tiers *t, size_t *ret_n)
{
    const struct fw_value *given = fw_task_value(t->task, "horizons");
    int32_t *horizons = malloc((given->n + t->n_entries + 1) * sizeof *horizons);
    size_t n = 0, n_distinct = 0;

    for (uint64_t i = 0; horizons != NULL && i < given->n; i++) {
        horizons[n++] = (int32_t)given->reals[i];
    }
    for (size_t i = 0; horizons != NULL && i < t->n_entries; i++) {
        horizons[n++] = t->entries[i].cell.horizon;
    }
    if (horizons != NULL) {
        qsort(horizons, n, sizeof *horizons, compare_horizons);
    }
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || horizons[i] != horizons[n_distinct - 1]) {
            horizons[n_distinct++] = horizons[i];
        }
    }
    *ret_n = n_distinct;
    return horizons;
}

static fw_status find_base(struct tiers *t)
{
    const char *name = fw_task_text(t->task, "base");

    for (t->base = 0; name[0] != '\0' && t->base < t->n_tiers; t->base++) {
        if (strcmp(t->tiers[t->base], name) == 0) {
            break;
        }
    }
    return t->base < t->n_tiers ? FW_OK
                                : fw_faultf(t->host, FW_E_DATA, "base",
                                            "name one of the tiers, or none for the smallest",
                                            "there is no tier \"%s\"", name);
}

/* Those with an experiment; a tier that only a parameter names has nothing to compare. */
static size_t count_tiers(const struct tiers *t)
{
    size_t n = 0;

    for (size_t tier = 0; tier < t->n_tiers; tier++) {
        bool found = false;
        for (size_t i = 0; i < t->n_entries; i++) {
            found = found || strcmp(t->entries[i].cell.tier, t->tiers[tier]) == 0;
        }
        n += found;
    }
    return n;
}

fw_status tiers_grid_make(struct tiers *t)
{
    t->tiers = list_names(t, "tiers", tier_of, &t->n_tiers);
    t->budgets = list_names(t, "budgets", budget_of, &t->n_budgets);
    t->horizons = list_horizons(t, &t->n_horizons);
    if (t->tiers == NULL || t->budgets == NULL || t->horizons == NULL) {
        return fw_fault_nomem(t->host);
    }
    if (count_tiers(t) < 2) {
        return fw_faultf(
            t->host, FW_E_DATA, "predictions, results",
            "give the experiments of two tiers, or mend the templates",
            "a comparison takes two tiers or more, and there %s of the split \"%s\" or "
            "with results",
            count_tiers(t) == 1 ? "is one" : "is none", t->split);
    }
    return find_base(t);
}

void tiers_grid_finish(struct tiers *t)
{
    for (size_t i = 0; i < t->n_entries; i++) {
        free(t->entries[i].experiment);
        cJSON_Delete(t->entries[i].facts);
    }
    free(t->entries);
    cJSON_Delete(t->unmatched);
    cJSON_Delete(t->statistics);
    free(t->tiers);
    free(t->budgets);
    free(t->horizons);
}

const struct tiers_entry *tiers_at(const struct tiers *t, struct tiers_place place)
{
    for (size_t i = 0; i < t->n_entries; i++) {
        const struct fw_cell *cell = &t->entries[i].cell;
        if (strcmp(cell->tier, t->tiers[place.tier]) == 0 &&
            strcmp(cell->budget, t->budgets[place.budget]) == 0 &&
            cell->horizon == t->horizons[place.horizon]) {
            return &t->entries[i];
        }
    }
    return NULL;
}

double tiers_auc(const struct tiers *t, struct tiers_place place)
{
    const struct tiers_entry *entry = tiers_at(t, place);

    return entry != NULL ? entry->auc : NAN;
}

struct fw_cell tiers_cell(const struct tiers *t, struct tiers_place place)
{
    struct fw_cell cell = {.horizon = t->horizons[place.horizon]};

    snprintf(cell.budget, sizeof cell.budget, "%s", t->budgets[place.budget]);
    return cell;
}

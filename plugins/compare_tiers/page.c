/* SPDX-License-Identifier: MIT */
#include <math.h>

#include "file/file.h"
#include "tiers.h"

static void append_number(struct fw_text *text, const char *before, int digits, double value)
{
    fw_text_append(text, before);
    if (isnan(value)) {
        fw_text_append(text, "N/A");
    } else {
        fw_text_appendf(text, "%.*f", digits, value);
    }
}

static void append_rule(struct fw_text *text, size_t n_columns)
{
    fw_text_append(text, "|\n");
    for (size_t i = 0; i < n_columns; i++) {
        fw_text_append(text, "|---");
    }
    fw_text_append(text, "|\n");
}

static void append_matrix(const struct tiers *t, size_t horizon, struct fw_text *text)
{
    fw_text_appendf(text, "\n## AUC at horizon %d\n\n| tier ", (int)t->horizons[horizon]);
    for (size_t budget = 0; budget < t->n_budgets; budget++) {
        fw_text_appendf(text, "| %s ", t->budgets[budget][0] != '\0' ? t->budgets[budget] : "AUC");
    }
    append_rule(text, 1 + t->n_budgets);
    for (size_t tier = 0; tier < t->n_tiers; tier++) {
        fw_text_appendf(text, "| %s ", t->tiers[tier]);
        for (size_t budget = 0; budget < t->n_budgets; budget++) {
            append_number(text, "| ", 4, tiers_auc(t, (struct tiers_place){tier, budget, horizon}));
            fw_text_append(text, " ");
        }
        fw_text_append(text, "|\n");
    }
}

static void append_means(const struct tiers *t, struct fw_text *text)
{
    fw_text_append(text, "\n## Means over horizons\n\nOver horizons at which each budget of the "
                         "tier has an AUC.\n\n| tier | channels | cells | mean AUC | best budget ");
    append_rule(text, 5);
    for (size_t tier = 0; tier < t->n_tiers; tier++) {
        const char *from;
        double channels = tiers_channels(t, tier, &from);
        size_t best = tiers_best_budget(t, tier);
        struct tiers_mean mean = tiers_mean_of(t, tier, SIZE_MAX);
        fw_text_appendf(text, "| %s ", t->tiers[tier]);
        append_number(text, "| ", 0, channels);
        fw_text_appendf(text, " (%s) | %zu ", from != NULL ? from : "unknown", mean.n);
        append_number(text, "| ", 4, mean.auc);
        fw_text_appendf(text, " | %s |\n", best != SIZE_MAX ? t->budgets[best] : "N/A");
    }
}

static void append_pairs(const struct tiers *t, struct fw_text *text)
{
    fw_text_append(text, "\n## Differences\n\nOn the cells that both have; percent are of an AUC, "
                         "whose zero is no zero of skill.\n\n| tiers | cells | up | down | mean "
                         "difference | of the means, % | mean of the cells, % ");
    append_rule(text, 7);
    for (size_t a = 0; a < t->n_tiers; a++) {
        for (size_t b = 0; b < a; b++) {
            struct tiers_delta delta = tiers_delta_of(t, a, b);
            fw_text_appendf(text, "| %s - %s | %zu | %zu | %zu ", t->tiers[a], t->tiers[b], delta.n,
                            delta.up, delta.down);
            append_number(text, "| ", 4, delta.delta);
            append_number(text, " | ", 4, 100 * delta.delta / delta.mean_b);
            append_number(text, " | ", 4, delta.mean_delta_pct);
            fw_text_append(text, " |\n");
        }
    }
}

static void append_inversion(const struct tiers *t, struct fw_text *text)
{
    struct tiers_inversion it = tiers_inversion_of(t);

    if (t->n_budgets >= 2) {
        fw_text_appendf(text, "\nThat %s does better than %s, %s at horizon %d: %s",
                        t->budgets[it.small.budget], t->budgets[it.large.budget],
                        t->tiers[it.small.tier], (int)t->horizons[it.small.horizon],
                        it.verdict != NULL ? it.verdict : "cannot be told");
        append_number(text, " (", 4, tiers_auc(t, it.small));
        append_number(text, " against ", 4, tiers_auc(t, it.large));
        fw_text_append(text, ").\n");
    }
}

static void append_missing(const struct tiers *t, struct fw_text *text)
{
    fw_text_append(text, "\n## Missing\n\n");
    size_t before = text->size;
    for (size_t i = 0; i < t->n_tiers * t->n_budgets * t->n_horizons; i++) {
        struct tiers_place place = {i / t->n_budgets % t->n_tiers, i % t->n_budgets,
                                    i / t->n_budgets / t->n_tiers};
        struct fw_cell cell = tiers_cell(t, place);
        char label[FW_CELL_LABEL];
        if (isnan(tiers_auc(t, place))) {
            fw_text_appendf(text, "- %s %s: %s\n", t->tiers[place.tier],
                            fw_cell_label(&cell, label, sizeof label),
                            tiers_at(t, place) != NULL ? "has no AUC" : "is not there");
        }
    }
    fw_text_append(text, text->size == before ? "none\n" : "");
}

static void append_confounders(const struct tiers *t, struct fw_text *text)
{
    cJSON *list = tiers_confounders(t);
    const cJSON *record;

    text->failed = text->failed || list == NULL;
    fw_text_append(text, "\n## What else differs\n\n| fact ");
    for (size_t tier = 0; tier < t->n_tiers; tier++) {
        fw_text_appendf(text, "| %s ", t->tiers[tier]);
    }
    fw_text_append(text, "| differs ");
    append_rule(text, t->n_tiers + 2);
    cJSON_ArrayForEach(record, list)
    {
        fw_text_appendf(text, "| %s ",
                        cJSON_GetObjectItemCaseSensitive(record, "fact")->valuestring);
        for (size_t tier = 0; tier < t->n_tiers; tier++) {
            char *values =
                cJSON_PrintUnformatted(cJSON_GetObjectItemCaseSensitive(record, t->tiers[tier]));
            fw_text_appendf(text, "| %s ", values != NULL ? values : "");
            cJSON_free(values);
        }
        bool differs = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(record, "differs"));
        fw_text_appendf(text, "| %s |\n", differs ? "yes" : "no");
    }
    cJSON_Delete(list);
}

fw_status tiers_page_write(const struct tiers *t, const char *path)
{
    struct fw_text text = {0};

    fw_text_append(&text, "# Comparison of tiers\n\n");
    if (t->source[0] != '\0') {
        fw_text_appendf(&text, "Data: %s\n", t->source);
    }
    for (size_t horizon = 0; horizon < t->n_horizons; horizon++) {
        append_matrix(t, horizon, &text);
    }
    append_means(t, &text);
    append_pairs(t, &text);
    append_inversion(t, &text);
    append_missing(t, &text);
    append_confounders(t, &text);
    fw_status status = text.failed ? fw_fault_nomem(t->host)
                                   : fw_file_write(t->host, path, fw_text_get(&text), text.size);
    fw_text_finish(&text);
    return status;
}

/* SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tiers.h"

static bool has_budget(const struct tiers *t, size_t tier, size_t budget)
{
    bool has = false;

    for (size_t horizon = 0; horizon < t->n_horizons; horizon++) {
        has = has || !isnan(tiers_auc(t, (struct tiers_place){tier, budget, horizon}));
    }
    return has;
}

/* Whether each budget that the tier has at all is there at the horizon. */
static bool is_complete(const struct tiers *t, size_t tier, size_t horizon)
{
    for (size_t budget = 0; budget < t->n_budgets; budget++) {
        if (has_budget(t, tier, budget) &&
            isnan(tiers_auc(t, (struct tiers_place){tier, budget, horizon}))) {
            return false;
        }
    }
    return true;
}

struct tiers_mean tiers_mean_of(const struct tiers *t, size_t tier, size_t budget)
{
    struct tiers_mean mean = {0};

    for (size_t horizon = 0; horizon < t->n_horizons; horizon++) {
        bool counts = is_complete(t, tier, horizon);
        for (size_t i = 0; i < t->n_budgets && counts; i++) {
            double auc = tiers_auc(t, (struct tiers_place){tier, i, horizon});
            if (!isnan(auc) && (budget == SIZE_MAX || budget == i)) {
                mean.auc += auc;
                mean.n++;
            }
        }
    }
    mean.auc = mean.n > 0 ? mean.auc / (double)mean.n : NAN;
    return mean;
}

size_t tiers_best_budget(const struct tiers *t, size_t tier)
{
    size_t best = SIZE_MAX;
    double most = -INFINITY;

    for (size_t budget = 0; budget < t->n_budgets; budget++) {
        double mean = tiers_mean_of(t, tier, budget).auc;
        if (mean > most) {
            most = mean;
            best = budget;
        }
    }
    return best;
}

static void add_cell(struct tiers_delta *delta, double a, double b)
{
    if (isnan(a) || isnan(b)) {
        return;
    }
    delta->n++;
    delta->up += a > b;
    delta->down += a < b;
    delta->mean_a += a;
    delta->mean_b += b;
    delta->mean_delta_pct += 100 * (a - b) / b;
}

struct tiers_delta tiers_delta_of(const struct tiers *t, size_t a, size_t b)
{
    struct tiers_delta delta = {0};

    for (size_t budget = 0; budget < t->n_budgets; budget++) {
        for (size_t horizon = 0; horizon < t->n_horizons; horizon++) {
            add_cell(&delta, tiers_auc(t, (struct tiers_place){a, budget, horizon}),
                     tiers_auc(t, (struct tiers_place){b, budget, horizon}));
        }
    }
    double n = delta.n > 0 ? (double)delta.n : NAN;
    delta.mean_a /= n;
    delta.mean_b /= n;
    delta.mean_delta_pct /= n;
    delta.delta = delta.mean_a - delta.mean_b;
    return delta;
}

/* "a20=25" */
static double given_channels(const struct tiers *t, const char *tier)
{
    const struct fw_value *given = fw_task_value(t->task, "channels");
    size_t n = strlen(tier);

    for (uint64_t i = 0; i < given->n; i++) {
        if (strncmp(given->texts[i], tier, n) == 0 && given->texts[i][n] == '=') {
            return strtod(given->texts[i] + n + 1, NULL);
        }
    }
    return NAN;
}

/* What all results of the tier say, if they say the same. */
static double results_channels(const struct tiers *t, const char *tier)
{
    double channels = NAN;

    for (size_t i = 0; i < t->n_entries; i++) {
        const cJSON *node = cJSON_GetObjectItemCaseSensitive(t->entries[i].facts, "num_features");
        if (strcmp(t->entries[i].cell.tier, tier) != 0 || !cJSON_IsNumber(node)) {
            continue;
        }
        if (!isnan(channels) && channels != node->valuedouble) {
            return NAN;
        }
        channels = node->valuedouble;
    }
    return channels;
}

double tiers_channels(const struct tiers *t, size_t tier, const char **ret_from)
{
    const char *name = t->tiers[tier];
    double channels = given_channels(t, name);

    *ret_from = "channels";
    if (isnan(channels)) {
        channels = results_channels(t, name);
        *ret_from = "results";
    }
    if (isnan(channels)) {
        const char *digits = name + strcspn(name, "0123456789");
        *ret_from = *digits != '\0' ? "name" : NULL;
        channels = *digits != '\0' ? strtod(digits, NULL) : NAN;
    }
    return channels;
}

struct tiers_inversion tiers_inversion_of(const struct tiers *t)
{
    struct tiers_inversion inversion = {.small = {t->n_tiers - 1, 0, 0}};

    if (t->n_budgets < 2) {
        return inversion;
    }
    inversion.small.budget = t->n_budgets - 2;
    inversion.large = inversion.small;
    inversion.large.budget = t->n_budgets - 1;
    double gain = tiers_auc(t, inversion.small) - tiers_auc(t, inversion.large);
    inversion.verdict = isnan(gain)                    ? NULL
                        : fabs(gain) < t->equal_within ? "EQUAL"
                        : gain > 0                     ? "PERSISTS"
                                                       : "REVERSED";
    return inversion;
}

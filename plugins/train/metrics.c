/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>

#include "report/json.h"
#include "train.h"

/* Right and wrong answers of each class. */
struct tally {
    uint64_t hits, answered, there;
};

/* The class that an answer says; of one probability, 1 from a half on. */
static uint32_t choice_of(const struct train *train, const float *p)
{
    uint32_t best = 0;

    if (train->columns == 1) {
        return p[0] >= 0.5f;
    }
    for (uint32_t k = 1; k < train->columns; k++) {
        best = p[k] > p[best] ? k : best;
    }
    return best;
}

static void count(const struct train *train, enum fw_dataset_part part, const int32_t *labels,
                  struct tally *tallies)
{
    const struct train_answers *answers = &train->answers[part];

    for (uint64_t i = 0; i < answers->n; i++) {
        const uint32_t choice = choice_of(train, answers->p + i * train->columns);
        tallies[choice].answered++;
        tallies[labels[i]].there++;
        tallies[choice].hits += choice == (uint32_t)labels[i];
    }
}

static double ratio(uint64_t a, uint64_t b)
{
    return b > 0 ? (double)a / (double)b : 0;
}

/* Of class 1 where there are two, the mean over the classes otherwise; 0 where nothing is. */
static void add_ratios(const struct train *train, const struct tally *tallies, cJSON *document)
{
    const uint32_t n = train->info->n_classes, first = n == 2 ? 1 : 0;
    double precision = 0, recall = 0, f1 = 0;

    for (uint32_t k = first; k < n; k++) {
        const struct tally *tally = &tallies[k];
        precision += ratio(tally->hits, tally->answered) / (n - first);
        recall += ratio(tally->hits, tally->there) / (n - first);
        f1 += ratio(2 * tally->hits, tally->answered + tally->there) / (n - first);
    }
    cJSON_AddNumberToObject(document, "precision", precision);
    cJSON_AddNumberToObject(document, "recall", recall);
    cJSON_AddNumberToObject(document, "f1", f1);
}

/* How probabilities of class 1 lie. */
static void add_spread(const struct train *train, const struct train_answers *answers,
                       const struct tally *tallies, cJSON *document)
{
    double low = INFINITY, high = -INFINITY, sum = 0, squares = 0;

    for (uint64_t i = 0; i < answers->n; i++) {
        const double p = answers->p[(i + 1) * train->columns - 1];
        low = fmin(low, p);
        high = fmax(high, p);
        sum += p;
    }
    const double mean = sum / (double)answers->n;
    for (uint64_t i = 0; i < answers->n; i++) {
        const double p = answers->p[(i + 1) * train->columns - 1];
        squares += (p - mean) * (p - mean);
    }
    cJSON_AddNumberToObject(document, "auc", answers->auc);
    cJSON_AddNumberToObject(document, "pred_min", low);
    cJSON_AddNumberToObject(document, "pred_max", high);
    cJSON_AddNumberToObject(document, "pred_mean", mean);
    cJSON_AddNumberToObject(document, "pred_std", sqrt(squares / (double)answers->n));
    cJSON_AddItemToObject(document, "n_positive_preds", fw_json_int((int64_t)tallies[1].answered));
    cJSON_AddNumberToObject(document, "class_balance", ratio(tallies[1].there, answers->n));
}

static void add_all(const struct train *train, enum fw_dataset_part part,
                    const struct tally *tallies, cJSON *document)
{
    const struct train_answers *answers = &train->answers[part];

    cJSON_AddItemToObject(document, "n_samples", fw_json_int((int64_t)answers->n));
    cJSON_AddNumberToObject(document, "loss", answers->loss);
    cJSON_AddNumberToObject(document, "accuracy", answers->accuracy);
    add_ratios(train, tallies, document);
    if (train->info->n_classes == 2) {
        add_spread(train, answers, tallies, document);
    }
}

cJSON *train_metrics_document(const struct train *train, enum fw_dataset_part part)
{
    const struct train_answers *answers = &train->answers[part];
    struct tally *tallies = calloc(train->info->n_classes, sizeof *tallies);
    int32_t *labels = malloc(answers->n * sizeof *labels + 1);
    cJSON *document = NULL;

    if (answers->n == 0) {
        document = cJSON_CreateNull();
    } else if (tallies != NULL && labels != NULL) {
        document = cJSON_CreateObject();
        fw_dataset_labels(train->set, train->part[part], answers->n, labels);
        count(train, part, labels, tallies);
        add_all(train, part, tallies, document);
    }
    free(tallies);
    free(labels);
    return document;
}

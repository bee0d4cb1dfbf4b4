/* SPDX-License-Identifier: MIT */
#include "judge.h"

#include <math.h>

#include "sql/fault.h"

#define LEAST_P       1e-15
#define SUM_TOLERANCE 1e-3

/* One sample's answer: k numbers of one of two types. */
struct answer {
    const struct fw_predictor_array *array;
    uint64_t at, k;
};

static double number(const struct answer *answer, uint64_t i)
{
    return answer->array->element == FW_F32 ? ((const float *)answer->array->data)[answer->at + i]
                                            : ((const double *)answer->array->data)[answer->at + i];
}

static fw_status look(struct compare_judge *judge, const struct answer *answer, uint64_t sample)
{
    struct compare_seen *seen = &judge->seen;
    for (uint64_t i = 0; i < answer->k; i++) {
        const double value = number(answer, i);
        if (!isfinite(value)) {
            char name[COMPARE_NAME];
            compare_set_name(judge->set, sample, name);
            return compare_trip(judge->trip, "non_finite", "arm %s, %s: answer %llu of %llu is %g",
                                judge->arm->name, name, (unsigned long long)i,
                                (unsigned long long)answer->k, value);
        }
        seen->first = seen->n == 0 ? value : seen->first;
        seen->differs = seen->differs || value != seen->first;
        seen->n_zero += value == 0;
        seen->sum += fabs(value);
        seen->largest = fmax(seen->largest, fabs(value));
        seen->n++;
    }
    return FW_OK;
}

fw_status compare_judge_seen(const struct compare_judge *judge)
{
    const struct compare_seen *seen = &judge->seen;
    if (seen->n > 0 && seen->differs) {
        return FW_OK;
    }
    return compare_trip(judge->trip, seen->n_zero == seen->n ? "all_zero" : "constant",
                        "arm %s: all of the first %llu numbers that the model gave are %g "
                        "(mean %.6f, max %.6f, nonzero_count %llu/%llu)",
                        judge->arm->name, (unsigned long long)seen->n, seen->first,
                        seen->n == 0 ? 0 : seen->sum / (double)seen->n, seen->largest,
                        (unsigned long long)(seen->n - seen->n_zero), (unsigned long long)seen->n);
}

/* --- classification --- */

/* What is subtracted from logits, and what their exponentials come to; or the probabilities' own
 * sum. */
struct scale {
    double top, sum;
};

static struct scale scale_of(const struct compare_arm *arm, const struct answer *answer)
{
    struct scale scale = {0, 0};
    for (uint64_t i = 0; arm->logits && i < answer->k; i++) {
        const double value = number(answer, i);
        scale.top = i == 0 || value > scale.top ? value : scale.top;
    }
    for (uint64_t i = 0; i < answer->k; i++) {
        const double value = number(answer, i);
        scale.sum += arm->logits ? exp(value - scale.top) : value;
    }
    return scale;
}

static double probability(const struct compare_arm *arm, const struct answer *answer,
                          const struct scale *scale, uint64_t i)
{
    const double value = number(answer, i);
    return arm->logits ? exp(value - scale->top) / scale->sum : value;
}

static double logistic(double logit)
{
    return logit >= 0 ? 1 / (1 + exp(-logit)) : exp(logit) / (1 + exp(logit));
}

static fw_status no_probability(const struct compare_judge *judge, uint64_t sample, double value,
                                const char *what)
{
    char name[COMPARE_NAME];
    compare_set_name(judge->set, sample, name);
    return fw_faultf(judge->host, FW_E_DATA, judge->arm->path,
                     "if the model gives logits, say so: NAME=KIND/logits",
                     "arm %s, %s: %s %g, so these are no probabilities", judge->arm->name, name,
                     what, value);
}

static void keep(const struct compare_judge *judge, uint64_t sample, const double *values)
{
    for (size_t m = 0; m < judge->scores->n_columns; m++) {
        compare_column(judge->scores, judge->index, m)[sample] = values[m];
    }
}

static fw_status judge_two(struct compare_judge *judge, uint64_t sample, double p, uint64_t label)
{
    if (!(p >= 0 && p <= 1)) {
        return no_probability(judge, sample, p, "class 1 has");
    }
    const double own = label == 1 ? p : 1 - p, miss = p - (double)label;
    const double values[] = {(p >= 0.5) == (label == 1), -log(fmax(own, LEAST_P)), miss * miss};
    keep(judge, sample, values);
    compare_p(judge->scores, judge->index, 0)[sample] = p;
    return FW_OK;
}

static fw_status judge_many(struct compare_judge *judge, uint64_t sample,
                            const struct answer *answer, uint64_t label)
{
    const struct scale scale = scale_of(judge->arm, answer);
    uint64_t best = 0;
    double brier = 0, own = 0;
    if (!judge->arm->logits && !(fabs(scale.sum - 1) <= SUM_TOLERANCE)) {
        return no_probability(judge, sample, scale.sum, "its numbers add up to");
    }
    for (uint64_t i = 0; i < answer->k; i++) {
        const double p = probability(judge->arm, answer, &scale, i);
        if (!(p >= 0 && p <= 1 + SUM_TOLERANCE)) {
            return no_probability(judge, sample, p, "a class has");
        }
        best = number(answer, i) > number(answer, best) ? i : best;
        own = i == label ? p : own;
        brier += (p - (i == label)) * (p - (i == label));
    }
    if (answer->k == 2) {
        return judge_two(judge, sample,
                         fmin(1, probability(judge->arm, answer, &scale, 1) /
                                     (judge->arm->logits ? 1 : scale.sum)),
                         label);
    }
    for (uint64_t i = 0; i < judge->scores->n_p; i++) {
        compare_p(judge->scores, judge->index, i)[sample] =
            probability(judge->arm, answer, &scale, i);
    }
    const double values[] = {best == label, -log(fmin(fmax(own, LEAST_P), 1)), brier};
    keep(judge, sample, values);
    return FW_OK;
}

static fw_status classify(struct compare_judge *judge, uint64_t sample, const struct answer *answer)
{
    const uint64_t label = judge->scores->classes[sample];
    const uint64_t classes = answer->k == 1 ? 2 : answer->k;
    if (classes != judge->scores->n_classes) {
        return compare_trip(judge->trip, "shape",
                            "arm %s: the model gives %llu numbers per sample, the test set has "
                            "%llu classes",
                            judge->arm->name, (unsigned long long)answer->k,
                            (unsigned long long)judge->scores->n_classes);
    }
    if (answer->k == 1) {
        const double value = number(answer, 0);
        return judge_two(judge, sample, judge->arm->logits ? logistic(value) : value, label);
    }
    return judge_many(judge, sample, answer, label);
}

/* --- regression --- */

static fw_status regress(struct compare_judge *judge, uint64_t sample, const struct answer *answer)
{
    const double *y = compare_truth_of(judge->truth, sample);
    const uint64_t n = judge->truth->n_numbers;
    double absolute = 0, square = 0;
    if (answer->k != n) {
        return compare_trip(judge->trip, "shape",
                            "arm %s: the model gives %llu numbers per sample, the target has %llu",
                            judge->arm->name, (unsigned long long)answer->k, (unsigned long long)n);
    }
    for (uint64_t i = 0; i < answer->k; i++) {
        const double miss = number(answer, i) - y[i];
        if (!isfinite(y[i])) {
            return fw_faultf(judge->host, FW_E_DATA, "target", "leave such samples out",
                             "number %llu of sample %llu is %g, expected a finite one",
                             (unsigned long long)i, (unsigned long long)sample, y[i]);
        }
        absolute += fabs(miss);
        square += miss * miss;
    }
    const double values[] = {absolute / (double)answer->k, square / (double)answer->k};
    keep(judge, sample, values);
    return FW_OK;
}

fw_status compare_judge_take(void *self, uint64_t first, uint64_t n,
                             const struct fw_predictor_array *outputs)
{
    struct compare_judge *judge = self;
    struct answer answer = {.array = outputs, .k = 1};
    fw_status status = FW_OK;
    if (outputs->element != FW_F32 && outputs->element != FW_F64) {
        return fw_faultf(judge->host, FW_E_UNSUPPORTED, judge->arm->path, NULL,
                         "arm %s: the model's first output is not of floating-point numbers",
                         judge->arm->name);
    }
    for (uint32_t i = 1; i < outputs->rank; i++) {
        answer.k *= (uint64_t)outputs->shape[i];
    }
    for (uint64_t i = 0; status == FW_OK && i < n; i++) {
        const uint64_t row = first + i;
        const uint64_t sample = judge->samples == NULL ? row : judge->samples[row];
        answer.at = i * answer.k;
        status = look(judge, &answer, sample);
        if (status == FW_OK) {
            status = judge->scores->task == COMPARE_CLASSIFICATION
                         ? classify(judge, sample, &answer)
                         : regress(judge, sample, &answer);
        }
    }
    return status;
}

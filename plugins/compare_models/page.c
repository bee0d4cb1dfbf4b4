/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "compare.h"

static const char *name_of(const struct compare *compare, size_t arm)
{
    return compare->arms.items[arm].name;
}

static void page_head(const struct compare *compare, struct fw_text *text)
{
    const char *source = fw_task_text(compare->task, "source");
    fw_text_appendf(text, "# Models compared\n\n%zu models on %llu samples%s%s.\n", compare->arms.n,
                    (unsigned long long)compare->scores.n, *source == '\0' ? "" : " of ", source);
}

static void page_metrics(const struct compare *compare, const struct compare_findings *findings,
                         struct fw_text *text)
{
    fw_text_appendf(text, "\n| model | metric | value | %g %% interval |\n|---|---|---:|---|\n",
                    100 * (1 - compare->intervals.alpha));
    for (size_t i = 0; i < findings->n; i++) {
        const struct compare_finding *f = &findings->items[i];
        fw_text_appendf(text, "| %s | %s | %.4f | %.4f to %.4f |\n", name_of(compare, f->arm),
                        f->metric, f->value, f->lower, f->upper);
    }
}

static const char *class_name(const struct compare *compare, uint32_t class, char ret[16])
{
    if (class < compare->set.n_labels) {
        return compare->set.labels[class];
    }
    snprintf(ret, 16, "%u", class);
    return ret;
}

/* Why there is no area, or of which class there is none. */
static void page_absent(const struct compare *compare, const struct compare_findings *findings,
                        struct fw_text *text)
{
    const struct compare_scores *scores = &compare->scores;
    char number[16];
    if (scores->n_classes > 2 && scores->n_p == 0) {
        fw_text_appendf(text,
                        "\nAreas under ROC curves are left out: there are %llu classes, and "
                        "area_classes is %lld.\n",
                        (unsigned long long)scores->n_classes,
                        (long long)fw_task_integer(compare->task, "area_classes"));
    }
    for (size_t i = 0; i < findings->n_classes && findings->classes[i].arm == 0; i++) {
        if (findings->classes[i].n == 0) {
            fw_text_appendf(text,
                            "\nThe test set has no sample of class %s: it has no area, and no "
                            "part in their means.\n",
                            class_name(compare, findings->classes[i].class, number));
        }
    }
}

static void page_classes(const struct compare *compare, const struct compare_findings *findings,
                         struct fw_text *text)
{
    char number[16];
    page_absent(compare, findings, text);
    if (findings->n_classes == 0) {
        return;
    }
    fw_text_append(text, "\nEach class against all others, intervals by DeLong:\n\n"
                         "| model | class | samples | AUC | interval |\n|---|---|---:|---:|---|\n");
    for (size_t i = 0; i < findings->n_classes; i++) {
        const struct compare_class *found = &findings->classes[i];
        if (found->n > 0) {
            fw_text_appendf(text, "| %s | %s | %u | %.4f | %.4f to %.4f |\n",
                            name_of(compare, found->arm), class_name(compare, found->class, number),
                            found->n, found->value, found->lower, found->upper);
        }
    }
}

static void page_pairs(const struct compare *compare, const struct compare_findings *findings,
                       struct fw_text *text)
{
    fw_text_append(text, "\n| a | b | metric | a − b | interval | p, Holm | better |\n"
                         "|---|---|---|---:|---|---:|---|\n");
    for (size_t i = 0; i < findings->n_pairs; i++) {
        const struct compare_difference *d = &findings->pairs[i];
        const size_t better = *d->verdict == 'a' ? d->a : d->b;
        fw_text_appendf(text, "| %s | %s | %s | %+.4f | %+.4f to %+.4f | %.3g | %s |\n",
                        name_of(compare, d->a), name_of(compare, d->b), d->metric, d->difference,
                        d->lower, d->upper, d->p_holm,
                        strcmp(d->verdict, "open") == 0 ? "open" : name_of(compare, better));
    }
    fw_text_appendf(
        text,
        "\nIntervals are paired: all models are measured on the same samples, drawn "
        "anew %llu times%s. A model is called better where p, by Holm over the pairs of a "
        "metric, is below %g.\n",
        (unsigned long long)compare->intervals.n_replicates,
        compare->scores.n_p == 1 ? "; those of the AUC are DeLong's" : "",
        compare->intervals.alpha);
}

void compare_page(const struct compare *compare, const struct compare_findings *findings,
                  struct fw_text *text)
{
    page_head(compare, text);
    if (compare->trip.reason != NULL) {
        fw_text_appendf(text, "\n**Blocked: %s.** %s\n", compare->trip.reason, compare->trip.text);
        return;
    }
    page_metrics(compare, findings, text);
    page_pairs(compare, findings, text);
    page_classes(compare, findings, text);
}

/* SPDX-License-Identifier: MIT */
#include <math.h>

#include "file/file.h"
#include "validation.h"

static const char *name_of(const struct validation *v, size_t pair, char *text, size_t size)
{
    return pair != SIZE_MAX ? validation_pair_text(v, pair, text, size) : "All pairs together";
}

static void append_found(const struct validation *v, size_t pair,
                         const struct validation_verdict *verdict, struct fw_text *text)
{
    fw_text_appendf(text, "%zu of %zu cells differ", verdict->effects, verdict->tested);
    if (v->settings.is_reference) {
        fw_text_append(text, " (intervals without 0, each by itself)");
    } else {
        fw_text_appendf(text, " (Holm over %zu tests, alpha %g)", verdict->family,
                        v->settings.alpha);
    }
    if (verdict->effects > 0 && pair != SIZE_MAX) {
        fw_text_appendf(text, ", %zu for %s and %zu for %s", verdict->better,
                        v->pairs[pair].tiers[0], verdict->worse, v->pairs[pair].tiers[1]);
    }
    fw_text_appendf(text, ", %zu within %g of no difference, %zu open", verdict->nulls,
                    v->settings.margin, verdict->open);
    if (verdict->untested > 0) {
        fw_text_appendf(text, ", %zu not tested", verdict->untested);
    }
    fw_text_appendf(text, ": %s.", verdict->verdict);
}

static void append_replication(const struct validation *v, size_t pair, struct fw_text *text)
{
    struct fw_consistency consistency;

    if (v->settings.replicate_on == NULL) {
        return;
    }
    if (validation_consistency(v, pair, &consistency) != FW_OK) {
        text->failed = true;
    } else if (consistency.total == 0) {
        fw_text_appendf(text, " On %s no difference can be looked at.", v->settings.replicate_on);
    } else {
        fw_text_appendf(text, " On %s %zu of %zu differences have the same sign: directions %s.",
                        v->settings.replicate_on, consistency.consistent, consistency.total,
                        validation_replication_name(consistency.verdict));
    }
}

void validation_sentence(const struct validation *v, size_t pair, struct fw_text *text)
{
    struct validation_verdict verdict;
    char name[VALIDATION_PAIR_TEXT];

    validation_verdict_of(v, pair, false, &verdict);
    fw_text_appendf(text, "%s on %s: ", name_of(v, pair, name, sizeof name), v->settings.split);
    append_found(v, pair, &verdict, text);
    if (verdict.tested > 0) {
        fw_text_appendf(text,
                        " Differences that %.0f %% of such samples would show: from %.4f to %.4f.",
                        100 * v->settings.power, verdict.least_detectable, verdict.most_detectable);
    }
    append_replication(v, pair, text);
}

/* "0.7123", or nothing. */
static void append_number(struct fw_text *text, const char *sign, int digits, double value)
{
    if (!isnan(value)) {
        fw_text_appendf(text, "%s%.*f", value >= 0 ? sign : "", digits, value);
    }
}

static void append_interval(struct fw_text *text, const struct fw_spread *spread)
{
    if (!isnan(spread->lower)) {
        fw_text_append(text, "[");
        append_number(text, "+", 4, spread->lower);
        fw_text_append(text, ", ");
        append_number(text, "+", 4, spread->upper);
        fw_text_append(text, "]");
    }
}

static void append_test(const struct validation *v, const struct validation_test *test,
                        struct fw_text *text)
{
    const struct validation_numbers *numbers = &test->numbers;
    char label[FW_CELL_LABEL];

    fw_text_appendf(text, "| %s | %zu | %zu | ", fw_cell_label(&test->cell, label, sizeof label),
                    (size_t)numbers->n, (size_t)numbers->n_ones);
    append_number(text, "", 4, numbers->point[0]);
    fw_text_append(text, " | ");
    append_number(text, "", 4, numbers->point[1]);
    fw_text_append(text, " | ");
    append_number(text, "+", 4, numbers->point[0] - numbers->point[1]);
    fw_text_append(text, " | ");
    append_interval(text, &numbers->bootstrap.difference);
    fw_text_append(text, " | ");
    append_number(text, "", 4, numbers->bootstrap.p);
    fw_text_append(text, " | ");
    append_number(text, "", 4,
                  test->judged.adjusted[v->settings.family_is_pair ? VALIDATION_HOLM_PAIR
                                                                   : VALIDATION_HOLM_ALL]);
    fw_text_append(text, " | ");
    append_number(text, "", 4, numbers->delong.p);
    fw_text_append(text, " | ");
    append_number(text, "", 4, test->judged.detectable);
    fw_text_appendf(text, " | %s | %s |\n",
                    validation_status_name((enum validation_status)numbers->status),
                    test->judged.verdict);
}

static void append_tests(const struct validation *v, size_t pair, bool is_replication,
                         struct fw_text *text)
{
    char name[VALIDATION_PAIR_TEXT];

    fw_text_appendf(
        text,
        "\n## %s on %s\n\n| cell | n | positive | %s | %s | difference | %g %% interval "
        "| p | Holm | DeLong p | detectable | status | verdict |\n"
        "|---|---|---|---|---|---|---|---|---|---|---|---|---|\n",
        name_of(v, pair, name, sizeof name),
        is_replication ? v->settings.replicate_on : v->settings.split, v->pairs[pair].tiers[0],
        v->pairs[pair].tiers[1], 100 * (1 - v->settings.alpha));
    for (size_t i = 0; i < v->n_tests; i++) {
        const struct validation_test *test = &v->tests[i];
        if (test->pair == pair && test->is_replication == is_replication) {
            append_test(v, test, text);
        }
    }
}

static void append_head(const struct validation *v, struct fw_text *text)
{
    fw_text_append(text, "# Statistical validation\n\n");
    if (v->settings.source[0] != '\0') {
        fw_text_appendf(text, "Data: %s\n\n", v->settings.source);
    }
    for (size_t pair = 0; pair < v->n_pairs; pair++) {
        fw_text_append(text, "- ");
        validation_sentence(v, pair, text);
        fw_text_append(text, "\n");
    }
    if (v->n_pairs > 1) {
        fw_text_append(text, "- ");
        validation_sentence(v, SIZE_MAX, text);
        fw_text_append(text, "\n");
    }
    fw_text_appendf(text,
                    "\nThe metric is %s; %zu replicates, seed %llu. A cell is an effect when its "
                    "p-value, adjusted by Holm, is below %g; null when its interval lies within "
                    "%g of 0; inconclusive otherwise.\n",
                    v->settings.metric_name, v->settings.n_replicates,
                    (unsigned long long)v->settings.seed, v->settings.alpha, v->settings.margin);
}

fw_status validation_page_write(const struct validation *v, const char *path)
{
    struct fw_text text = {0};

    append_head(v, &text);
    for (int split = 0; split < (v->settings.replicate_on != NULL ? 2 : 1); split++) {
        for (size_t pair = 0; pair < v->n_pairs; pair++) {
            append_tests(v, pair, split == 1, &text);
        }
    }
    fw_status status = text.failed ? fw_fault_nomem(v->host)
                                   : fw_file_write(v->host, path, fw_text_get(&text), text.size);
    fw_text_finish(&text);
    return status;
}

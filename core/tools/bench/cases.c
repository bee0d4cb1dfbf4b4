/* SPDX-License-Identifier: MIT */
#include "cases.h"

#include <math.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/str.h"
#include "base/vec.h"
#include "summary.h"

void fw_cases_finish(struct fw_cases *cases)
{
    for (size_t i = 0; i < cases->len; i++) {
        free(cases->items[i].reason);
    }
    free(cases->items);
    *cases = (struct fw_cases){0};
}

int fw_cases_add(struct fw_cases *cases, cJSON *json, const struct fw_stats_two *two, char *reason,
                 struct fw_error *err)
{
    struct fw_case *slot = fw_vec_add(cases);
    if (!slot) {
        free(reason);
        return fw_error_oom(err);
    }
    slot->json = json;
    slot->reason = reason;
    return fw_stats_compare(two, &slot->found, err);
}

static int adjust(struct fw_cases *cases, struct fw_error *err)
{
    fw_auto(free) double *p = malloc((cases->len + 1) * sizeof *p);
    size_t n = 0;
    FW_TRY(p ? 0 : fw_error_oom(err));
    for (size_t i = 0; i < cases->len; i++) {
        if (!cases->items[i].reason) {
            p[n++] = cases->items[i].found.p;
        }
    }
    FW_TRY(fw_stats_adjust(p, n, err));
    for (size_t i = cases->len; i-- > 0;) {
        if (!cases->items[i].reason) {
            cases->items[i].found.p = p[--n];
        }
    }
    return 0;
}

/* "a, b" of those with the verdict. */
static char *names(const struct fw_cases *cases, enum fw_stats_verdict verdict)
{
    fw_auto(str) struct fw_str text = {0};
    for (size_t i = 0; i < cases->len; i++) {
        const struct fw_case *one = &cases->items[i];
        if (one->found.verdict == verdict) {
            fw_str_printf(&text, "%s%s", text.len > 0 ? ", " : "",
                          fw_json_text(one->json, "stage"));
            if (one->found.n > 0) {
                fw_str_printf(&text, " (%+.1f %%)", 100 * expm1(one->found.shift));
            }
        }
    }
    return fw_str_take(&text);
}

static int conclude(const struct fw_cases *cases, struct fw_error *err)
{
    fw_auto(free) char *slower = names(cases, FW_VERDICT_SLOWER);
    fw_auto(free) char *open = names(cases, FW_VERDICT_INCONCLUSIVE);
    FW_TRY(slower && open ? 0 : fw_error_oom(err));
    if (*slower) {
        fw_error_set(err, FW_EXIT_REGRESSION, "slower: %s", slower);
        return FW_EXIT_REGRESSION;
    }
    if (*open) {
        fw_error_set(err, FW_EXIT_INCONCLUSIVE, "it cannot be told yet: %s", open);
        return FW_EXIT_INCONCLUSIVE;
    }
    return 0;
}

int fw_cases_judge(struct fw_cases *cases, double margin, struct fw_error *err)
{
    FW_TRY(adjust(cases, err));
    for (size_t i = 0; i < cases->len; i++) {
        struct fw_case *one = &cases->items[i];
        fw_stats_judge(&one->found, margin);
        if (one->reason) {
            one->found.verdict = FW_VERDICT_INCONCLUSIVE;
            one->found.needed = 0;
        }
        FW_TRY(fw_json_add(one->json, "comparison",
                           fw_summary_comparison(&one->found, one->reason ? one->reason : ""))
                   ? 0
                   : fw_error_oom(err));
    }
    return conclude(cases, err);
}

/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdlib.h>

#include "verify.h"

static void check_passed(struct verify *verify, const cJSON *report)
{
    const cJSON *reasons = cJSON_GetObjectItemCaseSensitive(report, "fail_reasons");

    if (!cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(report, "gate_passed"))) {
        verify_fail(verify, "its gate did not pass");
    }
    if (!cJSON_IsArray(reasons) || reasons->child != NULL) {
        verify_fail(verify, "it does not say that there are no fail_reasons");
    }
}

/* NaN, and anything that is no number, is below every least. */
static void check_least(struct verify *verify, const cJSON *object, const char *name, double least)
{
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(object, name);

    if (!cJSON_IsNumber(value)) {
        verify_fail(verify, "it has no %s", name);
    } else if (!(value->valuedouble >= least)) {
        verify_fail(verify, "%s is %g, expected %g or more", name, value->valuedouble, least);
    }
}

static double real(const struct verify *verify, const char *name)
{
    return fw_task_real(verify->task, name);
}

void verify_columns(struct verify *verify, const cJSON *report)
{
    const cJSON *missing = cJSON_GetObjectItemCaseSensitive(report, "must_keep_missing");
    const cJSON *recompute = cJSON_GetObjectItemCaseSensitive(report, "edgar_recompute");

    check_passed(verify, report);
    if (!cJSON_IsArray(missing) || missing->child != NULL) {
        verify_fail(verify, "it does not say that no column is missing");
    }
    if (freeze_number(recompute, "diff_count") != 0) {
        verify_fail(verify, "%" PRId64 " recomputed values differ",
                    freeze_number(recompute, "diff_count"));
    }
    check_least(verify, recompute, "total_compared",
                (double)fw_task_integer(verify->task, "min_compared"));
}

void verify_cardinality(struct verify *verify, const cJSON *report)
{
    const cJSON *coverage = cJSON_GetObjectItemCaseSensitive(report, "snapshots_to_edgar_coverage");

    check_passed(verify, report);
    check_least(verify, coverage, "snapshots_to_edgar_coverage",
                real(verify, "min_edgar_coverage"));
}

void verify_candidates(struct verify *verify, const cJSON *report)
{
    static const char *const artifacts[] = {"offers_core_full_daily", "offers_core_full_snapshot",
                                            "edgar_feature_store_full_daily", "multiscale_full"};
    const cJSON *full = cJSON_GetObjectItemCaseSensitive(report, "is_full_scale");

    for (size_t i = 0; i < FW_COUNT(artifacts); i++) {
        if (!cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(full, artifacts[i]))) {
            verify_fail(verify, "%s is not full scale", artifacts[i]);
        }
    }
}

void verify_offer_day(struct verify *verify, const cJSON *report)
{
    check_passed(verify, report);
    check_least(verify, report, "coverage_rate", real(verify, "min_offer_day_coverage"));
}

/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "cli/facts.h"
#include "stats/stats.h"
#include "table.h"

static const cJSON *get(const cJSON *json, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(json, name);
}

static double percent(const cJSON *json, const char *name)
{
    return 100 * fw_json_number(json, name);
}

static void print_noise(const cJSON *stage)
{
    const cJSON *noise = get(stage, "noise");
    if (noise) {
        printf("  noise: ");
        printf(cJSON_IsNumber(noise) ? "changes of less than %.1f %% are not seen with %.0f "
                                       "repetitions on either side (limit %.1f %%)\n"
                                     : "cannot be told from one repetition\n",
               percent(stage, "noise"), fw_json_number(stage, "repetitions"),
               percent(stage, "noise_limit"));
    }
}

/* Where each lies, and how far from the median: what is thrown away cannot be asked for. */
static void print_outliers(const cJSON *arm, const char *whose)
{
    const cJSON *outliers = get(arm, "outliers"), *seconds = get(arm, "seconds"), *item;
    const double median = fw_json_number(arm, "seconds_median");
    const int n = cJSON_GetArraySize(outliers);
    int shown = 0;
    if (n == 0) {
        return;
    }
    printf("  far out lie %d of %d repetitions%s, which are counted like the others:", n,
           cJSON_GetArraySize(seconds), whose);
    cJSON_ArrayForEach(item, outliers)
    {
        const cJSON *value = cJSON_GetArrayItem(seconds, item->valueint - 1);
        if (shown++ < 8 && value) {
            printf(" number %d (%+.0f %%)", item->valueint,
                   100 * (value->valuedouble / median - 1));
        }
    }
    printf(shown > 8 ? " ...\n" : "\n");
}

static void print_circumstances(const cJSON *arm)
{
    const double retried = fw_json_number(arm, "on_lower_rung");
    if (retried > 0) {
        printf("  memory ran out in %.0f of %d repetitions, which went on with less; give the "
               "stage more (resources.memory) to measure it as it is meant\n",
               retried, cJSON_GetArraySize(get(arm, "seconds")));
    }
    if (get(arm, "cold_share")) {
        printf("  cold: %.0f %% of its input had left the page cache when it started\n",
               percent(arm, "cold_share"));
    }
}

static void print_interval(const cJSON *comparison)
{
    const double p = fw_json_number(comparison, "p");
    printf(" %+.1f %%", percent(comparison, "change"));
    if (cJSON_IsNumber(get(comparison, "low"))) {
        printf(" [%+.1f, %+.1f]", percent(comparison, "low"), percent(comparison, "high"));
    }
    printf(p < 0.0001 ? ", p < 0.0001" : ", p %.4f", p);
    printf(", n %.0f", fw_json_number(comparison, "n"));
}

static void print_comparison(const cJSON *stage)
{
    const cJSON *comparison = get(stage, "comparison");
    const char *reason = fw_json_text(comparison, "reason");
    const double needed = fw_json_number(comparison, "needed");
    if (!comparison) {
        return;
    }
    printf("  %s:", fw_json_text(comparison, "verdict"));
    if (fw_json_number(comparison, "n") > 0) {
        print_interval(comparison);
        fputs(*reason ? ";" : "", stdout);
    }
    if (*reason) {
        printf(" %s", reason);
    } else if (needed > FW_STATS_NEEDED_MAX) {
        printf("; more than %d repetitions would be needed: it lies on the margin",
               FW_STATS_NEEDED_MAX);
    } else if (needed > 0) {
        printf("; about %.0f are needed to tell", needed);
    }
    putchar('\n');
}

static void print_history(const cJSON *stage)
{
    const cJSON *history = get(stage, "history");
    char median[FW_TABLE_CELL];
    if (history) {
        fw_table_time(1e6 * fw_json_number(history, "median_s"), median);
        const double n = fw_json_number(history, "n");
        printf("  history: %.0f result%s on this host, median %s; this one %+.1f %%", n,
               n == 1 ? "" : "s", median, percent(history, "change"));
        if (cJSON_IsNumber(get(history, "z"))) {
            printf(", %.1f of their spreads away", fabs(fw_json_number(history, "z")));
        }
        putchar('\n');
    }
}

static void print_stage(const cJSON *stage)
{
    const cJSON *now = get(stage, "now"), *old = get(stage, "old");
    char time[FW_TABLE_CELL];
    printf("%s", fw_json_text(stage, "stage"));
    if (get(now, "plugin")) {
        fw_table_time(1e6 * fw_json_number(now, "steps_s"), time);
        printf(": %s in steps; %s %s (%.12s), data %.12s", time, fw_json_text(now, "plugin"),
               fw_json_text(now, "plugin_version"), fw_json_text(now, "plugin_digest"),
               fw_json_text(now, "data_sha256"));
    }
    if (get(old, "plugin_digest")) {
        printf("; compared with %.12s", fw_json_text(old, "plugin_digest"));
    }
    putchar('\n');
    print_noise(stage);
    print_outliers(now, "");
    print_outliers(old, " of what it is compared with");
    print_circumstances(now);
    print_comparison(stage);
    print_history(stage);
}

void fw_words_print(const cJSON *result)
{
    const cJSON *stage;
    cJSON_ArrayForEach(stage, get(result, "stages"))
    {
        print_stage(stage);
    }
}

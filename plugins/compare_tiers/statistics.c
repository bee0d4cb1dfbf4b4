/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "file/file.h"
#include "tiers.h"

fw_status tiers_statistics_read(struct tiers *t)
{
    const struct fw_input *input = fw_task_input(t->task, "statistics");
    char *text = NULL;

    if (input == NULL || input->n_paths == 0) {
        return FW_OK;
    }
    fw_status status = fw_file_read(t->host, input->paths[0], &text, NULL);
    if (status != FW_OK) {
        return status;
    }
    cJSON *json = cJSON_Parse(text);
    free(text);
    t->statistics = cJSON_DetachItemFromObjectCaseSensitive(json, "comparisons");
    cJSON_Delete(json);
    return cJSON_IsArray(t->statistics)
               ? FW_OK
               : fw_faultf(t->host, FW_E_DATA, input->paths[0],
                           "give the report of a stage statistical_validation",
                           "there is no list of comparisons in it");
}

static bool says(const cJSON *test, const char *name, const char *value)
{
    const cJSON *node = cJSON_GetObjectItemCaseSensitive(test, name);

    return cJSON_IsString(node) && strcmp(node->valuestring, value) == 0;
}

const cJSON *tiers_statistics_of(const struct tiers *t, struct tiers_place place, size_t base)
{
    const cJSON *test;

    cJSON_ArrayForEach(test, t->statistics)
    {
        const cJSON *horizon = cJSON_GetObjectItemCaseSensitive(test, "horizon");
        if (says(test, "tier_a", t->tiers[place.tier]) && says(test, "tier_b", t->tiers[base]) &&
            says(test, "budget", t->budgets[place.budget]) && says(test, "metric", "auc") &&
            says(test, "split", t->split) && cJSON_IsNumber(horizon) &&
            (int32_t)horizon->valuedouble == t->horizons[place.horizon]) {
            return test;
        }
    }
    return NULL;
}

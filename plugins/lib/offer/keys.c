/* SPDX-License-Identifier: MIT */
#include "keys.h"

static const struct fw_source_column *find(const struct fw_task *task,
                                           const struct fw_source *source, const char *param)
{
    const struct fw_value *value = fw_task_value(task, param);
    const struct fw_source_column *column =
        value != NULL ? fw_source_column(source, value->text) : NULL;

    return column != NULL && !column->nested ? column : NULL;
}

fw_status fw_offer_keys_find(struct fw_offer_keys *ret_keys, const struct fw_host *host,
                             const struct fw_task *task, const struct fw_source *source,
                             const char *where)
{
    static const char *const of_day[] = {"snapshot_column", "day_column", "time_column"};
    struct fw_offer_keys keys = {
        .platform = find(task, source, "platform_column"),
        .offer = find(task, source, "offer_column"),
        .time = find(task, source, "time_column"),
        .processed = find(task, source, "processed_column"),
    };

    for (size_t i = 0; i < FW_COUNT(of_day) && keys.instant == NULL; i++) {
        keys.instant = find(task, source, of_day[i]);
    }
    const char *missing = keys.platform == NULL  ? "platform_column"
                          : keys.offer == NULL   ? "offer_column"
                          : keys.instant == NULL ? "day_column"
                                                 : NULL;
    if (missing != NULL) {
        return fw_faultf(host, FW_E_MISSING, where,
                         "name the column that plays this role with the parameter",
                         "the raw table has no plain column \"%s\" (parameter %s)",
                         fw_task_text(task, missing), missing);
    }
    *ret_keys = keys;
    return FW_OK;
}

/* SPDX-License-Identifier: MIT */
#include "logistic.h"
#include "named/choose.h"
#include "named/named.h"

fw_status logistic_columns_choose(struct logistic *logistic)
{
    const struct fw_value *names = fw_task_value(logistic->task, "columns");
    const struct fw_named named = {logistic->host, logistic->task, logistic->features};
    const struct fw_source_column *day;
    const struct fw_features features = {.source = logistic->features,
                                         .names = names->texts,
                                         .n_names = names->n,
                                         .but = &day,
                                         .n_but = 1,
                                         .with_prices =
                                             fw_task_integer(logistic->task, "include_ohlcv") != 0};
    fw_status status = fw_named_column(&named, "date_column", &day);

    return status == FW_OK ? fw_features_choose(logistic->host, &features, &logistic->columns,
                                                &logistic->n_columns)
                           : status;
}

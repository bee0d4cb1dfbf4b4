/* SPDX-License-Identifier: MIT */
#include "logistic.h"
#include "named/choose.h"
#include "named/named.h"

fw_status logistic_columns_choose(struct logistic *logistic)
{
    const struct fw_value *names = fw_task_value(logistic->task, "columns");
    const struct fw_named named = {logistic->host, logistic->task, logistic->features};
    struct fw_features features = {.source = logistic->features,
                                   .names = names->texts,
                                   .n_names = names->n,
                                   .with_prices =
                                       fw_task_integer(logistic->task, "include_ohlcv") != 0};
    fw_status status = fw_named_column(&named, "date_column", &features.but);

    return status == FW_OK ? fw_features_choose(logistic->host, &features, &logistic->columns,
                                                &logistic->n_columns)
                           : status;
}

/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include <fw/service/artifact.h>
#include <fw/service/sql.h>

#include "targets.h"

static fw_status refuse_horizons(const struct targets *targets)
{
    return fw_faultf(
        targets->host, FW_E_CONFIG, "horizons", "write them as horizons = [1.0, 2.0, 3.0, 5.0]",
        "horizons are 1 to %d whole numbers of days from 1 on, ascending", TARGETS_HORIZONS_MAX);
}

static fw_status read_horizons(struct targets *targets)
{
    const struct fw_value *value = fw_task_value(targets->task, "horizons");
    double before = 0;

    if (value->n == 0 || value->n > TARGETS_HORIZONS_MAX) {
        return refuse_horizons(targets);
    }
    for (size_t i = 0; i < value->n; i++) {
        double horizon = value->reals[i];
        if (!(horizon > before) || horizon > 1e6 || horizon != (double)(int64_t)horizon) {
            return refuse_horizons(targets);
        }
        before = horizon;
        targets->horizons[targets->n_horizons++] = (int64_t)horizon;
    }
    return FW_OK;
}

static void destroy(void *self)
{
    struct targets *targets = self;

    if (targets->job != NULL) {
        targets->sql.api->finish(targets->job);
    }
    fw_source_close(targets->data);
    fw_sql_handle_close(&targets->sql);
    fw_text_finish(&targets->load);
    fw_text_finish(&targets->write);
    free(targets);
}

static fw_status open_all(struct targets *targets)
{
    const struct fw_input *data = fw_task_input(targets->task, "data");
    fw_status status = read_horizons(targets);

    targets->context = fw_task_integer(targets->task, "context");
    if (status == FW_OK) {
        status = fw_sql_handle_open(&targets->sql, targets->host);
    }
    if (status == FW_OK) {
        status = fw_source_open(&targets->sql, data->paths, data->n_paths, NULL, &targets->data);
    }
    return status == FW_OK ? targets_load(targets) : status;
}

static fw_status create(const struct fw_host *host, const struct fw_task *task, void **ret_self)
{
    struct targets *targets = calloc(1, sizeof *targets);

    if (targets == NULL) {
        return fw_fault_nomem(host);
    }
    targets->host = host;
    targets->task = task;
    fw_status status = open_all(targets);
    if (status != FW_OK) {
        destroy(targets);
        return status;
    }
    *ret_self = targets;
    return FW_OK;
}

static fw_status work(struct targets *targets)
{
    const struct fw_text *statement = targets->is_loaded ? &targets->write : &targets->load;
    fw_status status = fw_sql_work(&targets->sql, statement, &targets->job);

    if (status != FW_OK) {
        return status;
    }
    if (targets->is_loaded) {
        return targets_manifest(targets);
    }
    targets->is_loaded = true;
    status = targets_check(targets);
    return status == FW_OK ? FW_MORE : status;
}

static fw_status step(void *self, struct fw_step *ret)
{
    struct targets *targets = self;
    fw_status status = work(targets);

    ret->done = ret->items = (uint64_t)targets->n_rows;
    ret->unit = "rows";
    return status;
}

static const struct fw_port inputs[] = {
    FW_PORT(.kind = FW_KIND_TABLE, .flags = FW_PORT_MANY, .name = "data",
            .doc = "one row a day with its close and its highest price, in any order"),
};

static const struct fw_port outputs[] = {
    FW_PORT(.kind = FW_KIND_TABLE, .name = "targets", .file = "targets.parquet",
            .doc = "horizon, sample, Date, row, last_row, y: whether the price rose that far"),
};

#define TEXT(name_, default_, doc_)                                                                \
    FW_PARAM(.type = FW_PARAM_STRING, .name = name_, .default_value = default_, .doc = doc_)

static const struct fw_param params[] = {
    FW_PARAM(.type = FW_PARAM_REAL_LIST, .name = "horizons", .default_value = "1,2,3,5",
             .unit = "days", .doc = "how many days the price has, ascending whole numbers"),
    FW_PARAM(.type = FW_PARAM_REAL, .name = "threshold", .default_value = "0.01", .min = "0",
             .max = "1", .doc = "by how much of the close it must rise: 0.01 is 1 %"),
    FW_PARAM(.type = FW_PARAM_ENUM, .name = "target_price", .default_value = "high",
             .choices = "high|close", .doc = "which price of the next days must reach it"),
    FW_PARAM(.type = FW_PARAM_INT, .name = "context", .default_value = "80", .min = "1",
             .max = "1000000", .unit = "rows",
             .doc = "rows that a sample has, the day of the decision being the last"),
    TEXT("date_column", "Date", "the day; names are found without regard to case too"),
    TEXT("date_format", "", "of dates that are text, as in strptime: %m/%d/%Y; else 2019-03-01"),
    TEXT("close_column", "Close", "the price that the rise is measured from"),
    TEXT("high_column", "High", "the highest price, for target_price = high"),
};

static const char *const required[] = {FW_SQL_ID, FW_ARTIFACT_ID};

const struct fw_stage make_targets_stage = {
    .struct_size = (uint32_t)sizeof(struct fw_stage),
    .caps = FW_CAP_PARALLEL,
    .determinism = FW_DETERMINISM_BITWISE,
    .name = "make_targets",
    .doc = "Labels: does the price rise by so much within so many days",
    .inputs = inputs,
    .n_inputs = FW_COUNT(inputs),
    .outputs = outputs,
    .n_outputs = FW_COUNT(outputs),
    .params = params,
    .n_params = FW_COUNT(params),
    .services_required = required,
    .n_services_required = FW_COUNT(required),
    .create = create,
    .step = step,
    .destroy = destroy,
};

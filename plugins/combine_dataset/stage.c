/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include <fw/service/artifact.h>
#include <fw/service/sql.h>

#include "combine.h"

enum { PHASE_JOIN = COMBINE_PARTS, PHASE_WRITE };

static void destroy(void *self)
{
    struct combine *combine = self;

    if (combine->job != NULL) {
        combine->sql.api->finish(combine->job);
    }
    for (size_t i = 0; i < COMBINE_PARTS; i++) {
        fw_source_close(combine->tables[i].source);
        fw_text_finish(&combine->tables[i].load);
    }
    fw_sql_handle_close(&combine->sql);
    fw_text_finish(&combine->join);
    fw_text_finish(&combine->write);
    free(combine->columns);
    free(combine);
}

static fw_status create(const struct fw_host *host, const struct fw_task *task, void **ret_self)
{
    struct combine *combine = calloc(1, sizeof *combine);

    if (combine == NULL) {
        return fw_fault_nomem(host);
    }
    combine->host = host;
    combine->task = task;
    fw_status status = fw_sql_handle_open(&combine->sql, host);
    if (status == FW_OK) {
        status = combine_tables_open(combine);
    }
    if (status == FW_OK) {
        status = combine_join_make(combine);
    }
    if (status != FW_OK) {
        destroy(combine);
        return status;
    }
    *ret_self = combine;
    return FW_OK;
}

static const struct fw_text *statement(const struct combine *combine)
{
    return combine->phase == PHASE_WRITE  ? &combine->write
           : combine->phase == PHASE_JOIN ? &combine->join
                                          : &combine->tables[combine->phase].load;
}

/* What is checked once the phase's statement has run. */
static fw_status check(struct combine *combine)
{
    switch (combine->phase) {
    case PHASE_JOIN - 1:
        return combine_tables_check(combine);
    case PHASE_JOIN:
        return combine_join_check(combine);
    default:
        return FW_OK;
    }
}

static fw_status work(struct combine *combine)
{
    bool is_absent = combine->phase < PHASE_JOIN && combine->tables[combine->phase].source == NULL;
    fw_status status =
        is_absent ? FW_OK : fw_sql_work(&combine->sql, statement(combine), &combine->job);

    if (status == FW_OK) {
        status = check(combine);
    }
    if (status != FW_OK) {
        return status;
    }
    return combine->phase++ == PHASE_WRITE ? combine_manifest_write(combine) : FW_MORE;
}

static fw_status step(void *self, struct fw_step *ret)
{
    struct combine *combine = self;
    fw_status status = work(combine);

    ret->done = ret->items = (uint64_t)combine->n_written;
    ret->unit = "days";
    return status;
}

static const struct fw_port inputs[] = {
    FW_PORT(.kind = FW_KIND_TABLE, .flags = FW_PORT_MANY, .name = "prices",
            .doc = "open, high, low, close and volume by day, in any order"),
    FW_PORT(.kind = FW_KIND_TABLE, .flags = FW_PORT_MANY, .name = "features",
            .doc = "a day and any other columns, such as the output of market_features"),
    FW_PORT(.kind = FW_KIND_TABLE, .flags = FW_PORT_MANY | FW_PORT_OPTIONAL, .name = "vix_features",
            .doc = "more columns by day"),
    FW_PORT(.kind = FW_KIND_TABLE, .flags = FW_PORT_MANY | FW_PORT_OPTIONAL, .name = "labels",
            .doc = "more columns by day, which come last"),
};

static const struct fw_port outputs[] = {
    FW_PORT(.kind = FW_KIND_TABLE, .name = "dataset", .file = "dataset.parquet",
            .doc = "the days that all inputs have, by day: Date, Open, High, Low, Close, Volume, "
                   "then the columns of the other inputs"),
};

#define TEXT(name_, default_, doc_)                                                                \
    FW_PARAM(.type = FW_PARAM_STRING, .name = name_, .default_value = default_, .doc = doc_)

static const struct fw_param params[] = {
    TEXT("date_column", "Date", "the day of the prices; names are found without regard to case"),
    TEXT("date_format", "", "of dates that are text, as in strptime: %m/%d/%Y; else 2019-03-01"),
    TEXT("open_column", "Open", "the first price"),
    TEXT("high_column", "High", "the highest price"),
    TEXT("low_column", "Low", "the lowest price"),
    TEXT("close_column", "Close", "the last price"),
    TEXT("volume_column", "Volume", "what was traded"),
    TEXT("features_date_column", "Date", "the day of the other inputs"),
    TEXT("features_date_format", "", "as date_format, of the other inputs"),
};

static const char *const required[] = {FW_SQL_ID, FW_ARTIFACT_ID};

const struct fw_stage combine_dataset_stage = {
    .struct_size = (uint32_t)sizeof(struct fw_stage),
    .caps = FW_CAP_PARALLEL,
    .determinism = FW_DETERMINISM_BITWISE,
    .name = "combine_dataset",
    .doc = "Prices and features of the same days in one table",
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

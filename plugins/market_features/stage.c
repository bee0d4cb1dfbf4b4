/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include <fw/service/artifact.h>
#include <fw/service/budget.h>

#include "market_features.h"
#include "sql/copy.h"

#define VIEW "fw_rows"
enum { ADVANCE_MS = 500 };

static fw_status read_settings(struct market *market)
{
    const struct fw_task *task = market->task;
    const char *tier = fw_task_text(task, "tier");
    const char *name = fw_task_output(task, "features")->name;
    bool fills = strcmp(fw_task_text(task, "vix_fill"), "ffill") == 0;

    market->settings = (struct market_settings){
        .tier = strcmp(tier, "a20") == 0   ? FW_TIER_A20
                : strcmp(tier, "a50") == 0 ? FW_TIER_A50
                                           : FW_TIER_A100,
        .is_reference = strcmp(fw_task_text(task, "compat"), "ref") == 0,
        .drops_bad = strcmp(fw_task_text(task, "bad_rows"), "drop") == 0,
        .vix_gap = fills ? fw_task_integer(task, "vix_max_gap") : 0,
    };
    market->n_columns = fw_tier_columns(market->settings.tier);
    market->warm_up = fw_tier_warm_up(market->settings.tier);
    fw_market_init(&market->state, market->settings.is_reference);
    const char *end = strrchr(name, '.');
    return end != NULL && strcmp(end, ".parquet") == 0
               ? FW_OK
               : fw_faultf(market->host, FW_E_CONFIG, "features", "end its name in .parquet",
                           "the features are one Parquet file, not \"%s\"", name);
}

/* Which session works on the phase's job. */
static const struct fw_sql_handle *worker(const struct market *market)
{
    return market->phase < MARKET_CHECK ? &market->reader : &market->writer;
}

static void end_job(struct market *market)
{
    if (market->job != NULL) {
        worker(market)->api->finish(market->job);
    }
    market->job = NULL;
}

static void market_destroy(void *self)
{
    struct market *market = self;

    end_job(market);
    fw_sql_handle_close(&market->writer);
    market_bars_close(&market->bars);
    fw_source_close(market->prices);
    fw_source_close(market->index);
    fw_sql_handle_close(&market->reader);
    fw_text_finish(&market->load_series);
    fw_text_finish(&market->load_index);
    free(market);
}

static fw_status market_create(const struct fw_host *host, const struct fw_task *task,
                               void **ret_self)
{
    struct market *market = calloc(1, sizeof *market);

    if (market == NULL) {
        return fw_fault_nomem(host);
    }
    market->host = host;
    market->task = task;
    fw_status status = read_settings(market);
    if (status == FW_OK) {
        status = fw_sql_handle_open(&market->reader, host);
    }
    if (status == FW_OK) {
        status = market_input_open(market);
    }
    if (status != FW_OK) {
        market_destroy(market);
        return status;
    }
    market->phase = market->index != NULL ? MARKET_LOAD_INDEX : MARKET_LOAD_SERIES;
    *ret_self = market;
    return FW_OK;
}

/*
 * A session can do nothing else while a stream of it is read, so there are two. The one that sorts
 * gets most of the memory; the one that writes holds a few row groups.
 */
static fw_status share_memory(struct market *market)
{
    const struct fw_budget *budget = market->host->service(market->host, FW_BUDGET_ID);
    unsigned long long bytes = budget->limits(market->host)->engine_bytes;
    fw_status status =
        fw_sql_execf(&market->reader, "SET memory_limit = '%lluB'", bytes - bytes / 4);

    return status == FW_OK ? fw_sql_execf(&market->writer, "SET memory_limit = '%lluB'", bytes / 4)
                           : status;
}

static fw_status begin_writing(struct market *market)
{
    struct ArrowArrayStream stream;
    struct fw_text text = {0};

    market_rows_stream(market, &stream);
    fw_status status = market->writer.api->attach(market->writer.session, VIEW, &stream);
    if (status != FW_OK) {
        return status;
    }
    fw_text_append(&text, "COPY (");
    fw_sql_append_in_order(&text, "SELECT * FROM " VIEW);
    fw_text_append(&text, ") ");
    fw_sql_append_to_parquet(&text, fw_task_output(market->task, "features")->path,
                             market->n_columns + 1);
    status = text.failed ? fw_fault_nomem(market->host)
                         : market->writer.api->begin(market->writer.session, fw_text_get(&text),
                                                     &market->job);
    fw_text_finish(&text);
    return status;
}

static fw_status check(struct market *market)
{
    fw_status status = market_input_check(market);

    if (status == FW_OK) {
        status = fw_sql_handle_open(&market->writer, market->host);
    }
    if (status == FW_OK) {
        status = share_memory(market);
    }
    return status == FW_OK ? market_input_start(market) : status;
}

static fw_status begin(struct market *market)
{
    const struct fw_text *statement =
        market->phase == MARKET_LOAD_INDEX ? &market->load_index : &market->load_series;

    if (market->phase == MARKET_WRITE) {
        return begin_writing(market);
    }
    return market->reader.api->begin(market->reader.session, fw_text_get(statement), &market->job);
}

static fw_status finish(struct market *market)
{
    const struct market_failure *failure = &market->failure;

    if (failure->status != FW_OK) {
        return fw_faultf(market->host, failure->status,
                         failure->where[0] != '\0' ? failure->where : NULL, failure->remedy, "%s",
                         failure->what);
    }
    market_days_end(market);
    return market_manifest_write(market);
}

/* A piece of the phase's job; FW_OK at its end. */
static fw_status advance(struct market *market)
{
    double fraction;
    fw_status status = market->job == NULL ? begin(market) : FW_OK;

    if (status == FW_OK) {
        status = worker(market)->api->advance(market->job, ADVANCE_MS, &fraction);
    }
    if (status == FW_OK) {
        end_job(market);
    }
    return status;
}

static fw_status work(struct market *market)
{
    fw_status status = market->phase == MARKET_CHECK ? check(market) : advance(market);

    if (status != FW_OK) {
        return status;
    }
    if (market->phase == MARKET_WRITE) {
        return finish(market);
    }
    market->phase++;
    return FW_MORE;
}

static fw_status market_step(void *self, struct fw_step *ret)
{
    struct market *market = self;
    fw_status status = work(market);

    ret->done = ret->items = (uint64_t)atomic_load(&market->counts.read);
    ret->total = (uint64_t)market->n_days;
    ret->unit = "days";
    return status;
}

static const struct fw_port inputs[] = {
    FW_PORT(.kind = FW_KIND_TABLE, .flags = FW_PORT_MANY, .name = "prices",
            .doc = "open, high, low, close and volume by day, in any order; adjusted prices"),
    FW_PORT(.kind = FW_KIND_TABLE, .flags = FW_PORT_MANY | FW_PORT_OPTIONAL, .name = "vix",
            .doc = "the volatility index by day; needed from tier a50 on"),
};

/* The names of all columns, so that `fwrun inspect` lists them. */
#define COLUMN(tier, name, ...) " " #name
#define COUNT                   COLUMN
static const char columns_doc[] =
    "one row a day: Date, and of these columns the first 20, 50 or all:"
#include "indicators/columns.def"
    ;
#undef COLUMN
#undef COUNT

static const struct fw_port outputs[] = {
    FW_PORT(.kind = FW_KIND_TABLE, .name = "features", .file = "features.parquet",
            .doc = columns_doc),
};

#define TEXT(name_, default_, doc_)                                                                \
    FW_PARAM(.type = FW_PARAM_STRING, .name = name_, .default_value = default_, .doc = doc_)

static const struct fw_param params[] = {
    FW_PARAM(.type = FW_PARAM_ENUM, .name = "tier", .default_value = "a100",
             .choices = "a20|a50|a100", .doc = "how many columns; each tier has those before it"),
    FW_PARAM(.type = FW_PARAM_ENUM, .name = "compat", .default_value = "fixed",
             .choices = "ref|fixed",
             .doc = "ref repeats what the reference got wrong: ranks, weeks, crosses, gaps"),
    FW_PARAM(.type = FW_PARAM_ENUM, .name = "bad_rows", .default_value = "error",
             .choices = "error|drop",
             .doc = "rows of prices that cannot be used: refuse them, or leave out and count"),
    FW_PARAM(.type = FW_PARAM_ENUM, .name = "vix_fill", .default_value = "none",
             .choices = "none|ffill",
             .doc = "days without the index: none, or carry the last value on"),
    FW_PARAM(.type = FW_PARAM_INT, .name = "vix_max_gap", .default_value = "5", .min = "1",
             .max = "252", .unit = "days", .doc = "for how many days vix_fill carries a value on"),
    TEXT("date_column", "Date", "the day; names are found without regard to case too"),
    TEXT("date_format", "", "of dates that are text, as in strptime: %m/%d/%Y; else 2019-03-01"),
    TEXT("open_column", "Open", "the first price"),
    TEXT("high_column", "High", "the highest price"),
    TEXT("low_column", "Low", "the lowest price"),
    TEXT("close_column", "Close", "the last price"),
    TEXT("volume_column", "Volume", "what was traded"),
    TEXT("vix_date_column", "Date", "the day of the index"),
    TEXT("vix_date_format", "", "as date_format, of the index"),
    TEXT("vix_column", "Close", "the value of the index"),
};

static const char *const required[] = {FW_SQL_ID, FW_ARTIFACT_ID, FW_BUDGET_ID};

const struct fw_stage market_features_stage = {
    .struct_size = (uint32_t)sizeof(struct fw_stage),
    .caps = FW_CAP_PARALLEL,
    .determinism = FW_DETERMINISM_BITWISE,
    .name = "market_features",
    .doc = "Up to 100 technical indicators of daily prices and the volatility index",
    .inputs = inputs,
    .n_inputs = FW_COUNT(inputs),
    .outputs = outputs,
    .n_outputs = FW_COUNT(outputs),
    .params = params,
    .n_params = FW_COUNT(params),
    .services_required = required,
    .n_services_required = FW_COUNT(required),
    .create = market_create,
    .step = market_step,
    .destroy = market_destroy,
};

/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdlib.h>

#include <fw/service/artifact.h>
#include <fw/service/gate.h>
#include <fw/service/sql.h>

#include "cardinality.h"

static void destroy(void *self)
{
    struct cardinality *c = self;

    fw_fold_close(c->fold);
    cardinality_inputs_close(c);
    fw_pairs_facts_finish(&c->facts);
    fw_report_finish(&c->report);
    fw_sql_handle_close(&c->sql);
    fw_text_finish(&c->folder);
    free(c);
}

static fw_status create(const struct fw_host *host, const struct fw_task *task, void **ret_self)
{
    struct cardinality *c = calloc(1, sizeof *c);

    if (c == NULL) {
        return fw_fault_nomem(host);
    }
    c->host = host;
    c->task = task;
    c->compat = fw_task_integer(task, "compat") != 0;
    c->report.title = "Gate B: raw cardinality and coverage";
    fw_status status = fw_sql_handle_open(&c->sql, host);
    if (status == FW_OK) {
        status = cardinality_inputs_open(c);
    }
    if (status == FW_OK) {
        status = cardinality_plan_open(c);
    }
    if (status != FW_OK) {
        destroy(c);
        return status;
    }
    *ret_self = c;
    return FW_OK;
}

static fw_status give_verdict(const struct cardinality *c)
{
    struct fw_text figures = {0};

    fw_text_appendf(&figures,
                    "%" PRId64 " raw rows, %" PRId64 " entity-days; the core covers %.6f of them, "
                    "the features %.6f of the index",
                    cardinality_fact(c, CARDINALITY_RAW, "rows"),
                    cardinality_fact(c, CARDINALITY_RAW, "pairs"), cardinality_core_coverage(c),
                    cardinality_edgar_coverage(c));
    fw_status status = figures.failed ? fw_fault_nomem(c->host)
                                      : fw_report_verdict(&c->report, c->host, "cardinality",
                                                          fw_text_get(&figures));
    fw_text_finish(&figures);
    return status;
}

static fw_status finish(struct cardinality *c)
{
    fw_status status = cardinality_findings(c);

    if (status == FW_OK) {
        status = cardinality_missing_write(c);
    }
    if (status == FW_OK) {
        status = fw_report_write(&c->report, c->host, fw_task_output(c->task, "report")->path,
                                 fw_task_output(c->task, "markdown")->path);
    }
    if (status == FW_OK) {
        status = give_verdict(c);
    }
    return status == FW_OK ? fw_fold_remove(c->fold) : status;
}

static fw_status step(void *self, struct fw_step *ret)
{
    struct cardinality *c = self;
    fw_status status = fw_fold_step(c->fold, ret);

    return status == FW_OK ? finish(c) : status;
}

static fw_status save(void *self, struct fw_blob *ret)
{
    return fw_fold_save(((struct cardinality *)self)->fold, ret);
}

static fw_status restore(void *self, const struct fw_blob *blob)
{
    return fw_fold_restore(((struct cardinality *)self)->fold, blob);
}

static const struct fw_port inputs[] = {
    FW_PORT(.kind = FW_KIND_TABLE, .flags = FW_PORT_MANY, .name = "raw", .doc = "the raw offers"),
    FW_PORT(.kind = FW_KIND_TABLE, .flags = FW_PORT_MANY, .name = "core",
            .doc = "the daily table of offers"),
    FW_PORT(.kind = FW_KIND_TABLE, .flags = FW_PORT_MANY | FW_PORT_OPTIONAL, .name = "text",
            .doc = "the offers' texts; without them the gate does not pass"),
    FW_PORT(.kind = FW_KIND_TABLE, .flags = FW_PORT_MANY, .name = "index",
            .doc = "the days that the features were made for: cik and crawled_date_day"),
    FW_PORT(.kind = FW_KIND_TABLE, .flags = FW_PORT_MANY, .name = "edgar",
            .doc = "the features of filings: cik, crawled_date_day, edgar_valid"),
    FW_PORT(.kind = FW_KIND_TABLE, .flags = FW_PORT_MANY | FW_PORT_OPTIONAL, .name = "filings",
            .doc = "the raw filings, which are counted by year"),
    FW_PORT(.kind = FW_KIND_DOCUMENT, .flags = FW_PORT_OPTIONAL, .name = "contract",
            .doc = "the column contract, YAML: which columns count as structured"),
    FW_PORT(.kind = FW_KIND_DOCUMENT, .flags = FW_PORT_OPTIONAL, .name = "reference",
            .doc = "the report of this gate on another machine: versions and files must agree"),
};

static const struct fw_port outputs[] = {
    FW_PORT(.kind = FW_KIND_DOCUMENT, .name = "report", .file = "raw_cardinality_coverage.json",
            .doc = "what was counted, the verdict and its reasons"),
    FW_PORT(.kind = FW_KIND_DOCUMENT, .name = "markdown", .file = "raw_cardinality_coverage.md",
            .doc = "the same to read"),
    FW_PORT(.kind = FW_KIND_FILE, .flags = FW_PORT_OPTIONAL, .name = "missing_pairs",
            .file = "snapshots_edgar_missing_pairs_sample.csv",
            .doc = "the first 1,000 pairs of the index that the features lack"),
};

#define RATE(name_, default_, doc_)                                                                \
    FW_PARAM(.type = FW_PARAM_REAL, .name = name_, .default_value = default_, .min = "0",          \
             .max = "2", .doc = doc_)

static const struct fw_param params[] = {
    FW_OFFER_KEY_PARAMS,
    FW_PARAM(.type = FW_PARAM_STRING, .name = "filed_column", .default_value = "filed_date",
             .doc = "column of the raw filings with their day"),
    FW_PARAM(.type = FW_PARAM_INT, .name = "min_raw_rows", .default_value = "0", .min = "0",
             .unit = "rows", .doc = "raw rows that there must be"),
    FW_PARAM(.type = FW_PARAM_INT, .name = "raw_scan_limit", .default_value = "0", .min = "0",
             .unit = "rows",
             .doc = "raw rows that are read, the first of the table; 0: all, without which the "
                    "gate does not pass"),
    RATE("min_core_coverage", "0.9999", "rows of the core to raw entity-days, at least"),
    RATE("max_core_coverage", "1.0001", "rows of the core to raw entity-days, at most"),
    RATE("min_edgar_coverage", "0.9999", "pairs of the index that the features must have"),
    RATE("min_text_coverage", "0", "entity-days of the core that must have a text"),
    FW_PARAM(.type = FW_PARAM_BOOL, .name = "compat", .default_value = "false",
             .doc = "the reference's rules: rates are reported and fail nothing, and a null key is "
                    "an empty one"),
    FW_PARAM(.type = FW_PARAM_STRING, .name = "host_tag", .default_value = "",
             .doc = "name of the machine, for the report"),
    FW_PARAM(.type = FW_PARAM_INT, .name = "chunk_rows", .default_value = "0", .min = "0",
             .unit = "rows", .flags = FW_PARAM_NO_EFFECT,
             .doc = "rows that one statement reads; 0 lets the stage choose"),
};

static const char *const required[] = {FW_SQL_ID, FW_GATE_ID};

const struct fw_stage cardinality_stage = {
    .struct_size = (uint32_t)sizeof(struct fw_stage),
    .caps = FW_CAP_CHECKPOINT | FW_CAP_PARALLEL,
    .determinism = FW_DETERMINISM_BITWISE,
    .n_inputs = FW_COUNT(inputs),
    .n_outputs = FW_COUNT(outputs),
    .n_params = FW_COUNT(params),
    .n_services_required = FW_COUNT(required),
    .name = "audit_cardinality",
    .doc = "Gate B: every raw entity-day arrives in the core, and every one of an issuer in the "
           "features",
    .inputs = inputs,
    .outputs = outputs,
    .params = params,
    .services_required = required,
    .create = create,
    .step = step,
    .save = save,
    .restore = restore,
    .destroy = destroy,
};

/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <fw/service/artifact.h>
#include <fw/service/gate.h>

#include "audit_columns.h"

static const struct fw_port inputs[] = {
    FW_PORT(.kind = FW_KIND_DOCUMENT, .name = "contract", .doc = "the column contract, YAML"),
    FW_PORT(.kind = FW_KIND_TABLE, .flags = FW_PORT_MANY, .name = "raw", .doc = "the raw offers"),
    FW_PORT(.kind = FW_KIND_TABLE, .flags = FW_PORT_MANY, .name = "core",
            .doc = "the daily table of offers"),
    FW_PORT(.kind = FW_KIND_TABLE, .flags = FW_PORT_MANY | FW_PORT_OPTIONAL, .name = "static",
            .doc = "the latest row of each offer"),
    FW_PORT(.kind = FW_KIND_TABLE, .flags = FW_PORT_MANY | FW_PORT_OPTIONAL, .name = "extras",
            .doc = "the nested columns, by entity and day"),
    FW_PORT(.kind = FW_KIND_TABLE, .flags = FW_PORT_MANY | FW_PORT_OPTIONAL, .name = "text",
            .doc = "the offers' texts"),
    FW_PORT(.kind = FW_KIND_TABLE, .flags = FW_PORT_MANY, .name = "filings",
            .doc = "the raw filings that the features were made of"),
    FW_PORT(.kind = FW_KIND_TABLE, .flags = FW_PORT_MANY, .name = "index",
            .doc = "the days that the features were made for"),
    FW_PORT(.kind = FW_KIND_TABLE, .flags = FW_PORT_MANY, .name = "edgar",
            .doc = "the features that are checked"),
};

static const struct fw_port outputs[] = {
    FW_PORT(.kind = FW_KIND_DOCUMENT, .name = "report", .file = "column_manifest.json",
            .doc = "what was found, the verdict and its reasons"),
    FW_PORT(.kind = FW_KIND_DOCUMENT, .name = "markdown", .file = "column_manifest.md",
            .doc = "the same to read"),
};

static const struct fw_param params[] = {
    FW_FILING_PARAMS,
    FW_PARAM(.type = FW_PARAM_STRING, .name = "sample_seed", .default_value = "42",
             .doc = "ciks are drawn in the order of sha1(seed:cik)"),
    FW_PARAM(.type = FW_PARAM_INT, .name = "edgar_recompute_pairs", .default_value = "50",
             .min = "1", .max = "1000000", .doc = "twice as many ciks are drawn, 50 at least"),
    FW_PARAM(.type = FW_PARAM_INT, .name = "edgar_min_compared", .default_value = "200", .min = "1",
             .max = "1000000000", .unit = "values", .doc = "fewer compared values do not pass"),
    FW_PARAM(.type = FW_PARAM_INT, .name = "edgar_max_rows", .default_value = "1500", .min = "1",
             .max = "10000000", .unit = "rows", .doc = "rows of the drawn ciks that are compared"),
    FW_PARAM(.type = FW_PARAM_REAL, .name = "tolerance", .default_value = "1e-5", .min = "0",
             .doc = "the greatest difference between equal values"),
    FW_PARAM(.type = FW_PARAM_BOOL, .name = "text_required", .default_value = "true",
             .doc = "without the table of texts and its columns the gate does not pass"),
};

static const char *const required[] = {FW_SQL_ID, FW_ARTIFACT_ID, FW_GATE_ID};

static void read_settings(struct audit *audit, const struct fw_task *task)
{
    fw_filing_rules_read(&audit->rules, task);
    audit->settings = (struct audit_settings){
        .seed = fw_task_text(task, "sample_seed"),
        .pairs = fw_task_integer(task, "edgar_recompute_pairs"),
        .min_compared = fw_task_integer(task, "edgar_min_compared"),
        .max_keys = fw_task_integer(task, "edgar_max_rows"),
        .tolerance = fw_task_real(task, "tolerance"),
        .text_required = fw_task_integer(task, "text_required") != 0,
    };
}

static void audit_destroy(void *self)
{
    struct audit *audit = self;

    audit_features_finish(audit);
    audit_inputs_close(audit);
    fw_report_finish(&audit->report);
    free(audit);
}

static fw_status audit_create(const struct fw_host *host, const struct fw_task *task,
                              void **ret_self)
{
    struct audit *audit = calloc(1, sizeof *audit);

    if (audit == NULL) {
        return fw_fault_nomem(host);
    }
    audit->host = host;
    audit->task = task;
    audit->report.title = "Gate A: columns and features";
    read_settings(audit, task);
    fw_status status = audit_inputs_open(audit);
    if (status == FW_OK) {
        status = audit_keys_check(audit);
    }
    if (status == FW_OK) {
        status = audit_features_read(audit, audit->rules.features);
    }
    if (status != FW_OK) {
        audit_destroy(audit);
        return status;
    }
    *ret_self = audit;
    return FW_OK;
}

static fw_status write_report(struct audit *audit)
{
    const struct cJSON *recomputed;
    struct fw_text figures = {0};
    fw_status status =
        fw_report_write(&audit->report, audit->host, fw_task_output(audit->task, "report")->path,
                        fw_task_output(audit->task, "markdown")->path);

    if (status != FW_OK) {
        return status;
    }
    recomputed = cJSON_GetObjectItemCaseSensitive(audit->report.facts, "edgar_recompute");
    recomputed = cJSON_GetObjectItemCaseSensitive(recomputed, "total_compared");
    fw_text_appendf(&figures, "all columns of the contract are there, %s recomputed values agree",
                    cJSON_IsRaw(recomputed) ? recomputed->valuestring : "no");
    status = fw_report_verdict(&audit->report, audit->host, "columns", fw_text_get(&figures));
    fw_text_finish(&figures);
    return status;
}

static fw_status audit_step(void *self, struct fw_step *ret)
{
    struct audit *audit = self;
    fw_status status = FW_OK;

    switch (audit->phase++) {
    case 0:
        audit_contract_report(audit);
        break;
    case 1:
        status = audit_advice_report(audit);
        break;
    case 2:
        status = audit_recompute_report(audit);
        break;
    default:
        status = write_report(audit);
        break;
    }
    ret->unit = "checks";
    ret->total = 4;
    ret->done = ret->items = (uint64_t)audit->phase;
    return status == FW_OK && audit->phase < 4 ? FW_MORE : status;
}

const struct fw_stage audit_columns_stage = {
    .struct_size = (uint32_t)sizeof(struct fw_stage),
    .caps = FW_CAP_PARALLEL,
    .determinism = FW_DETERMINISM_BITWISE,
    .name = "audit_columns",
    .doc = "Gate A: every column of the contract is there, features recomputed are equal",
    .inputs = inputs,
    .n_inputs = FW_COUNT(inputs),
    .outputs = outputs,
    .n_outputs = FW_COUNT(outputs),
    .params = params,
    .n_params = FW_COUNT(params),
    .services_required = required,
    .n_services_required = FW_COUNT(required),
    .create = audit_create,
    .step = audit_step,
    .destroy = audit_destroy,
};

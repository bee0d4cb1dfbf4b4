/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include <fw/plugin.h>
#include <fw/service/gate.h>
#include <fw/service/sql.h>

#include "offer_day.h"

static void destroy(void *self)
{
    struct offer_day *audit = self;

    fw_fold_close(audit->fold);
    for (int i = 0; i < OFFER_DAY_N_TABLES; i++) {
        fw_pairs_table_finish(&audit->pairs[i]);
        fw_source_close(audit->sources[i]);
    }
    fw_pairs_facts_finish(&audit->facts);
    fw_report_finish(&audit->report);
    fw_sql_handle_close(&audit->sql);
    fw_text_finish(&audit->folder);
    free(audit);
}

static fw_status open_all(struct offer_day *audit)
{
    fw_status status = fw_sql_handle_open(&audit->sql, audit->host);

    for (int i = 0; i < OFFER_DAY_N_TABLES && status == FW_OK; i++) {
        const struct fw_input *input = fw_task_input(audit->task, offer_day_ports[i]);
        status =
            fw_source_open(&audit->sql, input->paths, input->n_paths, NULL, &audit->sources[i]);
        if (status == FW_OK) {
            status = offer_day_find_columns(audit, i);
        }
    }
    return status == FW_OK ? offer_day_plan_open(audit) : status;
}

static fw_status create(const struct fw_host *host, const struct fw_task *task, void **ret_self)
{
    struct offer_day *audit = calloc(1, sizeof *audit);

    if (audit == NULL) {
        return fw_fault_nomem(host);
    }
    audit->host = host;
    audit->task = task;
    audit->report.title = "Gate C: offer-days, exactly";
    fw_status status = open_all(audit);
    if (status != FW_OK) {
        destroy(audit);
        return status;
    }
    *ret_self = audit;
    return FW_OK;
}

static fw_status step(void *self, struct fw_step *ret)
{
    struct offer_day *audit = self;
    fw_status status = fw_fold_step(audit->fold, ret);

    if (status == FW_OK) {
        status = offer_day_decide(audit);
    }
    return status == FW_OK ? fw_fold_remove(audit->fold) : status;
}

static fw_status save(void *self, struct fw_blob *ret)
{
    return fw_fold_save(((struct offer_day *)self)->fold, ret);
}

static fw_status restore(void *self, const struct fw_blob *blob)
{
    return fw_fold_restore(((struct offer_day *)self)->fold, blob);
}

static const struct fw_port inputs[] = {
    FW_PORT(.kind = FW_KIND_TABLE, .flags = FW_PORT_MANY, .name = "raw", .doc = "the raw offers"),
    FW_PORT(.kind = FW_KIND_TABLE, .flags = FW_PORT_MANY, .name = "core",
            .doc = "the daily table of offers"),
};

static const struct fw_port outputs[] = {
    FW_PORT(.kind = FW_KIND_DOCUMENT, .name = "report", .file = "offer_day_coverage_exact.json",
            .doc = "what was counted, the verdict and its reasons"),
    FW_PORT(.kind = FW_KIND_DOCUMENT, .name = "markdown", .file = "offer_day_coverage_exact.md",
            .doc = "the same to read"),
};

static const struct fw_param params[] = {
    FW_OFFER_KEY_PARAMS,
    FW_PARAM(.type = FW_PARAM_REAL, .name = "min_coverage", .default_value = "0.9999", .min = "0",
             .max = "2", .doc = "offer-days of the core to those of the raw table, at least"),
    FW_PARAM(.type = FW_PARAM_REAL, .name = "max_coverage", .default_value = "1.0001", .min = "0",
             .max = "2", .doc = "offer-days of the core to those of the raw table, at most"),
    FW_PARAM(.type = FW_PARAM_INT, .name = "samples", .default_value = "1000", .min = "0",
             .max = "100000", .unit = "rows",
             .doc = "offer-days to list of those that only one of the two tables has"),
    FW_PARAM(.type = FW_PARAM_INT, .name = "chunk_rows", .default_value = "0", .min = "0",
             .unit = "rows", .flags = FW_PARAM_NO_EFFECT,
             .doc = "rows that one statement reads; 0 lets the stage choose"),
};

static const char *const required[] = {FW_SQL_ID, FW_GATE_ID};

static const struct fw_stage offer_day_stage = {
    .struct_size = (uint32_t)sizeof(struct fw_stage),
    .caps = FW_CAP_CHECKPOINT | FW_CAP_PARALLEL,
    .determinism = FW_DETERMINISM_BITWISE,
    .n_inputs = FW_COUNT(inputs),
    .n_outputs = FW_COUNT(outputs),
    .n_params = FW_COUNT(params),
    .n_services_required = FW_COUNT(required),
    .name = "audit_offer_day",
    .doc = "Gate C: the core has the raw table's offer-days, each once and no others",
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

static const struct fw_stage *const stages[] = {&offer_day_stage};

FW_PLUGIN("org.fwrun.audit_offer_day", "0.1.0", "MIT", .doc = "Gate C of the freeze",
          .stages = stages, .n_stages = FW_COUNT(stages));

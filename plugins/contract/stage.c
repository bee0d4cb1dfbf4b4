/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include <fw/plugin.h>
#include <fw/service/artifact.h>
#include <fw/service/sql.h>

#include "contract.h"
#include "file/file.h"
#include "report/markdown.h"
#include "yaml/yaml.h"

static void destroy(void *self)
{
    struct contract *c = self;

    contract_table_close(&c->offers);
    contract_table_close(&c->filings);
    cJSON_Delete(c->base);
    cJSON_Delete(c->removed);
    fw_report_finish(&c->report);
    fw_sql_handle_close(&c->sql);
    free(c);
}

static fw_status open_all(struct contract *c)
{
    const struct fw_input *base = fw_task_input(c->task, "base");
    fw_status status = contract_check_derived(c);

    if (status == FW_OK) {
        status = fw_sql_handle_open(&c->sql, c->host);
    }
    if (status == FW_OK) {
        status = contract_table_open(c, &c->offers, "raw", "inventory");
    }
    if (status == FW_OK) {
        status = contract_table_open(c, &c->filings, "filings", "filings_inventory");
    }
    if (status == FW_OK && base != NULL && base->n_paths > 0) {
        status = fw_yaml_read(c->host, base->paths[0], &c->base);
    }
    return status;
}

static fw_status create(const struct fw_host *host, const struct fw_task *task, void **ret_self)
{
    struct contract *c = calloc(1, sizeof *c);

    if (c == NULL) {
        return fw_fault_nomem(host);
    }
    c->host = host;
    c->task = task;
    c->compat = fw_task_integer(task, "compat") != 0;
    c->offers.name = "offers";
    c->filings.name = "filings";
    c->removed = cJSON_CreateArray();
    c->report.title = "Column contract";
    fw_status status = c->removed != NULL ? open_all(c) : fw_fault_nomem(host);
    if (status != FW_OK) {
        destroy(c);
        return status;
    }
    *ret_self = c;
    return FW_OK;
}

/* The page: what was removed and why, then the lists. */
static fw_status write_page(struct contract *c, const cJSON *document)
{
    struct fw_report page = {.title = "Column contract"};
    struct fw_text text = {0};
    const cJSON *core = cJSON_GetObjectItemCaseSensitive(document, "offers_core_daily");
    const cJSON *store = cJSON_GetObjectItemCaseSensitive(document, "edgar_store");
    const cJSON *texts = cJSON_GetObjectItemCaseSensitive(document, "offers_text");
    const struct {
        const char *name;
        const cJSON *section;
        const char *list;
    } lists[] = {{"must_keep", core, "must_keep"},
                 {"nested_columns", core, "nested_columns"},
                 {"can_drop", core, "can_drop"},
                 {"offers_text", texts, "must_keep"},
                 {"edgar_store", store, "must_keep"}};

    fw_report_text(&page, "stamp", fw_task_text(c->task, "stamp"));
    fw_report_int(&page, "offers_kept", cJSON_GetArraySize(c->offers.kept));
    fw_report_int(&page, "offers_nested", cJSON_GetArraySize(c->offers.nested));
    fw_report_int(&page, "filings_kept", cJSON_GetArraySize(c->filings.kept));
    fw_report_int(&page, "removed_by_thresholds", cJSON_GetArraySize(c->removed));
    fw_report_add(&page, "removed", cJSON_Duplicate(c->removed, true));
    for (size_t i = 0; i < FW_COUNT(lists); i++) {
        const cJSON *list = cJSON_GetObjectItemCaseSensitive(lists[i].section, lists[i].list);
        fw_report_add(&page, lists[i].name, cJSON_Duplicate(list, true));
    }
    fw_markdown_append(&text, page.title, page.facts);
    fw_status status = page.failed || text.failed
                           ? fw_fault_nomem(c->host)
                           : fw_file_write(c->host, fw_task_output(c->task, "markdown")->path,
                                           fw_text_get(&text), text.size);
    fw_text_finish(&text);
    fw_report_finish(&page);
    return status;
}

static fw_status write_fields(const struct contract *c)
{
    struct fw_report fields = {0};

    fw_report_text(&fields, "stamp", fw_task_text(c->task, "stamp"));
    fw_report_int(&fields, "offers_kept", cJSON_GetArraySize(c->offers.kept));
    fw_report_int(&fields, "filings_kept", cJSON_GetArraySize(c->filings.kept));
    fw_report_add(&fields, "removed", cJSON_Duplicate(c->removed, true));
    fw_status status = fw_report_fields(&fields, c->host);
    fw_report_finish(&fields);
    return status;
}

/* Two schemas and two small tables: one step does it. */
static fw_status step(void *self, struct fw_step *ret)
{
    struct contract *c = self;
    fw_status status = contract_apply(c, &c->offers);

    if (status == FW_OK) {
        status = contract_apply(c, &c->filings);
    }
    cJSON *document = status == FW_OK ? contract_document(c) : NULL;
    if (status == FW_OK && document == NULL) {
        status = fw_fault_nomem(c->host);
    }
    if (status == FW_OK) {
        status = fw_yaml_write(c->host, fw_task_output(c->task, "contract")->path, document);
    }
    if (status == FW_OK) {
        status = write_page(c, document);
    }
    cJSON_Delete(document);
    ret->unit = "columns";
    ret->items = c->offers.source->n_columns;
    ret->items += c->filings.source != NULL ? c->filings.source->n_columns : 0;
    ret->done = ret->total = ret->items;
    return status == FW_OK ? write_fields(c) : status;
}

static const struct fw_port inputs[] = {
    FW_PORT(.kind = FW_KIND_TABLE, .flags = FW_PORT_MANY, .name = "raw",
            .doc = "the raw offers, of which the schema is read"),
    FW_PORT(.kind = FW_KIND_TABLE, .name = "inventory",
            .doc = "the inventory of the raw offers, of a stage raw_profile"),
    FW_PORT(.kind = FW_KIND_TABLE, .flags = FW_PORT_MANY | FW_PORT_OPTIONAL, .name = "filings",
            .doc = "the raw filings, of which the schema is read"),
    FW_PORT(.kind = FW_KIND_TABLE, .flags = FW_PORT_OPTIONAL, .name = "filings_inventory",
            .doc = "the inventory of the raw filings"),
    FW_PORT(.kind = FW_KIND_DOCUMENT, .flags = FW_PORT_OPTIONAL, .name = "base",
            .doc = "an earlier contract, YAML: what it must keep is kept too"),
};

static const struct fw_port outputs[] = {
    FW_PORT(.kind = FW_KIND_DOCUMENT, .name = "contract", .file = "column_contract_wide.yaml",
            .doc = "which columns each table must have"),
    FW_PORT(.kind = FW_KIND_DOCUMENT, .name = "markdown", .file = "column_contract_wide.md",
            .doc = "the same to read, with what the thresholds removed"),
};

static const struct fw_param params[] = {
    FW_PARAM(.type = FW_PARAM_STRING, .name = "stamp", .default_value = "",
             .doc = "the freeze that the contract is of, YYYYMMDD_HHMMSS"),
    FW_PARAM(.type = FW_PARAM_REAL, .name = "non_null_min", .default_value = "0.001", .min = "0",
             .max = "1", .doc = "a column with fewer values than that share of rows is removed"),
    FW_PARAM(.type = FW_PARAM_INT, .name = "categorical_distinct_max", .default_value = "200000",
             .min = "1", .doc = "free text with more distinct values than that is removed"),
    FW_PARAM(.type = FW_PARAM_REAL, .name = "free_text_chars", .default_value = "100", .min = "0",
             .unit = "characters", .doc = "a text of that mean length is free text"),
    FW_PARAM(.type = FW_PARAM_TEXT_LIST, .name = "protected",
             .doc = "columns that no threshold removes, beside keys, times and measures"),
    FW_PARAM(.type = FW_PARAM_TEXT_LIST, .name = "can_drop", .default_value = "hash_id,link",
             .doc = "columns that may be left out of the core"),
    FW_PARAM(.type = FW_PARAM_TEXT_LIST, .name = "text_columns",
             .default_value = "headline,title,description_text,company_description",
             .doc = "columns of the table of texts; those that are not there are left out"),
    FW_PARAM(.type = FW_PARAM_TEXT_LIST, .name = "derived_structured",
             .doc = "columns of the daily table that a stage makes; each must be in `provides`"),
    FW_PARAM(.type = FW_PARAM_TEXT_LIST, .name = "provides",
             .doc = "columns that the pipeline's stages make beyond the raw ones"),
    FW_PARAM(.type = FW_PARAM_BOOL, .name = "compat", .default_value = "false",
             .doc = "the reference's contract: no threshold removes anything"),
};

static const char *const required[] = {FW_SQL_ID, FW_ARTIFACT_ID};

static const struct fw_stage contract_stage = {
    .struct_size = (uint32_t)sizeof(struct fw_stage),
    .determinism = FW_DETERMINISM_BITWISE,
    .n_inputs = FW_COUNT(inputs),
    .n_outputs = FW_COUNT(outputs),
    .n_params = FW_COUNT(params),
    .n_services_required = FW_COUNT(required),
    .name = "contract",
    .doc = "Which columns the tables of a freeze must have, by what the raw ones hold",
    .inputs = inputs,
    .outputs = outputs,
    .params = params,
    .services_required = required,
    .create = create,
    .step = step,
    .destroy = destroy,
};

static const struct fw_stage *const stages[] = {&contract_stage};

FW_PLUGIN("org.fwrun.contract", "0.1.0", "MIT", .doc = "The column contract", .stages = stages,
          .n_stages = FW_COUNT(stages));

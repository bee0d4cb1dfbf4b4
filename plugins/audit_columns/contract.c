/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "audit_columns.h"
#include "yaml/yaml.h"

const cJSON *audit_contract_list(const struct audit *audit, const char *part, const char *list)
{
    const cJSON *section = cJSON_GetObjectItemCaseSensitive(audit->contract, part);

    return cJSON_GetObjectItemCaseSensitive(section, list);
}

bool audit_list_has(const cJSON *list, const char *text)
{
    const cJSON *item;

    cJSON_ArrayForEach(item, list)
    {
        if (strcmp(item->valuestring, text) == 0) {
            return true;
        }
    }
    return false;
}

static fw_status check_list(const struct audit *audit, const char *part, const cJSON *list)
{
    const cJSON *item;

    if (!cJSON_IsArray(list)) {
        return fw_yaml_refuse(audit->host, audit->contract_path, list,
                              "%s.%s is no list of column names", part, list->string);
    }
    cJSON_ArrayForEach(item, list)
    {
        if (!cJSON_IsString(item)) {
            return fw_yaml_refuse(audit->host, audit->contract_path, list,
                                  "%s.%s holds something that is no column name", part,
                                  list->string);
        }
    }
    return FW_OK;
}

static fw_status check_part(const struct audit *audit, const char *part)
{
    const cJSON *section = cJSON_GetObjectItemCaseSensitive(audit->contract, part);
    const cJSON *member;

    if (section == NULL) {
        return FW_OK;
    }
    if (!cJSON_IsObject(section)) {
        return fw_yaml_refuse(audit->host, audit->contract_path, section,
                              "%s has no lists of columns", part);
    }
    cJSON_ArrayForEach(member, section)
    {
        fw_status status = check_list(audit, part, member);
        if (status != FW_OK) {
            return status;
        }
    }
    return FW_OK;
}

const char *audit_contract_core(const struct audit *audit)
{
    static const char daily[] = "offers_core_daily";

    return audit_contract_list(audit, daily, "must_keep") != NULL ? daily : "offers_core_snapshot";
}

fw_status audit_contract_check(const struct audit *audit)
{
    static const char *const parts[] = {"offers_core_daily", "offers_core_snapshot", "offers_text",
                                        "edgar_store"};
    fw_status status = FW_OK;

    if (!cJSON_IsObject(audit->contract)) {
        return fw_yaml_refuse(audit->host, audit->contract_path, audit->contract,
                              "a column contract is a map of sections");
    }
    for (size_t i = 0; status == FW_OK && i < FW_COUNT(parts); i++) {
        status = check_part(audit, parts[i]);
    }
    const cJSON *must = audit_contract_list(audit, audit_contract_core(audit), "must_keep");
    if (status == FW_OK && (must == NULL || must->child == NULL)) {
        status =
            fw_yaml_refuse(audit->host, audit->contract_path, must,
                           "neither offers_core_daily nor offers_core_snapshot says which "
                           "columns it must_keep: a gate that asks for nothing passes anything");
    }
    return status;
}

static void add_text(struct fw_report *report, cJSON *list, const char *text)
{
    cJSON *item = cJSON_CreateString(text);

    if (!cJSON_AddItemToArray(list, item)) {
        cJSON_Delete(item);
        report->failed = true;
    }
}

/* Adds what of `list` is required and puts apart what no table has. */
static void require(struct audit *audit, const cJSON *list, cJSON *kept, cJSON *missing)
{
    const cJSON *nested = audit_contract_list(audit, audit_contract_core(audit), "nested_columns");
    const cJSON *item;

    cJSON_ArrayForEach(item, list)
    {
        const char *name = item->valuestring;
        if (audit_list_has(nested, name) || audit_list_has(kept, name) ||
            audit_list_has(missing, name)) {
            continue;
        }
        bool there = audit_has_column(audit, AUDIT_CORE, name) ||
                     audit_has_column(audit, AUDIT_EXTRAS, name);
        add_text(&audit->report, there ? kept : missing, name);
        if (!there) {
            fw_report_fail(&audit->report, "column %s of the contract is in no table", name);
        }
    }
}

static void report_core(struct audit *audit)
{
    static const char *const lists[] = {"must_keep", "derived_structured", "derived_nested"};
    cJSON *kept = cJSON_CreateArray();
    cJSON *missing = cJSON_CreateArray();

    for (size_t i = 0; i < FW_COUNT(lists); i++) {
        require(audit, audit_contract_list(audit, audit_contract_core(audit), lists[i]), kept,
                missing);
    }
    fw_report_add(&audit->report, "must_keep_in_processed", kept);
    fw_report_add(&audit->report, "must_keep_missing", missing);
}

/* The text table's columns; its keys are those that the core has too. */
static void report_text(struct audit *audit)
{
    const cJSON *wanted = audit_contract_list(audit, "offers_text", "must_keep");
    cJSON *missing = cJSON_CreateArray();
    bool exists = audit->tables[AUDIT_TEXT] != NULL;
    const cJSON *item;

    fw_report_bool(&audit->report, "offers_text_exists", exists);
    if (!exists && audit->settings.text_required) {
        fw_report_fail(&audit->report, "there is no table offers_text");
    }
    cJSON_ArrayForEach(item, wanted)
    {
        if (!exists || audit_has_column(audit, AUDIT_TEXT, item->valuestring)) {
            continue;
        }
        add_text(&audit->report, missing, item->valuestring);
        if (audit->settings.text_required) {
            fw_report_fail(&audit->report, "column %s of the contract is not in offers_text",
                           item->valuestring);
        }
    }
    fw_report_add(&audit->report, "offers_text_must_keep_missing", missing);
}

void audit_contract_report(struct audit *audit)
{
    const char *name = strrchr(audit->contract_path, '/');

    fw_report_text(&audit->report, "contract_path_used", name != NULL ? name + 1 : name);
    fw_report_text(&audit->report, "contract_section", audit_contract_core(audit));
    report_core(audit);
    report_text(audit);
}

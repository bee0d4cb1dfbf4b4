/* SPDX-License-Identifier: MIT */
#include "report.h"

#include <stdarg.h>

#include <math.h>
#include <stdlib.h>

#include <fw/service/gate.h>

#include "file/file.h"
#include "json.h"
#include "markdown.h"
#include "sql/fault.h"

void fw_report_finish(struct fw_report *report)
{
    cJSON_Delete(report->facts);
    cJSON_Delete(report->reasons);
    *report = (struct fw_report){.title = report->title};
}

void fw_report_add(struct fw_report *report, const char *name, cJSON *value)
{
    if (report->facts == NULL) {
        report->facts = cJSON_CreateObject();
    }
    if (value == NULL || !cJSON_AddItemToObject(report->facts, name, value)) {
        cJSON_Delete(value);
        report->failed = true;
    }
}

void fw_report_int(struct fw_report *report, const char *name, int64_t value)
{
    fw_report_add(report, name, fw_json_int(value));
}

void fw_report_real(struct fw_report *report, const char *name, double value)
{
    fw_report_add(report, name, isfinite(value) ? cJSON_CreateNumber(value) : cJSON_CreateNull());
}

void fw_report_bool(struct fw_report *report, const char *name, bool value)
{
    fw_report_add(report, name, cJSON_CreateBool(value));
}

void fw_report_text(struct fw_report *report, const char *name, const char *value)
{
    fw_report_add(report, name, value != NULL ? cJSON_CreateString(value) : cJSON_CreateNull());
}

void fw_report_fail(struct fw_report *report, const char *format, ...)
{
    struct fw_text text = {0};
    va_list args;

    va_start(args, format);
    fw_text_append_va(&text, format, args);
    va_end(args);
    if (report->reasons == NULL) {
        report->reasons = cJSON_CreateArray();
    }
    cJSON *reason = text.failed ? NULL : cJSON_CreateString(fw_text_get(&text));
    if (report->reasons == NULL || !cJSON_AddItemToArray(report->reasons, reason)) {
        cJSON_Delete(reason);
        report->failed = true;
    }
    fw_text_finish(&text);
}

bool fw_report_passed(const struct fw_report *report)
{
    return !report->failed && (report->reasons == NULL || report->reasons->child == NULL);
}

char *fw_report_reasons(const struct fw_report *report)
{
    struct fw_text text = {0};
    const cJSON *reason;

    fw_text_append(&text, "");
    cJSON_ArrayForEach(reason, report->reasons)
    {
        fw_text_append(&text, text.size > 0 ? "; " : "");
        fw_text_append(&text, reason->valuestring);
    }
    if (text.failed) {
        fw_text_finish(&text);
        return NULL;
    }
    return text.data;
}

fw_status fw_report_write_facts(const struct fw_report *report, const struct fw_host *host,
                                const char *json, const char *markdown)
{
    struct fw_text text = {0};
    fw_status status = FW_OK;

    if (report->failed || report->facts == NULL) {
        return fw_fault_nomem(host);
    }
    fw_json_append(&text, report->facts);
    fw_text_append(&text, "\n");
    status = text.failed ? fw_fault_nomem(host)
                         : fw_file_write(host, json, fw_text_get(&text), text.size);
    if (status == FW_OK && markdown != NULL) {
        fw_text_clear(&text);
        fw_markdown_append(&text, report->title, report->facts);
        status = text.failed ? fw_fault_nomem(host)
                             : fw_file_write(host, markdown, fw_text_get(&text), text.size);
    }
    fw_text_finish(&text);
    return status;
}

fw_status fw_report_write(struct fw_report *report, const struct fw_host *host, const char *json,
                          const char *markdown)
{
    cJSON *reasons =
        report->reasons != NULL ? cJSON_Duplicate(report->reasons, true) : cJSON_CreateArray();

    fw_report_bool(report, "gate_passed", fw_report_passed(report));
    fw_report_add(report, "fail_reasons", reasons);
    return fw_report_write_facts(report, host, json, markdown);
}

fw_status fw_report_verdict(const struct fw_report *report, const struct fw_host *host,
                            const char *gate, const char *figures)
{
    const struct fw_gate *service = host->service(host, FW_GATE_ID);

    if (fw_report_passed(report)) {
        return service->verdict(host, gate, FW_GATE_TRUE, figures);
    }
    char *reasons = fw_report_reasons(report);
    fw_status status = reasons != NULL ? service->verdict(host, gate, FW_GATE_FALSE, reasons)
                                       : fw_fault_nomem(host);
    free(reasons);
    return status;
}

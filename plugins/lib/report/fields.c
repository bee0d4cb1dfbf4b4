/* SPDX-License-Identifier: MIT */
#include <fw/service/artifact.h>

#include "report.h"
#include "sql/fault.h"

fw_status fw_report_fields(const struct fw_report *report, const struct fw_host *host)
{
    const struct fw_artifact *artifact = host->service(host, FW_ARTIFACT_ID);
    fw_status status = report->failed ? fw_fault_nomem(host) : FW_OK;
    const cJSON *fact = NULL;

    cJSON_ArrayForEach(fact, report->facts)
    {
        char *json = status == FW_OK ? cJSON_PrintUnformatted(fact) : NULL;
        if (status == FW_OK) {
            status =
                json != NULL ? artifact->field(host, fact->string, json) : fw_fault_nomem(host);
        }
        cJSON_free(json);
    }
    return status;
}

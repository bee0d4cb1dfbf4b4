/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "base/json.h"
#include "cli/cli.h"
#include "cli/facts.h"
#include "cli/print.h"
#include "fw/version.h"

int fw_verb_version(const struct fw_cli *cli, struct fw_error *err)
{
    if (!cli->json) {
        printf("fwrun %s (plugin ABI %d.%d%s)\n", FWRUN_VERSION, FW_ABI_MAJOR, FW_ABI_MINOR,
               FW_ABI_DRAFT ? " draft" : "");
        return 0;
    }
    fw_auto(json) cJSON *json = cJSON_CreateObject();
    fw_json_set(json, FW_JSON_TEXT("version", FWRUN_VERSION),
                FW_JSON_U64("abi_major", FW_ABI_MAJOR), FW_JSON_U64("abi_minor", FW_ABI_MINOR),
                FW_JSON_U64("abi_draft", FW_ABI_DRAFT));
    return fw_print_json(json, err);
}

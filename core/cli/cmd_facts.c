/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "base/exit.h"
#include "base/json.h"
#include "cli/cli.h"
#include "cli/facts.h"
#include "cli/print.h"
#include "fw/version.h"

/* Verbs that print what is known without looking at anything. */

int fw_verb_exit_codes(const struct fw_cli *cli, struct fw_error *err)
{
    fw_auto(json) cJSON *list = cJSON_CreateArray();
    for (size_t i = 0; i < fw_exit_table_len; i++) {
        const struct fw_exit_meaning *row = &fw_exit_table[i];
        if (!cli->json) {
            printf("%3d%s  %-14s %s\n", row->code, row->code == FW_EXIT_SIGNAL ? "+n" : "  ",
                   row->name, row->meaning);
            continue;
        }
        fw_json_set(fw_json_append(list), FW_JSON_I64("code", row->code),
                    FW_JSON_TEXT("name", row->name), FW_JSON_TEXT("meaning", row->meaning));
    }
    return cli->json ? fw_print_json(list, err) : 0;
}

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

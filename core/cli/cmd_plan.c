/* SPDX-License-Identifier: MIT */
#include "base/json.h"
#include "cli/console.h"
#include "cli/print.h"
#include "cli/target.h"

int fw_verb_plan(const struct fw_cli *cli, struct fw_error *err)
{
    fw_auto(target) struct fw_target target = {0};
    fw_auto(json) cJSON *json = NULL;
    if (fw_target_open(cli, cli->args.items[0], &target, err) < 0 ||
        fw_target_assess(cli, 1, &target, err) < 0) {
        return err->code;
    }
    if (!cli->json) {
        fw_console_plan(target.plan, stdout);
        return 0;
    }
    return fw_plan_json(target.plan, &json, err) < 0 ? err->code : fw_print_json(json, err);
}

/* SPDX-License-Identifier: MIT */
#include "cli/print.h"
#include "cli/target.h"

int fw_verb_plan(const struct fw_cli *cli, struct fw_error *err)
{
    fw_auto(target) struct fw_target target = {0};
    if (fw_target_open(cli, cli->args.items[0], &target, err) < 0 ||
        fw_target_select(cli, &target, err) < 0 || fw_target_assess(&target, err) < 0) {
        return err->code;
    }
    return fw_print_plan(target.plan, cli->json, err);
}

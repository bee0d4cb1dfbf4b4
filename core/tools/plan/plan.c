/* SPDX-License-Identifier: MIT */
#include "cli/print.h"
#include "cli/target.h"

/* `fwrun plan`: what a run would do. */

static int plan(const struct fw_cli *cli, struct fw_error *err)
{
    fw_auto(target) struct fw_target target = {0};
    if (fw_target_open(cli, cli->args.items[0], &target, err) < 0 ||
        fw_target_select(cli, &target, err) < 0 || fw_target_assess(&target, err) < 0) {
        return err->code;
    }
    return fw_print_plan(target.plan, cli->json, err);
}

int main(int argc, char **argv)
{
    static const struct fw_verb verb = {"plan",
                                        "TARGET [STAGE...]",
                                        "Says what a run would do, and why.",
                                        FW_CLI_SET | FW_CLI_PLUGIN_DIR | FW_CLI_JSON,
                                        1,
                                        SIZE_MAX,
                                        plan};
    return fw_tool_main(&verb, argc, argv);
}

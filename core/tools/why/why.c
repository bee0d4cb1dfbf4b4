/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/path.h"
#include "cli/print.h"
#include "cli/target.h"
#include "graph/key.h"
#include "store/manifest.h"

static int differences(const struct fw_cli *cli, const struct fw_plan_stage *stage,
                       struct fw_strings *lines, struct fw_error *err)
{
    fw_auto(json) cJSON *other = NULL;
    fw_auto(json) cJSON *after = NULL;
    if (cli->vs) {
        fw_auto(free) char *dir = fw_path_absolute(cli->vs);
        FW_TRY(dir ? fw_manifest_load(dir, stage->spec->name, &other, err) : fw_error_oom(err));
        if (!other) {
            return fw_error_set(err, FW_EXIT_USAGE, "%s holds no completed stage \"%s\"", cli->vs,
                                stage->spec->name);
        }
    }
    const cJSON *before =
        cJSON_GetObjectItemCaseSensitive(cli->vs ? other : stage->manifest, "preimage");
    if (!before || !stage->preimage) {
        return 0;
    }
    if (fw_json_parse(stage->preimage, strlen(stage->preimage), "preimage", &after, err) < 0) {
        return -1;
    }
    return fw_key_explain(before, after, stage, lines, err);
}

static int print(const struct fw_cli *cli, const struct fw_plan_stage *stage,
                 const struct fw_strings *lines, struct fw_error *err)
{
    bool reuse = stage->state == FW_PLAN_REUSE;
    if (cli->json) {
        fw_auto(json) cJSON *json = cJSON_CreateObject();
        cJSON_AddStringToObject(json, "stage", stage->spec->name);
        cJSON_AddBoolToObject(json, "reuse", reuse);
        cJSON_AddStringToObject(json, "reason", stage->reason ? stage->reason : "");
        cJSON_AddItemToObject(
            json, "differences",
            cJSON_CreateStringArray((const char *const *)lines->items, (int)lines->len));
        return fw_print_json(json, err);
    }
    if (reuse) {
        printf("%s is up to date: same key, and its outputs are the recorded ones\n",
               stage->spec->name);
    } else {
        printf("%s would run: %s\n", stage->spec->name, stage->reason);
    }
    for (size_t i = 0; i < lines->len; i++) {
        printf("  %s\n", lines->items[i]);
    }
    return 0;
}

static int why(const struct fw_cli *cli, struct fw_error *err)
{
    fw_auto(target) struct fw_target target = {0};
    fw_auto(strings) struct fw_strings lines = {0};
    if (fw_target_open(cli, cli->args.items[0], &target, err) < 0 ||
        fw_target_select(cli, &target, err) < 0 || fw_target_assess(&target, err) < 0) {
        return err->code;
    }
    const struct fw_plan_stage *stage = fw_plan_find(target.plan, cli->args.items[1]);
    if (differences(cli, stage, &lines, err) < 0) {
        return err->code;
    }
    return print(cli, stage, &lines, err);
}

int main(int argc, char **argv)
{
    static const struct fw_verb verb = {
        "why",
        "TARGET STAGE",
        "Says why a stage would run: every difference in its cache key.",
        FW_CLI_SET | FW_CLI_PLUGIN_DIR | FW_CLI_JSON | FW_CLI_VS,
        2,
        2,
        why};
    return fw_tool_main(&verb, argc, argv);
}

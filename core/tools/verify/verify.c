/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "cli/print.h"
#include "cli/target.h"
#include "store/manifest.h"

struct findings {
    struct fw_strings problems;
    size_t n_stages, n_files;
};

static size_t count_files(const cJSON *manifest)
{
    size_t n = 0;
    const cJSON *output;
    cJSON_ArrayForEach(output, cJSON_GetObjectItemCaseSensitive(manifest, "outputs"))
    {
        n += (size_t)cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(output, "files"));
    }
    return n;
}

/* A manifest that cannot be read is a finding like any other: verify says what is wrong. */
static int check(const struct fw_plan *plan, const struct fw_plan_stage *stage,
                 struct findings *findings, struct fw_error *err)
{
    fw_auto(json) cJSON *manifest = NULL;
    struct fw_error damage;
    const char *name = stage->spec->name;
    findings->n_stages++;
    if (fw_manifest_load(plan->run_dir, name, &manifest, &damage) < 0 ||
        (manifest && fw_manifest_check(plan->run_dir, name, manifest, true, &findings->problems,
                                       &damage) < 0)) {
        return fw_strings_add(&findings->problems, damage.text) < 0 ? fw_error_oom(err) : 0;
    }
    if (!manifest) {
        return fw_strings_take(&findings->problems,
                               fw_text("stage \"%s\" has not been completed: there is no "
                                       "%s/stages/%s/MANIFEST.json",
                                       name, plan->run_dir, name)) < 0
                   ? fw_error_oom(err)
                   : 0;
    }
    findings->n_files += count_files(manifest);
    const cJSON *gate = fw_manifest_shut_gate(manifest);
    fw_auto(free) char *text = gate ? fw_manifest_gate_text(gate) : NULL;
    return text && fw_strings_take(&findings->problems, fw_text("stage \"%s\": %s", name, text)) < 0
               ? fw_error_oom(err)
               : 0;
}

static int report(const struct fw_cli *cli, const struct findings *findings, struct fw_error *err)
{
    size_t n = findings->problems.len;
    if (cli->json) {
        fw_auto(json) cJSON *json = cJSON_CreateObject();
        cJSON_AddBoolToObject(json, "ok", n == 0);
        cJSON_AddNumberToObject(json, "stages", (double)findings->n_stages);
        cJSON_AddNumberToObject(json, "files", (double)findings->n_files);
        cJSON_AddItemToObject(
            json, "problems",
            cJSON_CreateStringArray((const char *const *)findings->problems.items, (int)n));
        int code = fw_print_json(json, err);
        if (code != 0) {
            return code;
        }
    } else {
        for (size_t i = 0; i < n; i++) {
            printf("FAIL %s\n", findings->problems.items[i]);
        }
        printf("%s %zu stages, %zu files read\n", n == 0 ? "PASS" : "FAIL", findings->n_stages,
               findings->n_files);
    }
    if (n == 0) {
        return 0;
    }
    fw_error_set(err, FW_EXIT_CHECK,
                 "%zu problem%s found; the first: %s; running the pipeline "
                 "makes what is missing or changed again",
                 n, n == 1 ? "" : "s", findings->problems.items[0]);
    return FW_EXIT_CHECK;
}

static int verify(const struct fw_cli *cli, struct fw_error *err)
{
    fw_auto(target) struct fw_target target = {0};
    struct findings findings = {0};
    struct fw_strings names = {.items = cli->args.items + 1, .len = cli->args.len - 1};
    if (fw_target_open(cli, cli->args.items[0], &target, err) < 0 ||
        fw_plan_select(target.plan, &names, err) < 0) {
        return err->code;
    }
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < target.plan->n_stages; i++) {
        const struct fw_plan_stage *stage = &target.plan->stages[target.plan->order[i]];
        if (stage->state != FW_PLAN_LEFT_OUT) {
            rc = check(target.plan, stage, &findings, err);
        }
    }
    int code = rc < 0 ? err->code : report(cli, &findings, err);
    fw_strings_finish(&findings.problems);
    return code;
}

int main(int argc, char **argv)
{
    static const struct fw_verb verb = {"verify",
                                        "TARGET [STAGE...]",
                                        "Reads all recorded outputs again and compares digests.",
                                        FW_CLI_SET | FW_CLI_PLUGIN_DIR | FW_CLI_JSON,
                                        1,
                                        SIZE_MAX,
                                        verify};
    return fw_tool_main(&verb, argc, argv);
}

/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "base/vec.h"
#include "cli/cli.h"
#include "cli/print.h"

/* One row per code, ascending. */
static const struct {
    enum fw_exit code;
    const char *name, *meaning;
} table[] = {
    {FW_EXIT_OK, "ok", "everything asked for is done"},
    {FW_EXIT_FAILED, "failed", "a stage failed"},
    {FW_EXIT_USAGE, "usage", "the command line is wrong; nothing ran"},
    {FW_EXIT_CONFIG, "config", "the configuration is invalid; nothing ran"},
    {FW_EXIT_PLUGIN, "plugin", "a plugin cannot be loaded; nothing ran"},
    {FW_EXIT_CRASHED, "crashed", "a stage was ended by a signal"},
    {FW_EXIT_REFUSED, "refused", "refused by policy or preflight, or held by a live run"},
    {FW_EXIT_CHECK, "check", "a check failed: gate, verify, audit or swap difference"},
    {FW_EXIT_REGRESSION, "regression", "a benchmark got slower"},
    {FW_EXIT_INCONCLUSIVE, "inconclusive", "a benchmark cannot tell"},
    {FW_EXIT_EXHAUSTED, "exhausted", "resources ran out on every rung of the fallback ladder"},
    {FW_EXIT_PARTIAL, "partial", "a sweep ended with failures"},
    {FW_EXIT_STATE, "state", "the recorded state is damaged or cannot be written"},
    {FW_EXIT_TIME, "time", "the time budget is used up; the same command resumes"},
    {FW_EXIT_SIGNAL, "signal", "128+n: ended by signal n; the same command resumes"},
};

static int exit_codes(const struct fw_cli *cli, struct fw_error *err)
{
    fw_auto(json) cJSON *list = cJSON_CreateArray();
    for (size_t i = 0; i < FW_COUNT(table); i++) {
        if (!cli->json) {
            printf("%3d%s  %-14s %s\n", table[i].code,
                   table[i].code == FW_EXIT_SIGNAL ? "+n" : "  ", table[i].name, table[i].meaning);
            continue;
        }
        fw_json_set(fw_json_append(list), FW_JSON_I64("code", table[i].code),
                    FW_JSON_TEXT("name", table[i].name), FW_JSON_TEXT("meaning", table[i].meaning));
    }
    return cli->json ? fw_print_json(list, err) : 0;
}

int main(int argc, char **argv)
{
    static const struct fw_verb verb = {
        "exit-codes", "", "Lists the exit codes and what they mean.", FW_CLI_JSON, 0, 0,
        exit_codes};
    return fw_tool_main(&verb, argc, argv);
}

/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "cli/cli.h"
#include "cli/print.h"
#include "describe.h"

static int widest(const cJSON *plugins, const char *name)
{
    size_t width = strlen(name);
    const cJSON *plugin;
    cJSON_ArrayForEach(plugin, plugins)
    {
        const size_t len = strlen(fw_json_text(plugin, name));
        width = len > width ? len : width;
    }
    return (int)width;
}

/* "fw.callback/1 (grad, noise), fw.sql/1" */
static char *services_text(const cJSON *plugin)
{
    struct fw_str out = {0};
    const cJSON *service;
    cJSON_ArrayForEach(service, cJSON_GetObjectItemCaseSensitive(plugin, "services"))
    {
        fw_auto(free) char *kinds = fw_describe_join(service, "kinds", "name");
        fw_str_printf(&out, "%s%s", out.len == 0 ? "" : ", ", fw_json_text(service, "id"));
        if (kinds != NULL && strcmp(kinds, "-") != 0) {
            fw_str_printf(&out, " (%s)", kinds);
        }
    }
    if (out.len == 0) {
        fw_str_add(&out, "-");
    }
    return fw_str_take(&out);
}

static void print_table(const cJSON *plugins)
{
    const int id = widest(plugins, "id");
    const int path = widest(plugins, "path");
    const cJSON *plugin;
    printf("%-9s%-*s  %-9s%-*s  %s\n", "STATE", id, "PLUGIN", "VERSION", path, "PATH",
           "STAGES; SERVICES");
    cJSON_ArrayForEach(plugin, plugins)
    {
        fw_auto(free) char *stages = fw_describe_join(plugin, "stages", "name");
        fw_auto(free) char *services = services_text(plugin);
        const char *reason = fw_json_text(plugin, "reason");
        const char *winner = fw_json_text(plugin, "shadowed_by");
        printf("%-9s%-*s  %-9s%-*s  %s; %s\n", fw_json_text(plugin, "state"), id,
               fw_json_text(plugin, "id"), fw_json_text(plugin, "version"), path,
               fw_json_text(plugin, "path"), stages ? stages : "", services ? services : "");
        if (*reason != '\0' || *winner != '\0') {
            printf("         %s%s\n", *reason ? reason : "the same plugin comes first in ",
                   *reason ? "" : winner);
        }
    }
}

static int list(const struct fw_cli *cli, struct fw_error *err)
{
    fw_auto(registry) struct fw_registry registry = {0};
    if (fw_registry_open(&cli->plugin_dirs, &registry, err) < 0) {
        return err->code;
    }
    fw_auto(json) cJSON *document = cJSON_CreateObject();
    cJSON *plugins = cJSON_AddArrayToObject(document, "plugins");
    for (size_t i = 0; i < registry.len; i++) {
        cJSON_AddItemToArray(plugins, fw_describe_plugin(&registry.items[i], NULL));
    }
    fw_describe_add(document, "folders", (const char *const *)registry.folders.items,
                    registry.folders.len);
    if (cli->json) {
        return fw_print_json(document, err);
    }
    fw_auto(free) char *folders = fw_describe_join(document, "folders", NULL);
    print_table(plugins);
    printf("%d files in %s\n", cJSON_GetArraySize(plugins), folders ? folders : "");
    return 0;
}

int main(int argc, char **argv)
{
    static const struct fw_verb verb = {"list",
                                        "",
                                        "Lists the plugins that are found, good and bad.",
                                        FW_CLI_PLUGIN_DIR | FW_CLI_JSON,
                                        0,
                                        0,
                                        list};
    return fw_tool_main(&verb, argc, argv);
}

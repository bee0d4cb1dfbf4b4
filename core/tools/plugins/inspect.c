/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "cli/cli.h"
#include "cli/print.h"
#include "describe.h"

static void print_list(const cJSON *json, const char *name)
{
    fw_auto(free) char *text = fw_describe_join(json, name, NULL);
    printf("  %-18s %s\n", name, text == NULL ? "" : text);
}

static void print_ports(const cJSON *stage, const char *name)
{
    const cJSON *port;
    printf("  %s%s\n", name,
           cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(stage, name)) == 0 ? ": none" : "");
    cJSON_ArrayForEach(port, cJSON_GetObjectItemCaseSensitive(stage, name))
    {
        fw_auto(free) char *flags = fw_describe_join(port, "flags", NULL);
        printf("    %-20s %-9s %-20s %s\n", fw_json_text(port, "name"), fw_json_text(port, "kind"),
               flags == NULL ? "" : flags, fw_json_text(port, "doc"));
        if (fw_json_text(port, "file")[0] != '\0') {
            printf("%25swritten as %s\n", "", fw_json_text(port, "file"));
        }
    }
}

/* "= 20, from 1, to 365, days, one of a|b, no_effect" */
static void print_param(const cJSON *param)
{
    static const char *const parts[][2] = {
        {"default", "= "}, {"min", "from "}, {"max", "to "}, {"choices", "one of "}, {"unit", ""}};
    fw_auto(free) char *flags = fw_describe_join(param, "flags", NULL);
    fw_auto(str) struct fw_str facts = {0};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        const char *text = fw_json_text(param, parts[i][0]);
        /* An empty default is a value; anything else that is empty was not declared. */
        if (cJSON_HasObjectItem(param, parts[i][0])) {
            fw_str_printf(&facts, "%s%s%s", facts.len == 0 ? "" : ", ", parts[i][1],
                          *text == '\0' ? "\"\"" : text);
        }
    }
    if (flags != NULL && strcmp(flags, "-") != 0) {
        fw_str_printf(&facts, "%s%s", facts.len == 0 ? "" : ", ", flags);
    }
    printf("    %-20s %-9s %s\n%25s%s\n", fw_json_text(param, "name"), fw_json_text(param, "type"),
           facts.len == 0 ? "" : facts.text, "", fw_json_text(param, "doc"));
}

static void print_params(const cJSON *owner)
{
    const cJSON *param;
    const cJSON *params = cJSON_GetObjectItemCaseSensitive(owner, "params");
    printf("  params%s\n", cJSON_GetArraySize(params) == 0 ? ": none" : "");
    cJSON_ArrayForEach(param, params)
    {
        print_param(param);
    }
}

static void print_service(const cJSON *service)
{
    const cJSON *kind;
    printf("\nservice %s: %s\n", fw_json_text(service, "id"), fw_json_text(service, "doc"));
    print_list(service, "libraries");
    if (cJSON_HasObjectItem(service, "fault")) {
        printf("  %-18s %s\n", "fault", fw_json_text(service, "fault"));
    }
    cJSON_ArrayForEach(kind, cJSON_GetObjectItemCaseSensitive(service, "kinds"))
    {
        const bool state = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(kind, "state"));
        printf("\ncallback %s: %s\n", fw_json_text(kind, "name"), fw_json_text(kind, "doc"));
        printf("  %-18s %s\n", "state", state ? "saved and restored" : "none");
        print_params(kind);
    }
}

static void print_stage(const cJSON *stage)
{
    printf("\nstage %s: %s\n", fw_json_text(stage, "name"), fw_json_text(stage, "doc"));
    printf("  %-18s %s\n", "determinism", fw_json_text(stage, "determinism"));
    print_list(stage, "capabilities");
    print_list(stage, "services");
    print_list(stage, "optional_services");
    print_ports(stage, "inputs");
    print_ports(stage, "outputs");
    print_params(stage);
}

static void print_plugin(const cJSON *plugin)
{
    static const char *const facts[] = {"path",  "digest", "licence",
                                        "state", "reason", "shadowed_by"};
    const cJSON *item;
    printf("%s %s: %s\n", fw_json_text(plugin, "id"), fw_json_text(plugin, "version"),
           fw_json_text(plugin, "doc"));
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        if (cJSON_HasObjectItem(plugin, facts[i])) {
            printf("  %-18s %s\n", facts[i], fw_json_text(plugin, facts[i]));
        }
    }
    print_list(plugin, "libraries");
    cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(plugin, "services"))
    {
        print_service(item);
    }
    cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(plugin, "stages"))
    {
        print_stage(item);
    }
}

/* A file, the id of a plugin, or a stage. */
static int find(struct fw_registry *registry, const struct fw_cli *cli,
                struct fw_registry_stage *ret_found, struct fw_error *err)
{
    const char *name = cli->args.items[0];
    const size_t len = strlen(name);
    const bool file = strchr(name, '/') != NULL || (len > 3 && strcmp(name + len - 3, ".so") == 0);
    if (file ? fw_registry_add(registry, name, err) < 0
             : fw_registry_open(&cli->plugin_dirs, registry, err) < 0) {
        return -1;
    }
    if (file && registry->items[0].reason != NULL) {
        return fw_error_set(err, FW_EXIT_PLUGIN, "%s: %s", name, registry->items[0].reason);
    }
    for (size_t i = 0; i < registry->len; i++) {
        const struct fw_registry_entry *entry = &registry->items[i];
        if (file || (entry->plugin != NULL && strcmp(entry->plugin->id, name) == 0)) {
            ret_found->entry = entry;
            return 0;
        }
    }
    return fw_registry_find_stage(registry, name, ret_found, err);
}

static int inspect(const struct fw_cli *cli, struct fw_error *err)
{
    fw_auto(registry) struct fw_registry registry = {0};
    struct fw_registry_stage found = {0};
    if (find(&registry, cli, &found, err) < 0) {
        return err->code;
    }
    fw_auto(json) cJSON *plugin =
        fw_describe_plugin(found.entry, found.stage == NULL ? NULL : found.stage->name);
    if (cli->json) {
        return fw_print_json(plugin, err);
    }
    print_plugin(plugin);
    return 0;
}

int main(int argc, char **argv)
{
    static const struct fw_verb verb = {"inspect",
                                        "STAGE|PLUGIN-ID|FILE.so",
                                        "Describes a stage or a plugin without executing it.",
                                        FW_CLI_PLUGIN_DIR | FW_CLI_JSON,
                                        1,
                                        1,
                                        inspect};
    return fw_tool_main(&verb, argc, argv);
}

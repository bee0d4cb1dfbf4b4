/* SPDX-License-Identifier: MIT */
#include "report.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "cli/print.h"
#include "page.h"
#include "view.h"

/* `fwrun report`: report.html in the run directory, whole in itself. */

static void add_head(struct fw_str *page, const cJSON *document, const cJSON *plan)
{
    const char *state = fw_json_text(document, "state");
    fw_auto(free) char *class = fw_text("badge %s", state);
    char elapsed[32];
    fw_print_seconds(fw_json_number(document, "elapsed_s"), elapsed);
    fw_str_add(page, "<header>");
    page_element(page, "h1", NULL, fw_json_text(plan, "name"));
    fw_str_add(page, "<p>");
    page_element(page, "span", class, state);
    fw_auto(free) char *code =
        fw_text(" after %s, exit %.0f. ", elapsed, fw_json_number(document, "exit_code"));
    page_text(page, cJSON_HasObjectItem(document, "exit_code") && code ? code : " ");
    page_text(page, fw_json_text(document, "message"));
    fw_str_add(page, "</p></header>\n<table class=\"facts\">");
    page_fact(page, "configuration", fw_json_text(document, "config"));
    page_fact(page, "run directory", fw_json_text(plan, "run_dir"));
    page_fact(page, "started", fw_json_text(document, "started_at"));
    page_fact(page, "ended", fw_json_text(document, "updated_at"));
    page_fact(page, "host", fw_json_text(document, "host"));
    fw_str_add(page, "</table>\n");
}

static const cJSON *planned_stage(const cJSON *plan, const char *name)
{
    const cJSON *stage;
    cJSON_ArrayForEach(stage, cJSON_GetObjectItemCaseSensitive(plan, "stages"))
    {
        if (strcmp(fw_json_text(stage, "name"), name) == 0) {
            return stage;
        }
    }
    return NULL;
}

static int build(const char *dir, struct fw_str *page, struct fw_error *err)
{
    fw_auto(view) struct fw_view view = {0};
    fw_auto(json) cJSON *plan = NULL;
    fw_auto(free) char *path = fw_text("%s/plan.json", dir);
    const cJSON *stage;
    FW_TRY(path ? fw_view_look(dir, &view, err) : fw_error_oom(err));
    FW_TRY(fw_json_read(path, &plan, err));
    page_begin(page, fw_json_text(plan, "name"));
    add_head(page, view.document, plan);
    report_timeline(page, view.document);
    page_element(page, "h2", NULL, "Stages");
    cJSON_ArrayForEach(stage, cJSON_GetObjectItemCaseSensitive(view.document, "stages"))
    {
        FW_TRY(
            report_stage(page, dir, stage, planned_stage(plan, fw_json_text(stage, "name")), err));
    }
    page_end(page);
    return page->oom ? fw_error_oom(err) : 0;
}

static int report(const struct fw_cli *cli, struct fw_error *err)
{
    fw_auto(free) char *dir = NULL;
    fw_auto(str) struct fw_str page = {0};
    if (fw_view_find(cli, &dir, err) < 0 || build(dir, &page, err) < 0) {
        return err->code;
    }
    fw_auto(free) char *path = fw_text("%s/report.html", dir);
    if ((path ? fw_fs_write(path, page.text, page.len, FW_DURABLE_RENAME, err)
              : fw_error_oom(err)) < 0) {
        return err->code;
    }
    printf("%s\n", path);
    return 0;
}

int main(int argc, char **argv)
{
    static const struct fw_verb verb = {
        "report",
        "[TARGET]",
        "Writes report.html into a run directory: one page, whole in itself.",
        FW_CLI_SET | FW_CLI_PLUGIN_DIR,
        0,
        1,
        report};
    return fw_tool_main(&verb, argc, argv);
}

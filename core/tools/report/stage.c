/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "cli/print.h"
#include "page.h"
#include "report.h"
#include "store/manifest.h"
#include "store/rundir.h"

/* The end of a log that is shown. */
enum { LOG_BYTES = 4096, LOG_LINES = 20 };

static void cell(struct fw_str *page, const char *class, const char *text)
{
    page_element(page, "td", class, text);
}

static void add_facts(struct fw_str *page, const cJSON *stage, const cJSON *planned,
                      const cJSON *manifest)
{
    static const char *const facts[] = {"plugin", "plugin_version", "plugin_digest", "key",
                                        "built_at"};
    fw_str_add(page, "<table class=\"facts\">");
    page_fact(page, "use", fw_json_text(planned, "use"));
    page_fact(page, "reason", fw_json_text(planned, "reason"));
    page_fact(page, "message", fw_json_text(stage, "message"));
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        page_fact(page, facts[i], fw_json_text(manifest, facts[i]));
    }
    fw_str_add(page, "</table>\n");
}

static void add_params(struct fw_str *page, const cJSON *params)
{
    const cJSON *param;
    if (cJSON_GetArraySize(params) == 0) {
        return;
    }
    page_element(page, "h3", NULL, "Parameters");
    fw_str_add(page, "<table class=\"facts\">");
    cJSON_ArrayForEach(param, params)
    {
        fw_auto(free) char *value = page_value(param);
        page_fact(page, param->string, value);
    }
    fw_str_add(page, "</table>\n");
}

static void add_inputs(struct fw_str *page, const cJSON *inputs)
{
    const cJSON *input;
    if (cJSON_GetArraySize(inputs) == 0) {
        return;
    }
    page_element(page, "h3", NULL, "Inputs");
    fw_str_add(page, "<table><tr><th>port</th><th>from</th><th>sha256</th></tr>\n");
    cJSON_ArrayForEach(input, inputs)
    {
        const cJSON *paths = cJSON_GetObjectItemCaseSensitive(input, "paths");
        int n = cJSON_GetArraySize(paths);
        const char *first = cJSON_GetStringValue(cJSON_GetArrayItem(paths, 0));
        fw_auto(free) char *more =
            n > 1 ? fw_text("%s and %d more", first ? first : "", n - 1) : NULL;
        fw_str_add(page, "<tr>");
        cell(page, NULL, fw_json_text(input, "port"));
        cell(page, NULL, more ? more : first ? first : "");
        cell(page, NULL, fw_json_text(input, "sha256"));
        fw_str_add(page, "</tr>\n");
    }
    fw_str_add(page, "</table>\n");
}

static void add_attempts(struct fw_str *page, const cJSON *attempts)
{
    const cJSON *attempt;
    if (cJSON_GetArraySize(attempts) == 0) {
        return;
    }
    page_element(page, "h3", NULL, "Attempts");
    fw_str_add(page, "<table><tr><th>outcome</th><th class=\"n\">s</th><th class=\"n\">user s</th>"
                     "<th class=\"n\">system s</th><th class=\"n\">threads</th>"
                     "<th class=\"n\">peak</th><th class=\"n\">budget</th><th>why</th></tr>\n");
    cJSON_ArrayForEach(attempt, attempts)
    {
        const char *outcome = fw_json_text(attempt, "outcome");
        fw_str_add(page, "<tr>");
        cell(page, NULL, *outcome ? outcome : "not ended");
        fw_str_printf(page,
                      "<td class=\"n\">%.3f</td><td class=\"n\">%.3f</td><td class=\"n\">%.3f</td>"
                      "<td class=\"n\">%.0f</td>",
                      fw_json_number(attempt, "elapsed_s"), fw_json_number(attempt, "user_s"),
                      fw_json_number(attempt, "system_s"), fw_json_number(attempt, "threads"));
        page_bytes(page, fw_json_number(attempt, "peak_rss_bytes"));
        page_bytes(page, fw_json_number(attempt, "memory_bytes"));
        cell(page, NULL, fw_json_text(attempt, "message"));
        fw_str_add(page, "</tr>\n");
    }
    fw_str_add(page, "</table>\n");
}

/* What the stage decided, and why: the first thing that is asked of an audit. */
static void add_gates(struct fw_str *page, const cJSON *gates)
{
    const cJSON *gate;
    if (cJSON_GetArraySize(gates) == 0) {
        return;
    }
    page_element(page, "h3", NULL, "Gates");
    fw_str_add(page, "<table><tr><th>gate</th><th>verdict</th><th>reason</th></tr>\n");
    cJSON_ArrayForEach(gate, gates)
    {
        const cJSON *verdict = cJSON_GetObjectItemCaseSensitive(gate, "verdict");
        bool passed = cJSON_IsTrue(verdict), known = cJSON_IsBool(verdict);
        fw_str_add(page, "<tr>");
        cell(page, NULL, gate->string);
        fw_str_add(page, "<td>");
        page_element(page, "span",
                     passed  ? "badge done"
                     : known ? "badge failed"
                             : "badge",
                     passed  ? "true"
                     : known ? "false"
                             : "undecided");
        fw_str_add(page, "</td>");
        cell(page, NULL, fw_json_text(gate, "reason"));
        fw_str_add(page, "</tr>\n");
    }
    fw_str_add(page, "</table>\n");
}

/* What stands in the manifest beyond what every stage has. */
static void add_own(struct fw_str *page, const cJSON *manifest)
{
    static const char common[] =
        " format stage use key input_bytes built_at fwrun_version plugin plugin_version "
        "plugin_digest seed "
        "elapsed_s peak_rss_bytes items steps step_us attempts params inputs outputs parent gates "
        "preimage ";
    const cJSON *field;
    fw_auto(str) struct fw_str rows = {0};
    cJSON_ArrayForEach(field, manifest)
    {
        fw_auto(free) char *word = fw_text(" %s ", field->string);
        if (word && !strstr(common, word)) {
            fw_auto(free) char *value = page_value(field);
            page_fact(&rows, field->string, value);
        }
    }
    if (rows.len > 0) {
        page_element(page, "h3", NULL, "Recorded by the stage");
        fw_str_printf(page, "<table class=\"facts\">%s</table>\n", rows.text);
    }
}

static void add_log(struct fw_str *page, const char *run_dir, const char *name)
{
    fw_auto(free) char *path = fw_rundir_log(run_dir, name);
    char tail[LOG_BYTES + 1];
    fw_auto(fclose) FILE *log = path ? fopen(path, "re") : NULL;
    if (!log || fseek(log, 0, SEEK_END) < 0) {
        return;
    }
    long size = ftell(log);
    fseek(log, size > LOG_BYTES ? size - LOG_BYTES : 0, SEEK_SET);
    size_t len = fread(tail, 1, LOG_BYTES, log);
    const char *begin = tail + len;
    tail[len] = '\0';
    for (int lines = 0; begin > tail && lines <= LOG_LINES; lines += begin[-1] == '\n') {
        begin--;
        if (begin == tail || (begin[-1] == '\n' && lines == LOG_LINES)) {
            break;
        }
    }
    if (*begin != '\0') {
        page_element(page, "h3", NULL, "End of the log");
        page_element(page, "pre", NULL, begin);
    }
}

/* "3.4 s, core 10123 rows, static 4076 rows": what one wants to know without opening it. */
static void add_gist(struct fw_str *page, const cJSON *stage, const cJSON *manifest)
{
    const cJSON *output;
    fw_auto(str) struct fw_str gist = {0};
    char seconds[32];
    if (cJSON_HasObjectItem(stage, "elapsed_s")) {
        fw_print_seconds(fw_json_number(stage, "elapsed_s"), seconds);
        fw_str_printf(&gist, " %s", seconds);
    }
    cJSON_ArrayForEach(output, cJSON_GetObjectItemCaseSensitive(manifest, "outputs"))
    {
        if (cJSON_HasObjectItem(output, "rows")) {
            fw_str_printf(&gist, "%s %s %.0f rows", gist.len > 0 ? "," : "",
                          fw_json_text(output, "port"), fw_json_number(output, "rows"));
        }
    }
    page_text(page, gist.text ? gist.text : "");
}

int report_stage(struct fw_str *page, const char *run_dir, const cJSON *stage, const cJSON *planned,
                 struct fw_error *err)
{
    fw_auto(json) cJSON *manifest = NULL;
    const char *name = fw_json_text(stage, "name"), *state = fw_json_text(stage, "state");
    bool failed = strcmp(state, "failed") == 0 || strcmp(state, "lost") == 0;
    FW_TRY(fw_manifest_load(run_dir, name, &manifest, err));
    fw_str_printf(page, "<details id=\"stage-");
    page_text(page, name);
    fw_str_printf(page, "\"%s><summary>", failed ? " open" : "");
    page_element(page, "b", NULL, name);
    fw_auto(free) char *class = fw_text("badge %s", state);
    page_element(page, "span", class ? class : "badge", state);
    add_gist(page, stage, manifest);
    fw_str_add(page, "</summary>\n");
    add_facts(page, stage, planned, manifest);
    add_gates(page, cJSON_GetObjectItemCaseSensitive(manifest, "gates"));
    add_attempts(page, cJSON_GetObjectItemCaseSensitive(stage, "attempts"));
    report_steps(page, manifest);
    add_inputs(page, cJSON_GetObjectItemCaseSensitive(manifest ? manifest : planned, "inputs"));
    report_outputs(page, run_dir, name, cJSON_GetObjectItemCaseSensitive(manifest, "outputs"));
    add_params(page, cJSON_GetObjectItemCaseSensitive(manifest ? manifest : planned, "params"));
    add_own(page, manifest);
    add_log(page, run_dir, name);
    fw_str_add(page, "</details>\n");
    return 0;
}

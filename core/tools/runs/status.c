/* SPDX-License-Identifier: MIT */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "base/str.h"
#include "cli/print.h"
#include "live.h"

/* `fwrun status`: what a run is doing, from any terminal. */

static void print_memory(const cJSON *stage)
{
    char peak[32], budget[32];
    fw_print_bytes((uint64_t)fw_json_number(stage, "peak_rss_bytes"), peak);
    fw_print_bytes((uint64_t)fw_json_number(stage, "memory_bytes"), budget);
    if (fw_json_number(stage, "peak_rss_bytes") > 0) {
        printf(", peak %s", peak);
        if (fw_json_number(stage, "memory_bytes") > 0) {
            printf(" of %s", budget);
        }
    }
}

static void print_progress(const cJSON *stage)
{
    fw_auto(str) struct fw_str progress = {0};
    const cJSON *step = cJSON_GetObjectItemCaseSensitive(stage, "step");
    double total = fw_json_number(step, "total");
    char left[32];
    fw_view_progress(stage, &progress);
    printf(", %s", progress.text ? progress.text : "");
    if (total > 0) {
        printf(" (%.0f %%)", 100 * fw_json_number(step, "done") / total);
    }
    if (cJSON_HasObjectItem(stage, "left_s")) {
        fw_print_seconds(fw_json_number(stage, "left_s"), left);
        printf(", about %s left", left);
    }
}

static void print_stage(const cJSON *stage, int width)
{
    char elapsed[32];
    printf("  %-*s  %s", width, fw_json_text(stage, "name"), fw_json_text(stage, "state"));
    if (cJSON_HasObjectItem(stage, "elapsed_s")) {
        fw_print_seconds(fw_json_number(stage, "elapsed_s"), elapsed);
        printf(", %s", elapsed);
        print_memory(stage);
    }
    if (fw_json_number(stage, "attempt") > 1) {
        printf(", attempt %.0f", fw_json_number(stage, "attempt"));
    }
    if (cJSON_HasObjectItem(stage, "step")) {
        print_progress(stage);
    }
    if (fw_json_text(stage, "message")[0] != '\0') {
        printf(": %s", fw_json_text(stage, "message"));
    }
    putchar('\n');
}

static void print_view(const struct fw_view *view)
{
    fw_auto(str) struct fw_str verdict = {0};
    const cJSON *stage, *stages = cJSON_GetObjectItemCaseSensitive(view->document, "stages");
    char elapsed[32];
    int width = 5;
    fw_view_verdict(view, &verdict);
    fw_print_seconds(fw_json_number(view->document, "elapsed_s"), elapsed);
    printf("%s (%s)\n", verdict.text ? verdict.text : "", elapsed);
    cJSON_ArrayForEach(stage, stages)
    {
        int len = (int)strlen(fw_json_text(stage, "name"));
        width = len > width ? len : width;
    }
    cJSON_ArrayForEach(stage, stages)
    {
        print_stage(stage, width);
    }
}

static int show(const struct fw_cli *cli, const struct fw_view *view, struct fw_error *err)
{
    if (cli->json) {
        fw_auto(free) char *line = NULL;
        if (!cli->watch) {
            return fw_print_json(view->document, err) == 0 ? 0 : -1;
        }
        FW_TRY(fw_json_line(view->document, &line, err));
        printf("%s\n", line);
    } else {
        print_view(view);
    }
    fflush(stdout);
    return 0;
}

static volatile sig_atomic_t signalled;

static void take_signal(int signal)
{
    signalled = signal;
}

/* Bars, until the run has ended or a signal comes, which then takes its course. */
static int watch(const char *dir, struct fw_view *view, struct fw_error *err)
{
    const struct sigaction action = {.sa_handler = take_signal, .sa_flags = SA_RESETHAND};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGTSTP, &action, NULL);
    while (view->live) {
        fw_view_measure(view);
        if (!fw_live_draw(STDOUT_FILENO, view, true)) {
            return fw_error_errno(err, FW_EXIT_FAILED, "cannot write to the terminal");
        }
        nanosleep(&(struct timespec){.tv_nsec = 250000000}, NULL);
        if (signalled) {
            int signal = signalled;
            signalled = 0;
            fw_live_erase(STDOUT_FILENO);
            raise(signal);
            sigaction(signal, &action, NULL); /* it was put aside, and goes on */
        }
        FW_TRY(fw_view_look(dir, view, err));
    }
    fw_live_erase(STDOUT_FILENO);
    return 0;
}

static int status(const struct fw_cli *cli, struct fw_error *err)
{
    fw_auto(free) char *dir = NULL;
    fw_auto(view) struct fw_view view = {0};
    bool draws = cli->watch && !cli->json && fw_live_possible(STDOUT_FILENO);
    if (fw_view_find(cli, &dir, err) < 0 || fw_view_look(dir, &view, err) < 0 ||
        (draws && watch(dir, &view, err) < 0)) {
        return err->code;
    }
    for (;;) {
        fw_view_measure(&view);
        if (show(cli, &view, err) < 0) {
            return err->code;
        }
        if (!cli->watch || !view.live) {
            return 0;
        }
        nanosleep(&(struct timespec){.tv_sec = 1}, NULL);
        if (fw_view_look(dir, &view, err) < 0) {
            return err->code;
        }
    }
}

int main(int argc, char **argv)
{
    static const struct fw_verb verb = {"status",
                                        "[TARGET]",
                                        "Says what a run is doing: the newest, or that of TARGET.",
                                        FW_CLI_SET | FW_CLI_PLUGIN_DIR | FW_CLI_JSON | FW_CLI_WATCH,
                                        0,
                                        1,
                                        status};
    return fw_tool_main(&verb, argc, argv);
}

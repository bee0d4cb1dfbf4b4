/* SPDX-License-Identifier: MIT */
#include <time.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"
#include "view.h"

/* `fwrun wait`: until the run has ended, with the run's own exit code. */

#define POLL_NS 50000000

static int judge(const struct fw_view *view, struct fw_error *err)
{
    int64_t code = FW_EXIT_CRASHED; /* of a lost one */
    fw_auto(str) struct fw_str text = {0};
    fw_json_get_i64(view->document, "exit_code", &code, NULL);
    fw_view_verdict(view, &text);
    if (code != 0) {
        fw_error_set(err, (int)code, "%s", text.text ? text.text : "");
    } else {
        printf("%s\n", text.text ? text.text : "");
    }
    return (int)code;
}

static int wait_for(const struct fw_cli *cli, struct fw_error *err)
{
    fw_auto(free) char *dir = NULL;
    int64_t start = fw_clock_ns();
    if (fw_view_find(cli, &dir, err) < 0) {
        return err->code;
    }
    fw_auto(view) struct fw_view view = {0};
    for (;;) {
        if (fw_view_look(dir, &view, err) < 0) {
            return err->code;
        }
        if (!view.live) {
            return judge(&view, err);
        }
        if (cli->timeout_s >= 0 && (double)(fw_clock_ns() - start) / 1e9 >= cli->timeout_s) {
            fw_auto(str) struct fw_str text = {0};
            fw_view_verdict(&view, &text);
            fw_error_set(err, FW_EXIT_INCONCLUSIVE, "%s; still so after %g s",
                         text.text ? text.text : "", cli->timeout_s);
            return err->code;
        }
        nanosleep(&(struct timespec){.tv_nsec = POLL_NS}, NULL);
    }
}

int main(int argc, char **argv)
{
    static const struct fw_verb verb = {
        "wait",
        "[TARGET]",
        "Waits until a run has ended and ends with its exit code; 9 if --timeout passes first.",
        FW_CLI_SET | FW_CLI_PLUGIN_DIR | FW_CLI_TIMEOUT,
        0,
        1,
        wait_for};
    return fw_tool_main(&verb, argc, argv);
}

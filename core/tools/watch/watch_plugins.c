/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "cli/cli.h"
#include "live.h"
#include "trial.h"

/* What `fwrun run --watch-plugins` becomes: a run as any other, with workers that can swap. */
int main(int argc, char **argv)
{
    static const struct fw_verb verb = {
        "run",
        "PIPELINE.cfg [STAGE...]",
        "Runs a pipeline and takes plugins that are built anew at step boundaries.",
        FW_CLI_SET | FW_CLI_PLUGIN_DIR | FW_CLI_JSON | FW_CLI_RUN,
        1,
        SIZE_MAX,
        fw_verb_run};
    if (argc == 4 && strcmp(argv[1], "--trial") == 0) {
        return fw_trial_main(argv[2], argv[3]);
    }
    fw_live_begin();
    return fw_tool_main(&verb, argc, argv);
}

/* SPDX-License-Identifier: MIT */
#include "cli/tool.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "base/proc.h"
#include "base/str.h"
#include "cli/facts.h"

char *fw_tool_path(const char *verb)
{
    fw_auto(free) char *built = fw_text("core/tools/fwrun-%s", verb);
    fw_auto(free) char *installed = fw_text("%s/fwrun-%s", FWRUN_TOOLS_DIR, verb);
    return built && installed ? fw_path_own(built, installed) : NULL;
}

int fw_tool_run(const char *verb, const char *argument, int in, int out, struct fw_error *err)
{
    fw_auto(free) char *path = fw_tool_path(verb);
    fw_auto(close) int none = open("/dev/null", O_RDWR | O_CLOEXEC);
    fw_auto(free) char *name = strdup(verb), *given = strdup(argument);
    char *argv[] = {name, given, NULL};
    struct fw_proc_fd fds[] = {{.source = in < 0 ? none : in, .target = STDIN_FILENO},
                               {.source = out < 0 ? none : out, .target = STDOUT_FILENO},
                               {.source = STDERR_FILENO, .target = STDERR_FILENO}};
    struct fw_proc_spec spec = {.path = path, .argv = argv, .fds = fds, .n_fds = 3};
    struct fw_proc_result result = {0};
    pid_t pid;
    int rc = path && !*path
                 ? fw_error_set(err, FW_EXIT_FAILED, "there is no program fwrun-%s", verb)
             : path && name && given ? fw_proc_spawn(&spec, &pid, err)
                                     : fw_error_oom(err);
    if (rc == 0) {
        rc = fw_proc_reap(pid, true, &result, err) < 0 ? -1 : 0;
    }
    if (rc == 0 && (result.signal != 0 || result.exit_code != 0)) {
        rc = fw_error_set(err, FW_EXIT_FAILED, "fwrun %s ended with %d", verb,
                          result.signal ? FW_EXIT_SIGNAL + result.signal : result.exit_code);
    }
    return rc;
}

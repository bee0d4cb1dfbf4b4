/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/machine.h"
#include "base/path.h"
#include "base/proc.h"
#include "base/str.h"
#include "cli/cli.h"
#include "cli/print.h"

/*
 * `fwrun preflight RUN_DIR`: does what the pipeline's `preflight` group asks for hold? A run asks
 * this before its first stage. What was found stands in RUN_DIR/preflight.json, whatever it was.
 */
struct preflight {
    const cJSON *plan, *wanted;
    cJSON *found, *disks;
    uint64_t devices[64]; /* looked at already */
    size_t n_devices, n_unmet;
};

static void unmet(struct preflight *preflight, const char *text)
{
    preflight->n_unmet++;
    fprintf(stderr, "preflight: %s\n", text ? text : "out of memory");
}

/* The folder itself, or the nearest one above it that is there. */
static char *existing_folder(const char *path)
{
    char *folder = strdup(path);
    while (folder && access(folder, F_OK) < 0 && strcmp(folder, "/") != 0) {
        char *parent = fw_path_folder(folder);
        free(folder);
        folder = parent;
    }
    return folder;
}

static bool is_new(struct preflight *preflight, uint64_t device)
{
    for (size_t i = 0; i < preflight->n_devices; i++) {
        if (preflight->devices[i] == device) {
            return false;
        }
    }
    if (preflight->n_devices < sizeof preflight->devices / sizeof *preflight->devices) {
        preflight->devices[preflight->n_devices++] = device;
    }
    return true;
}

static void check_disk(struct preflight *preflight, const char *path)
{
    fw_auto(free) char *folder = existing_folder(path);
    struct stat st;
    struct statvfs space;
    uint64_t wanted = (uint64_t)fw_json_number(preflight->wanted, "min_free_bytes");
    if (!folder || stat(folder, &st) < 0 || statvfs(folder, &space) < 0) {
        fw_auto(free) char *text =
            fw_text("the free space of %s cannot be told: %s", path, strerror(errno));
        unmet(preflight, text);
        return;
    }
    uint64_t bytes = (uint64_t)space.f_bavail * space.f_frsize;
    if (!is_new(preflight, (uint64_t)st.st_dev)) {
        return;
    }
    fw_json_set(fw_json_append(preflight->disks), FW_JSON_TEXT("path", folder),
                FW_JSON_U64("free_bytes", bytes));
    if (bytes < wanted) {
        char has[32], needs[32];
        fw_print_bytes(bytes, has);
        fw_print_bytes(wanted, needs);
        fw_auto(free) char *text =
            fw_text("%s free at %s, expected at least %s (preflight.min_free); free some space, or "
                    "set run_root, out or resources.temp to another disk",
                    has, folder, needs);
        unmet(preflight, text);
    }
}

/* Where anything will be written: the run directory, the outputs of what runs, scratch files. */
static void check_disks(struct preflight *preflight)
{
    const cJSON *stage, *output;
    check_disk(preflight, fw_json_text(preflight->plan, "run_dir"));
    if (cJSON_HasObjectItem(preflight->plan, "temp")) {
        check_disk(preflight, fw_json_text(preflight->plan, "temp"));
    }
    cJSON_ArrayForEach(stage, cJSON_GetObjectItemCaseSensitive(preflight->plan, "stages"))
    {
        const char *state = fw_json_text(stage, "state");
        if (strcmp(state, "run") != 0 && strcmp(state, "waiting") != 0) {
            continue;
        }
        cJSON_ArrayForEach(output, cJSON_GetObjectItemCaseSensitive(stage, "outputs"))
        {
            fw_auto(free) char *folder = fw_path_folder(fw_json_text(output, "path"));
            if (folder) {
                check_disk(preflight, folder);
            }
        }
    }
}

static void check_memory(struct preflight *preflight)
{
    struct fw_machine machine;
    uint64_t wanted = (uint64_t)fw_json_number(preflight->wanted, "min_memory_bytes");
    fw_machine_look(&machine);
    fw_json_set(preflight->found, FW_JSON_U64("memory_bytes", machine.memory_bytes),
                FW_JSON_TEXT("host", machine.host));
    if (machine.memory_bytes < wanted) {
        char has[32], needs[32];
        fw_print_bytes(machine.memory_bytes, has);
        fw_print_bytes(wanted, needs);
        fw_auto(free) char *text =
            fw_text("%s of memory may be used here, expected at least %s (preflight.min_memory); "
                    "raise the cgroup's limit, or run on a larger machine",
                    has, needs);
        unmet(preflight, text);
    }
}

/* What a git command prints, without the newline at its end; NULL when it fails. */
static char *git(const char *folder, const char *command, const char *option)
{
    struct fw_error err;
    struct fw_str text = {0};
    struct fw_proc_result result;
    char *argv[] = {strdup("git"), strdup(command), strdup(option), NULL};
    int pair[2] = {-1, -1};
    pid_t pid;
    fw_auto(close) int none = open("/dev/null", O_RDWR | O_CLOEXEC);
    bool good = argv[0] && argv[1] && argv[2] && none >= 0 && pipe2(pair, O_CLOEXEC) == 0;
    struct fw_proc_fd fds[] = {
        {none, STDIN_FILENO}, {pair[1], STDOUT_FILENO}, {none, STDERR_FILENO}};
    struct fw_proc_spec spec = {
        .path = "git", .argv = argv, .folder = folder, .fds = fds, .n_fds = 3};
    good = good && fw_proc_spawn(&spec, &pid, &err) == 0;
    if (pair[1] >= 0) {
        close(pair[1]);
    }
    char block[4096];
    for (ssize_t n; good && (n = read(pair[0], block, sizeof block)) > 0;) {
        fw_str_add_bytes(&text, block, (size_t)n);
    }
    if (pair[0] >= 0) {
        close(pair[0]);
    }
    good = good && fw_proc_reap(pid, true, &result, &err) > 0 && result.exit_code == 0;
    for (size_t i = 0; i < 3; i++) {
        free(argv[i]);
    }
    fw_auto(free) char *all = fw_str_take(&text);
    if (good && all) {
        all[strcspn(all, "\n")] = '\0';
        return fw_steal(&all);
    }
    return NULL;
}

static void check_git(struct preflight *preflight)
{
    fw_auto(free) char *folder = fw_path_folder(fw_json_text(preflight->plan, "config"));
    fw_auto(free) char *head = folder ? git(folder, "rev-parse", "HEAD") : NULL;
    fw_auto(free) char *changed = head ? git(folder, "status", "--porcelain=v1") : NULL;
    bool clean = changed && *changed == '\0';
    fw_json_set(preflight->found, FW_JSON_TEXT("git_head", head));
    if (changed) {
        fw_json_set(preflight->found, FW_JSON_BOOL("git_clean", clean));
    }
    if (cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(preflight->wanted, "clean_git")) && !clean) {
        fw_auto(free) char *text =
            changed ? fw_text("the git repository of %s has changes, the first: \"%s\" "
                              "(preflight.clean_git); commit them, or ignore what is generated",
                              folder, changed)
                    : fw_text("%s lies in no git repository that can be read "
                              "(preflight.clean_git); is git installed, and was there a commit?",
                              fw_json_text(preflight->plan, "config"));
        unmet(preflight, text);
    }
}

static int look(const char *dir, struct preflight *preflight, struct fw_error *err)
{
    char now[FW_CLOCK_TEXT];
    fw_auto(free) char *path = fw_text("%s/preflight.json", dir);
    FW_TRY(fw_json_get_object(preflight->plan, "preflight", &preflight->wanted, err));
    fw_clock_utc(now);
    fw_json_set(preflight->found, FW_JSON_TEXT("checked_at", now));
    check_memory(preflight);
    check_git(preflight);
    preflight->disks = cJSON_AddArrayToObject(preflight->found, "disks");
    check_disks(preflight);
    bool whole =
        fw_json_add(preflight->found, "wanted", cJSON_Duplicate(preflight->wanted, true)) &&
        fw_json_set(preflight->found, FW_JSON_BOOL("ok", preflight->n_unmet == 0));
    return whole && path && preflight->disks
               ? fw_json_write(path, preflight->found, FW_DURABLE_RENAME, err)
               : fw_error_oom(err);
}

static int preflight_run(const struct fw_cli *cli, struct fw_error *err)
{
    const char *dir = cli->args.items[0];
    fw_auto(free) char *path = fw_text("%s/plan.json", dir);
    fw_auto(json) cJSON *plan = NULL;
    fw_auto(json) cJSON *found = cJSON_CreateObject();
    if (!path || !found) {
        fw_error_oom(err);
        return err->code;
    }
    if (fw_json_read(path, &plan, err) < 0) {
        fw_error_prefix(err, "%s is no run directory with a plan: ", dir);
        err->code = FW_EXIT_USAGE;
        return err->code;
    }
    struct preflight preflight = {.plan = plan, .found = found};
    if (look(dir, &preflight, err) < 0 || (cli->json && fw_print_json(found, err) < 0)) {
        return err->code;
    }
    if (preflight.n_unmet > 0) {
        fw_error_set(err, FW_EXIT_REFUSED, "%zu condition%s of the preflight not met",
                     preflight.n_unmet, preflight.n_unmet == 1 ? " is" : "s are");
        return err->code;
    }
    return 0;
}

int main(int argc, char **argv)
{
    static const struct fw_verb verb = {
        "preflight",
        "RUN_DIR",
        "Checks what the pipeline's preflight group asks for; a run does so by itself.",
        FW_CLI_JSON,
        1,
        1,
        preflight_run};
    return fw_tool_main(&verb, argc, argv);
}

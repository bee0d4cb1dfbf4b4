/* SPDX-License-Identifier: MIT */
#include <stdarg.h>

#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/json.h"
#include "base/machine.h"
#include "base/path.h"
#include "base/str.h"
#include "cli/print.h"
#include "cli/target.h"
#include "run/run.h"

/* One line per check: PASS or FAIL, what was looked at, and the remedy. */
struct doctor {
    const struct fw_cli *cli;
    cJSON *checks;
    size_t n_failed;
};

static void note(struct doctor *doctor, bool good, const char *name, const char *remedy,
                 const char *fmt, ...) __attribute__((format(printf, 5, 6)));

static void note(struct doctor *doctor, bool good, const char *name, const char *remedy,
                 const char *fmt, ...)
{
    char text[2560];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    doctor->n_failed += !good;
    if (!doctor->cli->json) {
        printf("%s  %-10s %s%s%s\n", good ? "PASS" : "FAIL", name, text, good ? "" : "; ",
               good ? "" : remedy);
        return;
    }
    cJSON *item = cJSON_CreateObject();
    cJSON_AddBoolToObject(item, "ok", good);
    cJSON_AddStringToObject(item, "check", name);
    cJSON_AddStringToObject(item, "finding", text);
    if (!good) {
        cJSON_AddStringToObject(item, "remedy", remedy);
    }
    cJSON_AddItemToArray(doctor->checks, item);
}

/* At least this much makes the built-in stages run without the ladder. */
#define ADVISED_MEMORY ((uint64_t)2 << 30)
#define ADVISED_DISK   ((uint64_t)5 << 30)

static void check_machine(struct doctor *doctor)
{
    struct fw_machine machine;
    char memory[32];
    fw_machine_look(&machine);
    fw_print_bytes(machine.memory_bytes, memory);
    note(doctor, machine.cpus > 0, "cpu", "check the affinity mask (taskset)",
         "%u processors may be used", machine.cpus);
    note(doctor, true, "blas", "", "OpenBLAS takes its kernels for %s (OPENBLAS_CORETYPE)",
         *fw_machine_blas_core() ? fw_machine_blas_core() : "what it recognises itself");
    note(doctor, machine.memory_bytes >= ADVISED_MEMORY, "memory",
         "raise the cgroup's limit, or set resources.memory to what there is and expect the ladder",
         "%s may be used (least of cgroup limits and MemTotal)", memory);
    note(doctor, true, "limits", "",
         "memory budgets are held by sampling: every 20 ms each worker is looked at with all that "
         "it "
         "started, and killed above 1.05 times its budget; no cgroup is made for a stage, which "
         "would hold it to its budget between samples too but costs more than a small stage");
    note(doctor, machine.boot_id[0] != '\0', "boot id",
         "mount /proc: without it a lease of an earlier boot is not recognised",
         "boot id %.8s of host %s", machine.boot_id, machine.host);
}

static void check_folder(struct doctor *doctor, const char *name, const char *path)
{
    struct fw_error err;
    char text[32];
    if (fw_fs_probe_writable(path, &err) < 0) {
        note(doctor, false, name, "make it writable, or choose another folder", "%s", err.text);
        return;
    }
    fw_auto(free) char *existing = strdup(path);
    while (existing && access(existing, F_OK) < 0) {
        char *parent = fw_path_folder(existing);
        free(existing);
        existing = parent;
    }
    struct statvfs space;
    if (!existing || statvfs(existing, &space) < 0) {
        note(doctor, false, name, "check the mount", "%s: free space is unknown", path);
        return;
    }
    uint64_t bytes = (uint64_t)space.f_bavail * space.f_frsize;
    fw_print_bytes(bytes, text);
    note(doctor, bytes >= ADVISED_DISK, name, "free some space, or choose another folder",
         "%s is writable, %s free", path, text);
}

static void check_plugins(struct doctor *doctor, const struct fw_registry *registry)
{
    size_t n_good = 0;
    for (size_t i = 0; i < registry->len; i++) {
        const struct fw_registry_entry *entry = &registry->items[i];
        n_good += entry->plugin && !entry->shadowed_by;
        if (entry->reason) {
            note(doctor, false, "plugin", "rebuild it against this SDK, or take it out of the path",
                 "%s: %s", entry->path, entry->reason);
        }
    }
    note(doctor, n_good > 0, "plugins", "build them, or name their folder with --plugin-dir",
         "%zu usable in %zu folders", n_good, registry->folders.len);
}

static void check_libraries(struct doctor *doctor, const struct fw_registry *registry)
{
    for (size_t i = 0; i < registry->len; i++) {
        const struct fw_registry_entry *entry = &registry->items[i];
        for (uint64_t k = 0; entry->plugin && k < entry->plugin->n_services; k++) {
            const struct fw_service *service = entry->plugin->services[k];
            struct fw_registry_service found = {.entry = entry, .service = service};
            fw_auto(strings) struct fw_strings paths = {0};
            struct fw_error err;
            bool good = fw_registry_libraries(&found, &paths, &err) == 0;
            note(doctor, good, "service", "run scripts/setup, or install the library",
                 "%s from %s%s%s", service->id, entry->plugin->id, good ? "" : ": ",
                 good ? "" : err.text);
        }
    }
}

static void check_devices(struct doctor *doctor)
{
    bool gpu = access("/dev/nvidiactl", F_OK) == 0;
    note(doctor, true, "devices", "", gpu ? "an NVIDIA device is there" : "no GPU; none is needed");
}

static void check_target(struct doctor *doctor, struct fw_target *target)
{
    struct fw_error err;
    const char *temp = target->pipeline.resources.temp;
    check_folder(doctor, "run root", target->pipeline.run_root);
    if (temp) {
        check_folder(doctor, "temp", temp);
    }
    note(doctor, true, "pipeline", "", "%s: %zu stages, every input is there",
         target->pipeline.file, target->plan->n_stages);
    for (size_t i = 0; i < target->plan->n_stages; i++) {
        target->plan->stages[i].state = FW_PLAN_RUN;
    }
    /* Into a memo of its own: the doctor proves everything anew. */
    fw_auto(free) char *memo = fw_text("/tmp/fwrun-doctor-%d", (int)getpid());
    bool good = memo && fw_run_probe(target->plan, memo, &err) == 0;
    note(doctor, good, "loading", "mend or rebuild the plugin", "%s",
         good ? "all plugins of the pipeline load" : err.text);
    if (memo) {
        unlink(memo);
    }
}

static int examine(struct doctor *doctor, struct fw_error *err)
{
    fw_auto(target) struct fw_target target = {0};
    fw_auto(registry) struct fw_registry own = {0};
    const struct fw_cli *cli = doctor->cli;
    check_machine(doctor);
    check_devices(doctor);
    if (cli->args.len == 0) {
        if (fw_registry_open(&cli->plugin_dirs, &own, err) < 0) {
            return -1;
        }
        check_plugins(doctor, &own);
        check_libraries(doctor, &own);
        check_folder(doctor, "folder", ".");
        return 0;
    }
    if (fw_target_open(cli, cli->args.items[0], &target, err) < 0) {
        note(doctor, false, "pipeline", "mend what is reported on stderr", "%s", err->text);
        return 0;
    }
    check_plugins(doctor, &target.registry);
    check_libraries(doctor, &target.registry);
    check_target(doctor, &target);
    return 0;
}

static int doctor_run(const struct fw_cli *cli, struct fw_error *err)
{
    struct doctor doctor = {.cli = cli};
    fw_auto(json) cJSON *json = cJSON_CreateObject();
    doctor.checks = cJSON_AddArrayToObject(json, "checks");
    if (!doctor.checks) {
        fw_error_oom(err);
        return err->code;
    }
    if (examine(&doctor, err) < 0) {
        return err->code;
    }
    cJSON_AddBoolToObject(json, "ok", doctor.n_failed == 0);
    if (cli->json) {
        fw_print_json(json, err);
    }
    if (doctor.n_failed == 0) {
        return 0;
    }
    fw_error_set(err, FW_EXIT_CHECK, "%zu check%s failed", doctor.n_failed,
                 doctor.n_failed == 1 ? "" : "s");
    return FW_EXIT_CHECK;
}

int main(int argc, char **argv)
{
    static const struct fw_verb verb = {
        "doctor",
        "[TARGET]",
        "Checks what this machine offers and what the pipeline needs.",
        FW_CLI_SET | FW_CLI_PLUGIN_DIR | FW_CLI_JSON,
        0,
        1,
        doctor_run};
    return fw_tool_main(&verb, argc, argv);
}

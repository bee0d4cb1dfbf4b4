/* SPDX-License-Identifier: MIT */
#include "base/machine.h"

#include <sched.h>
#include <stdbool.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "base/str.h"

/* The content of a file in a folder below `root`; NULL when it cannot be read. */
static char *content_of(const char *root, const char *folder, const char *file)
{
    char *text = NULL;
    fw_auto(free) char *path = fw_text("%s%s/%s", root, folder, file);
    return path && fw_fs_read(path, &text, NULL, NULL) == 0 ? text : NULL;
}

/* The number after `key` at the start of a line of a text, which may be NULL. */
static bool number_after(const char *text, const char *key, uint64_t *ret_value)
{
    unsigned long long value;
    for (const char *line = text; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, key, strlen(key)) == 0 &&
            sscanf(line + strlen(key), "%llu", &value) == 1) {
            *ret_value = value;
            return true;
        }
    }
    return false;
}

/* One cgroup: its limits lower what was found so far; kills are counted by the innermost. */
static void read_cgroup(const char *root, const char *folder, struct fw_machine *machine,
                        bool *counted)
{
    static const char *const limits[] = {"memory.max", "memory.limit_in_bytes"};
    static const char *const events[] = {"memory.events", "memory.oom_control"};
    unsigned long long quota, period;
    uint64_t value;
    for (int version = 0; version < 2; version++) {
        fw_auto(free) char *limit = content_of(root, folder, limits[version]);
        fw_auto(free) char *event = content_of(root, folder, events[version]);
        if (number_after(limit, "", &value) && value < machine->memory_bytes) {
            machine->memory_bytes = value;
        }
        *counted = *counted || number_after(event, "oom_kill ", &machine->oom_kills);
    }
    fw_auto(free) char *cpu = content_of(root, folder, "cpu.max");
    if (cpu && sscanf(cpu, "%llu %llu", &quota, &period) == 2 && quota < machine->cpus * period) {
        machine->cpus = (unsigned)((quota + period - 1) / period);
    }
}

/* Every cgroup from the process's own up to the mount: each one's limit holds. In a container the
 * path may name folders of the host, which are then simply not there. */
static void read_cgroups(const char *root, const char *line, struct fw_machine *machine,
                         bool *counted)
{
    const char *controllers = strchr(line, ':');
    const char *path = controllers ? strchr(controllers + 1, ':') : NULL;
    bool unified = controllers && controllers[1] == ':';
    if (!path || (!unified && strncmp(controllers, ":memory", 7) != 0)) {
        return;
    }
    fw_auto(free) char *folder =
        fw_text("/sys/fs/cgroup%s%s", unified ? "" : "/memory", path[2] ? path + 1 : "");
    while (folder && strlen(folder) >= strlen("/sys/fs/cgroup")) {
        read_cgroup(root, folder, machine, counted);
        *strrchr(folder, '/') = '\0';
    }
}

void fw_machine_look_under(const char *root, struct fw_machine *ret_machine)
{
    struct fw_machine machine = {.cpus = 1, .memory_bytes = UINT64_MAX};
    bool counted = false;
    cpu_set_t mask;
    if (sched_getaffinity(0, sizeof mask, &mask) == 0) {
        machine.cpus = (unsigned)CPU_COUNT(&mask);
    }
    fw_auto(free) char *meminfo = content_of(root, "/proc", "meminfo");
    if (number_after(meminfo, "MemTotal:", &machine.memory_bytes)) {
        machine.memory_bytes *= 1024;
    }
    fw_auto(free) char *cgroups = content_of(root, "/proc/self", "cgroup");
    char *rest = cgroups;
    for (char *line; rest && (line = strsep(&rest, "\n"));) {
        read_cgroups(root, line, &machine, &counted);
    }
    fw_auto(free) char *vmstat = counted ? NULL : content_of(root, "/proc", "vmstat");
    number_after(vmstat, "oom_kill ", &machine.oom_kills);
    fw_auto(free) char *boot = content_of(root, "/proc/sys/kernel/random", "boot_id");
    snprintf(machine.boot_id, sizeof machine.boot_id, "%.36s", boot ? boot : "");
    gethostname(machine.host, sizeof machine.host - 1);
    *ret_machine = machine;
}

void fw_machine_look(struct fw_machine *ret_machine)
{
    fw_machine_look_under("", ret_machine);
}

/* SPDX-License-Identifier: MIT */
#include "base/machine.h"

#include <sched.h>
#include <stdbool.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "base/str.h"

/* A file below `root`; NULL when it cannot be read. The caller's to free. */
static char *read_below(const char *root, const char *path)
{
    fw_auto(free) char *full = fw_text("%s%s", root, path);
    char *text = NULL;
    return full && fw_fs_read(full, &text, NULL, NULL) == 0 ? text : NULL;
}

/* The number after `key` at the start of a line; with the key "" at the start of the text. */
static bool number_after(const char *text, const char *key, uint64_t *ret_value)
{
    for (const char *line = text; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, key, strlen(key)) == 0) {
            unsigned long long value;
            if (sscanf(line + strlen(key), "%llu", &value) == 1) {
                *ret_value = value;
                return true;
            }
            return false;
        }
    }
    return false;
}

static void lower(uint64_t *value, uint64_t limit)
{
    if (limit > 0 && limit < *value) {
        *value = limit;
    }
}

/* One cgroup: its limits lower what was found so far; its kill count is taken only once, from the
 * innermost cgroup that has one. */
static void read_cgroup(const char *root, const char *folder, struct fw_machine *machine,
                        bool *counted)
{
    static const char *const limits[] = {"memory.max", "memory.limit_in_bytes"};
    static const char *const events[] = {"memory.events", "memory.oom_control"};
    uint64_t value, quota, period;
    for (int version = 0; version < 2; version++) {
        fw_auto(free) char *limit_path = fw_text("%s/%s", folder, limits[version]);
        fw_auto(free) char *limit = limit_path ? read_below(root, limit_path) : NULL;
        if (limit && number_after(limit, "", &value)) {
            lower(&machine->memory_bytes, value);
        }
        fw_auto(free) char *event_path = fw_text("%s/%s", folder, events[version]);
        fw_auto(free) char *event = event_path ? read_below(root, event_path) : NULL;
        if (event && !*counted && number_after(event, "oom_kill ", &value)) {
            machine->oom_kills = value;
            *counted = true;
        }
    }
    fw_auto(free) char *cpu_path = fw_text("%s/cpu.max", folder);
    fw_auto(free) char *cpu = cpu_path ? read_below(root, cpu_path) : NULL;
    if (cpu && number_after(cpu, "", &quota) && strchr(cpu, ' ') &&
        number_after(strchr(cpu, ' '), "", &period) && period > 0) {
        uint64_t cpus = (quota + period - 1) / period;
        if (cpus > 0 && cpus < machine->cpus) {
            machine->cpus = (unsigned)cpus;
        }
    }
}

/* Every cgroup from the process's own up to the mount: each one's limit holds. In a container the
 * path may name folders of the host, which are then simply not there. */
static void read_cgroups(const char *root, const char *line, struct fw_machine *machine,
                         bool *counted)
{
    const char *controllers = strchr(line, ':');
    const char *path = controllers ? strchr(controllers + 1, ':') : NULL;
    if (!path) {
        return;
    }
    bool unified = controllers[1] == ':';
    if (!unified && strncmp(controllers, ":memory", 7) != 0) {
        return;
    }
    fw_auto(free) char *folder = fw_text("/sys/fs/cgroup%s%s", unified ? "" : "/memory",
                                         strcmp(path + 1, "/") ? path + 1 : "");
    const size_t mount_len = strlen("/sys/fs/cgroup");
    while (folder && strlen(folder) >= mount_len) {
        read_cgroup(root, folder, machine, counted);
        *strrchr(folder, '/') = '\0';
    }
}

void fw_machine_look_under(const char *root, struct fw_machine *ret_machine)
{
    struct fw_machine machine = {.cpus = 1, .memory_bytes = UINT64_MAX};
    uint64_t value;
    bool counted = false;
    cpu_set_t mask;
    if (sched_getaffinity(0, sizeof mask, &mask) == 0) {
        machine.cpus = (unsigned)CPU_COUNT(&mask);
    }
    fw_auto(free) char *meminfo = read_below(root, "/proc/meminfo");
    if (meminfo && number_after(meminfo, "MemTotal:", &value)) {
        machine.memory_bytes = value * 1024;
    }
    fw_auto(free) char *cgroups = read_below(root, "/proc/self/cgroup");
    char *rest = NULL;
    for (char *line = cgroups ? strtok_r(cgroups, "\n", &rest) : NULL; line;
         line = strtok_r(NULL, "\n", &rest)) {
        read_cgroups(root, line, &machine, &counted);
    }
    fw_auto(free) char *vmstat = counted ? NULL : read_below(root, "/proc/vmstat");
    if (vmstat && number_after(vmstat, "oom_kill ", &value)) {
        machine.oom_kills = value;
    }
    fw_auto(free) char *boot = read_below(root, "/proc/sys/kernel/random/boot_id");
    snprintf(machine.boot_id, sizeof machine.boot_id, "%.36s", boot ? boot : "");
    gethostname(machine.host, sizeof machine.host - 1);
    *ret_machine = machine;
}

void fw_machine_look(struct fw_machine *ret_machine)
{
    fw_machine_look_under("", ret_machine);
}

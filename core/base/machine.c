/* SPDX-License-Identifier: MIT */
#include "base/machine.h"

#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"

/* The number after `key` at the start of a line of a file below `root`. */
static bool number_in(const char *root, const char *folder, const char *file, const char *key,
                      uint64_t *ret_value)
{
    char path[4096], text[16384];
    snprintf(path, sizeof path, "%s%s/%s", root, folder, file);
    for (char *line = fw_fs_peek(path, text, sizeof text) ? text : NULL; line;
         line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, key, strlen(key)) == 0) {
            char *digits = line + strlen(key), *end;
            unsigned long long value = strtoull(digits, &end, 10);
            if (end > digits) {
                *ret_value = value;
                return true;
            }
        }
    }
    return false;
}

static bool count_kills(const char *root, const char *folder, const char *file,
                        struct fw_machine *machine)
{
    snprintf(machine->oom_file, sizeof machine->oom_file, "%s%s/%s", root, folder, file);
    return number_in("", "", machine->oom_file, "oom_kill ", &machine->oom_kills);
}

uint64_t fw_machine_oom_kills(const struct fw_machine *machine)
{
    uint64_t kills = machine->oom_kills;
    number_in("", "", machine->oom_file, "oom_kill ", &kills);
    return kills;
}

/* One cgroup: its limits lower what was found so far; kills are counted by the innermost. */
static void read_cgroup(const char *root, const char *folder, struct fw_machine *machine,
                        bool *counted)
{
    uint64_t value = UINT64_MAX, period;
    char quota[40];
    if ((number_in(root, folder, "memory.max", "", &value) ||
         number_in(root, folder, "memory.limit_in_bytes", "", &value)) &&
        value < machine->memory_bytes) {
        machine->memory_bytes = value;
    }
    *counted = *counted || count_kills(root, folder, "memory.events", machine) ||
               count_kills(root, folder, "memory.oom_control", machine);
    if (number_in(root, folder, "cpu.max", "", &value)) {
        snprintf(quota, sizeof quota, "%llu ", (unsigned long long)value);
        if (number_in(root, folder, "cpu.max", quota, &period) && value < machine->cpus * period) {
            machine->cpus = (unsigned)((value + period - 1) / period);
        }
    }
}

/* Every cgroup from the process's own up to the mount: each one's limit holds. In a container the
 * path may name folders of the host, which are then simply not there. */
static void read_cgroups(const char *root, char *line, struct fw_machine *machine, bool *counted)
{
    char folder[4096];
    const char *controllers = strsep(&line, ":");
    controllers = line ? strsep(&line, ":") : controllers;
    bool unified = !*controllers;
    if (!line || (!unified && strncmp(controllers, "memory", 6) != 0)) {
        return;
    }
    snprintf(folder, sizeof folder, "/sys/fs/cgroup%s%s", unified ? "" : "/memory",
             line[1] ? line : "");
    while (strlen(folder) >= strlen("/sys/fs/cgroup")) {
        read_cgroup(root, folder, machine, counted);
        *strrchr(folder, '/') = '\0';
    }
}

void fw_machine_look_under(const char *root, struct fw_machine *ret_machine)
{
    struct fw_machine machine = {.cpus = 1, .memory_bytes = UINT64_MAX};
    bool counted = false;
    cpu_set_t mask;
    char path[4096], text[4096];
    if (sched_getaffinity(0, sizeof mask, &mask) == 0) {
        machine.cpus = (unsigned)CPU_COUNT(&mask);
    }
    if (number_in(root, "/proc", "meminfo", "MemTotal:", &machine.memory_bytes)) {
        machine.memory_bytes *= 1024;
    }
    snprintf(path, sizeof path, "%s/proc/self/cgroup", root);
    char *rest = fw_fs_peek(path, text, sizeof text) ? text : NULL;
    for (char *line; (line = strsep(&rest, "\n"));) {
        read_cgroups(root, line, &machine, &counted);
    }
    if (!counted) {
        count_kills(root, "/proc", "vmstat", &machine);
    }
    snprintf(path, sizeof path, "%s/proc/sys/kernel/random/boot_id", root);
    bool known = fw_fs_peek(path, text, sizeof text);
    snprintf(machine.boot_id, sizeof machine.boot_id, "%.36s", known ? text : "");
    gethostname(machine.host, sizeof machine.host - 1);
    *ret_machine = machine;
}

const char *fw_machine_blas_core(void)
{
    const char *given = getenv("OPENBLAS_CORETYPE");
#ifdef __x86_64__
    const char *own = __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl")
                          ? "SkylakeX"
                      : __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? "Haswell"
                                                                                        : "";
#else
    const char *own = "";
#endif
    return given && *given ? given : own;
}

void fw_machine_look(struct fw_machine *ret_machine)
{
    fw_machine_look_under("", ret_machine);
}

/* SPDX-License-Identifier: MIT */
#include "host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/fs.h"
#include "base/json.h"
#include "base/machine.h"
#include "base/sha256.h"

/* The value of the first line "NAME : value". */
static void take_line(const char *text, const char *name, char ret_value[FW_HOST_TEXT])
{
    const char *at = strstr(text, name);
    at = at ? strchr(at, ':') : NULL;
    if (at) {
        at += strspn(at, ": \t");
        snprintf(ret_value, FW_HOST_TEXT, "%.*s", (int)strcspn(at, "\n"), at);
    }
}

void fw_bench_host_look(struct fw_bench_host *ret_host)
{
    char text[4096], hex[FW_SHA256_TEXT], key[2 * FW_HOST_TEXT];
    struct fw_machine machine;
    struct utsname names;
    struct fw_bench_host host = {0};
    fw_machine_look(&machine);
    host.cpus = machine.cpus;
    host.memory_bytes = machine.memory_bytes;
    if (fw_fs_peek("/proc/cpuinfo", text, sizeof text)) {
        take_line(text, "model name", host.cpu);
    }
    if (fw_fs_peek("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", text, sizeof text)) {
        snprintf(host.governor, sizeof host.governor, "%.*s", (int)strcspn(text, "\n"), text);
    }
    if (uname(&names) == 0) {
        snprintf(host.kernel, sizeof host.kernel, "%.32s %.64s", names.sysname, names.release);
    }
    if (getloadavg(&host.load, 1) != 1) {
        host.load = 0;
    }
    snprintf(key, sizeof key, "%s %u %.0f", host.cpu, host.cpus,
             (double)host.memory_bytes / (1 << 30));
    fw_sha256_bytes(key, strlen(key), hex);
    memcpy(host.fingerprint, hex, sizeof host.fingerprint - 1);
    *ret_host = host;
}

cJSON *fw_bench_host_json(const struct fw_bench_host *host)
{
    cJSON *json = cJSON_CreateObject();
    if (!fw_json_set(json, FW_JSON_TEXT("fingerprint", host->fingerprint),
                     FW_JSON_TEXT("cpu", host->cpu), FW_JSON_U64("cpus", host->cpus),
                     FW_JSON_U64("memory_bytes", host->memory_bytes),
                     FW_JSON_TEXT("governor", host->governor), FW_JSON_TEXT("kernel", host->kernel),
                     FW_JSON_REAL("load_1min", host->load))) {
        cJSON_Delete(json);
        return NULL;
    }
    return json;
}

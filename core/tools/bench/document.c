/* SPDX-License-Identifier: MIT */
#include "document.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/json.h"
#include "base/str.h"
#include "cli/facts.h"
#include "cli/print.h"
#include "history.h"

cJSON *fw_document_create(const struct fw_lab *lab, const struct fw_bench_options *options,
                          const struct fw_bench_host *host, struct fw_error *err)
{
    fw_auto(json) cJSON *json = cJSON_CreateObject();
    char now[FW_CLOCK_TEXT], program[FW_SHA256_TEXT];
    fw_clock_utc(now);
    if (fw_sha256_file("/proc/self/exe", program, err) < 0) {
        return NULL;
    }
    if (!fw_json_set(
            json, FW_JSON_U64("format", 1), FW_JSON_TEXT("pipeline", lab->target.pipeline.name),
            FW_JSON_TEXT("config", lab->target.pipeline.file), FW_JSON_TEXT("time", now),
            FW_JSON_TEXT("fwrun_version", FWRUN_VERSION), FW_JSON_TEXT("program_sha256", program),
            FW_JSON_U64("repetitions", options->reps), FW_JSON_BOOL("cold", options->cold),
            FW_JSON_BOOL("cpu", options->cpu), FW_JSON_REAL("margin", options->margin)) ||
        !fw_json_add(json, "host", fw_bench_host_json(host)) ||
        !cJSON_AddArrayToObject(json, "stages")) {
        fw_error_oom(err);
        return NULL;
    }
    return fw_steal(&json);
}

static const char *or_unknown(const char *text)
{
    return *text ? text : "unknown";
}

void fw_document_print_head(const cJSON *result)
{
    const cJSON *host = cJSON_GetObjectItemCaseSensitive(result, "host");
    const double load = fw_json_number(host, "load_1min"), cpus = fw_json_number(host, "cpus");
    char memory[32];
    fw_print_bytes((uint64_t)fw_json_number(host, "memory_bytes"), memory);
    printf("bench %s, %.0f repetitions, %s%s; fwrun %s (%.12s)\n", fw_json_text(result, "pipeline"),
           fw_json_number(result, "repetitions"),
           cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(result, "cold")) ? "cold" : "warm",
           cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(result, "cpu")) ? ", by processor time"
                                                                         : "",
           fw_json_text(result, "fwrun_version"), fw_json_text(result, "program_sha256"));
    printf("host %s: %s, %.0f CPUs, %s, governor %s, load %.2f%s, %s\n\n",
           fw_json_text(host, "fingerprint"), or_unknown(fw_json_text(host, "cpu")), cpus, memory,
           or_unknown(fw_json_text(host, "governor")), load,
           load > cpus / 2 ? " (others are working here)" : "", fw_json_text(host, "kernel"));
}

/* "2026-11-22T11:09:35.123Z" without what file names had better not have. */
static void compact(const char *time, char ret_text[FW_CLOCK_TEXT])
{
    for (; *time != '\0'; time++) {
        if (*time != '-' && *time != ':') {
            *ret_text++ = *time;
        }
    }
    *ret_text = '\0';
}

int fw_document_keep(const struct fw_lab *lab, cJSON *result, char **ret_path, struct fw_error *err)
{
    const cJSON *host = cJSON_GetObjectItemCaseSensitive(result, "host");
    char time[FW_CLOCK_TEXT];
    compact(fw_json_text(result, "time"), time);
    fw_auto(free) char *path = fw_text("%s/%s.json", lab->folder, time);
    fw_auto(free) char *history = fw_text("%s/.bench/%s.jsonl", lab->target.pipeline.run_root,
                                          fw_json_text(host, "fingerprint"));
    FW_TRY(path && history ? 0 : fw_error_oom(err));
    FW_TRY(fw_history_look(history, result, err));
    FW_TRY(fw_fs_mkdirs(lab->folder, err));
    FW_TRY(fw_json_write(path, result, FW_DURABLE_RENAME, err));
    FW_TRY(fw_history_add(history, result, err));
    *ret_path = fw_steal(&path);
    return 0;
}

int fw_document_load(const char *path, cJSON **ret_result, struct fw_error *err)
{
    fw_auto(json) cJSON *json = NULL;
    const cJSON *stages, *host;
    uint64_t format;
    if (fw_json_read(path, &json, err) < 0 || fw_json_get_u64(json, "format", &format, err) < 0 ||
        fw_json_get_array(json, "stages", &stages, err) < 0 ||
        fw_json_get_object(json, "host", &host, err) < 0) {
        err->code = FW_EXIT_USAGE;
        return fw_error_prefix(err, "--vs: no result of fwrun bench: ");
    }
    if (format != 1) {
        return fw_error_set(err, FW_EXIT_USAGE,
                            "--vs %s: its format is %llu, this fwrun reads 1; measure it again",
                            path, (unsigned long long)format);
    }
    *ret_result = fw_steal(&json);
    return 0;
}

cJSON *fw_document_stage(const cJSON *result, const char *name)
{
    cJSON *stage;
    cJSON_ArrayForEach(stage, cJSON_GetObjectItemCaseSensitive(result, "stages"))
    {
        if (strcmp(fw_json_text(stage, "stage"), name) == 0) {
            return stage;
        }
    }
    return NULL;
}

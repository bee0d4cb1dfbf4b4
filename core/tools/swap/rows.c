/* SPDX-License-Identifier: MIT */
#include "rows.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/json.h"
#include "base/machine.h"
#include "base/str.h"
#include "cells.h"
#include "lone.h"
#include "run/limits.h"

/* What the engine that reads them may use: it reads a file at a time, and no more than it needs. */
#define MEMORY_SHARE 0.4

static int add_provider(const struct fw_lab *lab, cJSON *job, struct fw_error *err)
{
    struct fw_registry_service found;
    cJSON *provider = fw_json_append(cJSON_AddArrayToObject(job, "providers"));
    FW_TRY(fw_registry_find_service(&lab->target.registry,
                                    &(struct fw_registry_wish){.id = FW_SQL_ID}, &found, err));
    return cJSON_AddStringToObject(provider, "service", FW_SQL_ID) &&
                   cJSON_AddStringToObject(provider, "path", found.entry->path) &&
                   cJSON_AddStringToObject(provider, "digest", found.entry->elf.digest)
               ? 0
               : fw_error_oom(err);
}

static int spawn(const char *file, struct fw_proc_result *ret, struct fw_error *err)
{
    char parent[24];
    fw_auto(free) char *name = strdup(file);
    fw_auto(close) int none = open("/dev/null", O_RDWR | O_CLOEXEC);
    snprintf(parent, sizeof parent, "%d", (int)getpid());
    char *argv[] = {(char[]){"fwrun-swap-test"}, (char[]){"--rows"}, parent, name, NULL};
    const struct fw_proc_fd fds[] = {{.source = none, .target = STDIN_FILENO},
                                     {.source = none, .target = STDOUT_FILENO},
                                     {.source = STDERR_FILENO, .target = STDERR_FILENO}};
    const struct fw_proc_spec spec = {
        .path = "/proc/self/exe", .argv = argv, .fds = fds, .n_fds = 3};
    pid_t pid;
    FW_TRY(name && none >= 0 ? 0 : fw_error_oom(err));
    FW_TRY(fw_proc_spawn(&spec, &pid, err));
    return fw_proc_reap(pid, true, ret, err) < 0 ? -1 : 0;
}

static int read_answer(const char *file, const struct fw_proc_result *process,
                       cJSON **ret_difference, struct fw_error *err)
{
    fw_auto(json) cJSON *answer = NULL;
    if (process->signal != 0 || process->exit_code != 0) {
        return fw_error_set(err, FW_EXIT_FAILED, "reading the tables ended with %d",
                            process->signal ? FW_EXIT_SIGNAL + process->signal
                                            : process->exit_code);
    }
    FW_TRY(fw_json_read(file, &answer, err));
    const char *fault = fw_json_text(answer, "fault");
    if (*fault != '\0') {
        return fw_error_set(err, FW_EXIT_FAILED, "reading the tables: %s", fault);
    }
    *ret_difference = cJSON_DetachItemFromObjectCaseSensitive(answer, "difference");
    return 0;
}

int fw_rows_compare(struct fw_lab *lab, const cJSON *pairs, double tolerance,
                    cJSON **ret_difference, struct fw_error *err)
{
    struct fw_proc_result process;
    fw_auto(json) cJSON *job = cJSON_CreateObject();
    fw_auto(free) char *folder = fw_text("%s/rows", lab->folder);
    fw_auto(free) char *file = fw_text("%s/job.json", folder);
    FW_TRY(folder && file && cJSON_AddStringToObject(job, "folder", folder) &&
                   cJSON_AddNumberToObject(job, "tolerance", tolerance) &&
                   fw_json_add(job, "pairs", cJSON_Duplicate(pairs, true))
               ? add_provider(lab, job, err)
               : fw_error_oom(err));
    FW_TRY(fw_fs_mkdirs(folder, err));
    FW_TRY(fw_json_write(file, job, FW_DURABLE_RENAME, err));
    FW_TRY(spawn(file, &process, err));
    const int rc = read_answer(file, &process, ret_difference, err);
    return fw_fs_remove(folder, rc == 0 ? err : NULL) < 0 ? -1 : rc;
}

static int compare(const cJSON *job, cJSON **ret_difference, struct fw_error *err)
{
    struct fw_worker worker = {0};
    struct fw_machine machine;
    const char *folder;
    double tolerance;
    fw_machine_look(&machine);
    worker.limits =
        fw_limits_first(machine.cpus, (uint64_t)((double)machine.memory_bytes * MEMORY_SHARE), 0);
    FW_TRY(fw_json_get_string(job, "folder", &folder, err));
    FW_TRY(fw_json_get_double(job, "tolerance", &tolerance, err));
    int rc = fw_lone_open(&worker, job, folder, err);
    if (rc == 0) {
        struct fw_cells cells = {.worker = &worker,
                                 .sql = worker.host.service(&worker.host, FW_SQL_ID)};
        rc = fw_cells_open(&cells, err);
        rc = rc < 0 ? rc
                    : fw_cells_compare(&cells, cJSON_GetObjectItemCaseSensitive(job, "pairs"),
                                       tolerance, ret_difference, err);
        fw_cells_close(&cells);
    }
    fw_lone_close(&worker);
    return rc;
}

int fw_rows_main(const char *parent, const char *file)
{
    struct fw_error err = {0};
    fw_auto(json) cJSON *job = NULL;
    fw_auto(json) cJSON *answer = cJSON_CreateObject();
    cJSON *difference = NULL;
    int rc = fw_proc_die_with_parent((pid_t)strtol(parent, NULL, 10), &err);
    rc = rc < 0 ? rc : fw_json_read(file, &job, &err);
    rc = rc < 0 ? rc : compare(job, &difference, &err);
    if (rc < 0) {
        cJSON_AddStringToObject(answer, "fault", err.text);
    } else if (difference) {
        cJSON_AddItemToObject(answer, "difference", difference);
    }
    return fw_json_write(file, answer, FW_DURABLE_RENAME, &err) < 0 ? FW_EXIT_FAILED : 0;
}

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
#include "run/limits.h"

/* What the engine that reads them may use: it reads a file at a time, and no more than it needs. */
#define MEMORY_SHARE 0.4

static int add_provider(const struct fw_lab *lab, cJSON *job, struct fw_error *err)
{
    struct fw_registry_service found;
    cJSON *provider = cJSON_AddObjectToObject(job, "provider");
    FW_TRY(fw_registry_find_service(&lab->target.registry, FW_SQL_ID, &found, err));
    return cJSON_AddStringToObject(provider, "path", found.entry->path) &&
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

/* The child: as much of a worker as a service needs. */
struct reader {
    const cJSON *job;
    struct fw_worker worker;
    struct fw_module *module;
    struct fw_cells cells;
};

static int open_reader(struct reader *reader, struct fw_error *err)
{
    struct fw_worker *worker = &reader->worker;
    struct fw_machine machine;
    const cJSON *provider;
    const char *path, *digest;
    fw_machine_look(&machine);
    worker->limits =
        fw_limits_first(machine.cpus, (uint64_t)((double)machine.memory_bytes * MEMORY_SHARE), 0);
    worker->channel.fd = -1; /* what is logged or reported is nobody's business */
    pthread_mutex_init(&worker->send_lock, NULL);
    pthread_mutex_init(&worker->hook_lock, NULL);
    pthread_mutex_init(&worker->fault_lock, NULL);
    fw_worker_init_host(worker);
    FW_TRY(fw_json_get_string(reader->job, "folder", &worker->tmp_dir, err));
    FW_TRY(fw_json_get_object(reader->job, "provider", &provider, err));
    FW_TRY(fw_json_get_string(provider, "path", &path, err));
    FW_TRY(fw_json_get_string(provider, "digest", &digest, err));
    FW_TRY(fw_loader_create(worker->tmp_dir, &worker->loader, err));
    FW_TRY(fw_loader_share(worker->loader, path, digest, &reader->module, err));
    worker->providers = &reader->module;
    worker->n_providers = 1;
    reader->cells =
        (struct fw_cells){.worker = worker, .sql = worker->host.service(&worker->host, FW_SQL_ID)};
    return fw_cells_open(&reader->cells, err);
}

static void close_reader(struct reader *reader)
{
    fw_cells_close(&reader->cells);
    fw_loader_destroy(reader->worker.loader);
    fw_str_finish(&reader->worker.fault);
    free(reader->worker.hooks.items);
}

int fw_rows_main(const char *parent, const char *file)
{
    struct reader reader = {0};
    struct fw_error err = {0};
    fw_auto(json) cJSON *job = NULL;
    fw_auto(json) cJSON *answer = cJSON_CreateObject();
    cJSON *difference = NULL;
    double tolerance;
    int rc = fw_proc_die_with_parent((pid_t)strtol(parent, NULL, 10), &err);
    rc = rc < 0 ? rc : fw_json_read(file, &job, &err);
    rc = rc < 0 ? rc : fw_json_get_double(job, "tolerance", &tolerance, &err);
    if (rc == 0) {
        reader.job = job;
        rc = open_reader(&reader, &err);
        rc = rc < 0
                 ? rc
                 : fw_cells_compare(&reader.cells, cJSON_GetObjectItemCaseSensitive(job, "pairs"),
                                    tolerance, &difference, &err);
        close_reader(&reader);
    }
    if (rc < 0) {
        cJSON_AddStringToObject(answer, "fault", err.text);
    } else if (difference) {
        cJSON_AddItemToObject(answer, "difference", difference);
    }
    return fw_json_write(file, answer, FW_DURABLE_RENAME, &err) < 0 ? FW_EXIT_FAILED : 0;
}

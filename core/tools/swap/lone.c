/* SPDX-License-Identifier: MIT */
#include "lone.h"

#include "base/json.h"

static int open_providers(struct fw_worker *worker, const cJSON *job, struct fw_error *err)
{
    const cJSON *list, *item;
    FW_TRY(fw_json_get_array(job, "providers", &list, err));
    worker->providers = calloc((size_t)cJSON_GetArraySize(list) + 1, sizeof *worker->providers);
    FW_TRY(worker->providers ? 0 : fw_error_oom(err));
    cJSON_ArrayForEach(item, list)
    {
        const char *path, *digest;
        struct fw_provider *provider = &worker->providers[worker->n_providers];
        FW_TRY(fw_json_get_string(item, "service", &provider->id, err));
        FW_TRY(fw_json_get_string(item, "path", &path, err));
        FW_TRY(fw_json_get_string(item, "digest", &digest, err));
        FW_TRY(fw_loader_share(worker->loader, path, digest, &provider->module, err));
        worker->n_providers++;
    }
    return 0;
}

int fw_lone_open(struct fw_worker *worker, const cJSON *job, const char *folder,
                 struct fw_error *err)
{
    worker->channel.fd = -1;
    worker->tmp_dir = folder;
    pthread_mutex_init(&worker->send_lock, NULL);
    pthread_mutex_init(&worker->hook_lock, NULL);
    pthread_mutex_init(&worker->fault_lock, NULL);
    fw_worker_init_host(worker);
    worker->fields = cJSON_CreateObject();
    worker->rows = cJSON_CreateObject();
    worker->gates = cJSON_CreateObject();
    FW_TRY(worker->fields && worker->rows && worker->gates ? 0 : fw_error_oom(err));
    FW_TRY(fw_loader_create(folder, &worker->loader, err));
    return open_providers(worker, job, err);
}

void fw_lone_close(struct fw_worker *worker)
{
    fw_loader_destroy(worker->loader);
    free(worker->providers);
    cJSON_Delete(worker->fields);
    cJSON_Delete(worker->rows);
    cJSON_Delete(worker->gates);
    fw_str_finish(&worker->fault);
    free(worker->hooks.items);
}

/* SPDX-License-Identifier: MIT */
#include "provider.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <fw/plugin.h>
#include <fw/service/budget.h>

static const struct fw_limits *limits(const struct fw_host *host)
{
    static struct fw_limits now;
    const struct provider *provider = host->self;

    now = (struct fw_limits){.struct_size = (uint32_t)sizeof now,
                             .threads = provider->threads,
                             .memory_bytes = provider->memory_bytes,
                             .partition_factor = 1};
    return &now;
}

static const void *service(const struct fw_host *host, const char *id)
{
    static const struct fw_budget budget = {.struct_size = (uint32_t)sizeof budget,
                                            .limits = limits};

    (void)host;
    return strcmp(id, FW_BUDGET_ID) == 0 ? &budget : NULL;
}

static const char *text(const char *part)
{
    return part != NULL ? part : "";
}

static fw_status fail(const struct fw_host *host, fw_status status, const struct fw_fault *fault)
{
    struct provider *provider = host->self;

    provider->recorded = status;
    (void)snprintf(provider->fault, sizeof provider->fault, "%s; %s; %s; %s", text(fault->what),
                   text(fault->where), text(fault->value), text(fault->expected));
    return status;
}

static const struct fw_kernels *find(const struct fw_plugin *plugin)
{
    for (uint64_t i = 0; plugin != NULL && i < plugin->n_services; i++) {
        if (strcmp(plugin->services[i]->id, FW_KERNELS_ID) == 0) {
            return plugin->services[i]->table;
        }
    }
    return NULL;
}

void provider_open(struct provider *provider, const char *path)
{
    *provider = (struct provider){.threads = 2, .memory_bytes = UINT64_C(1) << 30};
    provider->host = (struct fw_host){.struct_size = (uint32_t)sizeof provider->host,
                                      .abi_major = FW_ABI_MAJOR,
                                      .self = provider,
                                      .service = service,
                                      .fail = fail};
    /* Libraries stay: FFTW's planner keeps its tables until the program ends, and a leak checker
     * that no longer finds their owner would call them lost. */
    provider->library = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (provider->library == NULL) {
        (void)fprintf(stderr, "%s\n", dlerror());
        exit(2);
    }
    provider->kernels = find(dlsym(provider->library, "fw_plugin_v1"));
    if (provider->kernels == NULL) {
        (void)fprintf(stderr, "%s provides no %s\n", path, FW_KERNELS_ID);
        exit(2);
    }
}

void provider_close(struct provider *provider)
{
    (void)dlclose(provider->library);
}

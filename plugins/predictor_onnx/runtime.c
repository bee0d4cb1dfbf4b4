/* SPDX-License-Identifier: MIT */
#include "runtime.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIBRARY       "libonnxruntime.so.1"
#define TABLE_VERSION 13
#define LOG_ERROR     3

struct base {
    const void *const *(*table)(uint32_t version);
    const char *(*version)(void);
};

static struct {
    pthread_mutex_t lock;
    unsigned users;
    void *library;
    struct ort_runtime runtime;
} shared = {.lock = PTHREAD_MUTEX_INITIALIZER};

#define SLOT(member, number)                                                                       \
    {                                                                                              \
        offsetof(struct ort_api, member), number                                                   \
    }

static const struct {
    size_t offset;
    unsigned number;
} slots[] = {
    SLOT(error_code, 1),
    SLOT(error_message, 2),
    SLOT(create_env, 3),
    SLOT(create_session, 7),
    SLOT(run, 9),
    SLOT(create_options, 10),
    SLOT(set_log_level, 22),
    SLOT(set_intra_threads, 24),
    SLOT(set_inter_threads, 25),
    SLOT(input_count, 30),
    SLOT(output_count, 31),
    SLOT(input_type, 33),
    SLOT(output_type, 34),
    SLOT(input_name, 36),
    SLOT(output_name, 37),
    SLOT(borrow_tensor, 49),
    SLOT(is_tensor, 50),
    SLOT(tensor_data, 51),
    SLOT(type_as_tensor, 55),
    SLOT(element_type, 60),
    SLOT(rank, 61),
    SLOT(shape, 62),
    SLOT(tensor_info, 65),
    SLOT(cpu_memory, 69),
    SLOT(allocator_free, 76),
    SLOT(default_allocator, 78),
    SLOT(release_env, 92),
    SLOT(release_status, 93),
    SLOT(release_memory, 94),
    SLOT(release_session, 95),
    SLOT(release_value, 96),
    SLOT(release_type, 98),
    SLOT(release_info, 99),
    SLOT(release_options, 100),
    SLOT(add_config, 130),
};
_Static_assert(sizeof slots / sizeof *slots * sizeof(void *) == sizeof(struct ort_api),
               "every function has its slot");

static fw_status no_library(const struct fw_host *host, const char *why)
{
    return FW_FAIL(host, FW_E_MISSING, .what = "ONNX Runtime's library cannot be used",
                   .where = LIBRARY, .value = why, .expected = "version 1.13 or newer",
                   .remedy = "scripts/setup --with-onnx fetches it from the npm package "
                             "onnxruntime-node; one that is elsewhere is found by its folder in "
                             "LD_LIBRARY_PATH");
}

static fw_status load(const struct fw_host *host)
{
    const struct base *(*get)(void) = NULL;
    shared.library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
    if (shared.library == NULL) {
        return no_library(host, dlerror());
    }
    void *symbol = dlsym(shared.library, "OrtGetApiBase");
    memcpy(&get, &symbol, sizeof get);
    const struct base *base = symbol == NULL ? NULL : get();
    const void *const *table = base == NULL ? NULL : base->table(TABLE_VERSION);
    if (table == NULL) {
        return no_library(host, base == NULL ? "it has no OrtGetApiBase" : base->version());
    }
    for (size_t i = 0; i < sizeof slots / sizeof *slots; i++) {
        memcpy((char *)&shared.runtime.api + slots[i].offset, &table[slots[i].number],
               sizeof(void *));
    }
    snprintf(shared.runtime.version, sizeof shared.runtime.version, "%s", base->version());
    return FW_OK;
}

static void unload(void)
{
    if (shared.runtime.env != NULL) {
        shared.runtime.api.release_env(shared.runtime.env);
    }
    if (shared.library != NULL) {
        dlclose(shared.library);
    }
    shared.library = NULL;
    shared.runtime = (struct ort_runtime){0};
}

static fw_status start(const struct fw_host *host)
{
    /* Without this it starts a thread that writes files into the home folder and reports. */
    fw_status status = setenv("ORT_DISABLE_TELEMETRY", "1", 1) == 0
                           ? load(host)
                           : FW_FAIL(host, FW_E_NOMEM, .what = "no memory for the environment");
    if (status == FW_OK) {
        struct ort_runtime *runtime = &shared.runtime;
        status = ort_check(host, &runtime->api,
                           runtime->api.create_env(LOG_ERROR, "fwrun", &runtime->env),
                           "ONNX Runtime cannot start", LIBRARY);
    }
    if (status != FW_OK) {
        unload();
    }
    return status;
}

fw_status ort_runtime_open(const struct fw_host *host, const struct ort_runtime **ret_runtime)
{
    pthread_mutex_lock(&shared.lock);
    fw_status status = shared.users > 0 ? FW_OK : start(host);
    shared.users += status == FW_OK;
    pthread_mutex_unlock(&shared.lock);
    if (status == FW_OK) {
        *ret_runtime = &shared.runtime;
    }
    return status;
}

void ort_runtime_close(void)
{
    pthread_mutex_lock(&shared.lock);
    if (--shared.users == 0) {
        unload();
    }
    pthread_mutex_unlock(&shared.lock);
}

/* Codes of the library: its enum OrtErrorCode. */
static fw_status class_of(int code, const char *message)
{
    enum { FAIL = 1, INVALID_ARGUMENT = 2, NO_FILE = 3, NO_MODEL = 4, INVALID_PROTOBUF = 7 };
    enum { NOT_IMPLEMENTED = 9, INVALID_GRAPH = 10 };
    if (strstr(message, "allocate memory") != NULL || strstr(message, "bad_alloc") != NULL) {
        return FW_E_NOMEM;
    }
    switch (code) {
    case NO_FILE:
        return FW_E_MISSING;
    case FAIL: /* of a model's content: a node that cannot be, an input that is missing */
    case INVALID_ARGUMENT:
    case NO_MODEL:
    case INVALID_PROTOBUF:
    case INVALID_GRAPH:
        return FW_E_DATA;
    case NOT_IMPLEMENTED:
        return FW_E_UNSUPPORTED;
    default:
        return FW_E_INTERNAL;
    }
}

fw_status ort_check(const struct fw_host *host, const struct ort_api *api, void *status,
                    const char *what, const char *where)
{
    if (status == NULL) {
        return FW_OK;
    }
    const char *message = api->error_message(status);
    fw_status failed = FW_FAIL(host, class_of(api->error_code(status), message), .what = what,
                               .where = where, .value = message);
    api->release_status(status);
    return failed;
}

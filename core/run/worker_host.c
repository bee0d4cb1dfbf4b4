/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "base/json.h"
#include "base/rng.h"
#include "run/worker_internal.h"

static struct fw_worker *worker_of(const struct fw_host *host)
{
    return host->self;
}

/* what (where): value "v", expected e; remedy */
static void compose(const struct fw_fault *fault, struct fw_str *text)
{
    fw_str_add(text, FW_HAS(fault, struct fw_fault, what) ? fault->what : "(no reason given)");
    if (FW_HAS(fault, struct fw_fault, where)) {
        fw_str_printf(text, " (%s)", fault->where);
    }
    if (FW_HAS(fault, struct fw_fault, value)) {
        fw_str_printf(text, ": value \"%s\"", fault->value);
    }
    if (FW_HAS(fault, struct fw_fault, expected)) {
        fw_str_printf(text, ", expected %s", fault->expected);
    }
    if (FW_HAS(fault, struct fw_fault, remedy)) {
        fw_str_printf(text, "; %s", fault->remedy);
    }
}

static fw_status fail(const struct fw_host *host, fw_status status, const struct fw_fault *fault)
{
    struct fw_worker *worker = worker_of(host);
    pthread_mutex_lock(&worker->fault_lock);
    if (worker->fault.len == 0) {
        compose(fault, &worker->fault);
    }
    pthread_mutex_unlock(&worker->fault_lock);
    return status;
}

static void log_write(const struct fw_host *host, uint32_t level, const char *text)
{
    cJSON *message = cJSON_CreateObject();
    fw_json_set(message, FW_JSON_TEXT("type", "log"), FW_JSON_U64("level", level),
                FW_JSON_TEXT("text", text));
    fw_worker_send(worker_of(host), message);
}

static int32_t cancel_requested(const struct fw_host *host)
{
    return atomic_load_explicit(&worker_of(host)->cancel, memory_order_relaxed);
}

static void remove_hook(struct fw_worker *worker, const void *arg)
{
    for (size_t i = 0; i < worker->hooks.len; i++) {
        if (worker->hooks.items[i].arg == arg) {
            worker->hooks.items[i] = worker->hooks.items[--worker->hooks.len];
            return;
        }
    }
}

static void cancel_on_request(const struct fw_host *host, void (*interrupt)(void *arg), void *arg)
{
    struct fw_worker *worker = worker_of(host);
    pthread_mutex_lock(&worker->hook_lock);
    remove_hook(worker, arg);
    struct fw_hook *hook = interrupt ? fw_vec_add(&worker->hooks) : NULL;
    if (hook) {
        *hook = (struct fw_hook){.interrupt = interrupt, .arg = arg};
    }
    if (interrupt && atomic_load(&worker->cancel)) {
        interrupt(arg);
    }
    pthread_mutex_unlock(&worker->hook_lock);
}

static void progress_report(const struct fw_host *host, double fraction, const char *text)
{
    cJSON *message = cJSON_CreateObject();
    fw_json_set(message, FW_JSON_TEXT("type", "progress"), FW_JSON_REAL("fraction", fraction),
                FW_JSON_TEXT("text", text));
    fw_worker_send(worker_of(host), message);
}

static void metrics_record(const struct fw_host *host, const char *name, uint64_t ordinal,
                           double value, const char *unit)
{
    cJSON *message = cJSON_CreateObject();
    fw_json_set(message, FW_JSON_TEXT("type", "metric"), FW_JSON_TEXT("name", name),
                FW_JSON_U64("ordinal", ordinal), FW_JSON_REAL("value", value),
                FW_JSON_TEXT("unit", unit));
    fw_worker_send(worker_of(host), message);
}

/* The names that the manifest gives to what the host knows better. */
static bool is_host_field(const char *name)
{
    static const char *const names[] = {"attempts",
                                        "built_at",
                                        "elapsed_s",
                                        "fwrun_version",
                                        "input_bytes",
                                        "inputs",
                                        "items",
                                        "key",
                                        "gates",
                                        "preimage",
                                        "outputs",
                                        "params",
                                        "peak_rss_bytes",
                                        "plugin",
                                        "plugin_digest",
                                        "seed",
                                        "stage",
                                        "steps",
                                        "step_us",
                                        "plugin_version",
                                        "use",
                                        "format"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(names[i], name) == 0) {
            return true;
        }
    }
    return false;
}

/* A call that breaks the contract of the service `where`. */
static fw_status refuse(const struct fw_host *host, const char *where, const char *value,
                        const char *what, const char *expected)
{
    struct fw_fault fault = {.struct_size = sizeof fault,
                             .what = what,
                             .where = where,
                             .value = value,
                             .expected = expected};
    return fail(host, FW_E_ARG, &fault);
}

static fw_status artifact_field(const struct fw_host *host, const char *name, const char *json)
{
    struct fw_worker *worker = worker_of(host);
    cJSON *value;
    struct fw_error err;
    if (is_host_field(name)) {
        return refuse(host, "fw.artifact/1 field", name,
                      "a manifest field of the host's own was set by the stage", "another name");
    }
    if (fw_json_parse(json, strlen(json), name, &value, &err) < 0) {
        return refuse(host, "fw.artifact/1 field", name, err.text, "valid JSON");
    }
    cJSON_DeleteItemFromObjectCaseSensitive(worker->fields, name);
    return fw_json_add(worker->fields, name, value) ? FW_OK : FW_E_NOMEM;
}

static fw_status artifact_rows(const struct fw_host *host, const char *port, uint64_t n_rows)
{
    struct fw_worker *worker = worker_of(host);
    if (!fw_task_output(&worker->task, port)) {
        return refuse(host, "fw.artifact/1 rows", port,
                      "rows were given for an output that does not exist",
                      "the name of an output port");
    }
    cJSON_DeleteItemFromObjectCaseSensitive(worker->rows, port);
    return fw_json_add_u64(worker->rows, port, n_rows) ? FW_OK : FW_E_NOMEM;
}

static fw_status gate_verdict(const struct fw_host *host, const char *name, int32_t verdict,
                              const char *reason)
{
    struct fw_worker *worker = worker_of(host);
    if (verdict < FW_GATE_FALSE || verdict > FW_GATE_UNDECIDED) {
        return refuse(host, "fw.gate/1 verdict", name,
                      "a gate was given a verdict that there is none of",
                      "FW_GATE_FALSE, FW_GATE_TRUE or FW_GATE_UNDECIDED");
    }
    cJSON_DeleteItemFromObjectCaseSensitive(worker->gates, name);
    cJSON *gate = cJSON_AddObjectToObject(worker->gates, name);
    bool added = verdict == FW_GATE_UNDECIDED
                     ? cJSON_AddNullToObject(gate, "verdict") != NULL
                     : fw_json_set(gate, FW_JSON_BOOL("verdict", verdict == FW_GATE_TRUE));
    if (!added || !fw_json_set(gate, FW_JSON_TEXT("reason", reason))) {
        return FW_E_NOMEM;
    }
    cJSON *message = cJSON_Duplicate(gate, true);
    fw_json_set(message, FW_JSON_TEXT("type", "gate"), FW_JSON_TEXT("name", name));
    fw_worker_send(worker, message);
    return FW_OK;
}

/* A worker has its copies of plugins there; for a thread it is made when it is asked for. */
static const char *tmp_dir(const struct fw_host *host)
{
    struct fw_worker *worker = worker_of(host);
    struct fw_error err;
    if (fw_fs_mkdirs(worker->tmp_dir, &err) < 0) {
        fail(host, FW_E_IO,
             &(struct fw_fault){.struct_size = sizeof(struct fw_fault), .what = err.text});
        return NULL;
    }
    return worker->tmp_dir;
}

static uint64_t rng_seed(const struct fw_host *host, uint64_t ordinal)
{
    return fw_rng_seed(worker_of(host)->seed_key, ordinal);
}

static const struct fw_limits *budget_limits(const struct fw_host *host)
{
    return &worker_of(host)->limits;
}

static const struct fw_log log_table = {.struct_size = sizeof log_table, .write = log_write};
static const struct fw_cancel cancel_table = {.struct_size = sizeof cancel_table,
                                              .requested = cancel_requested,
                                              .on_request = cancel_on_request};
static const struct fw_progress progress_table = {.struct_size = sizeof progress_table,
                                                  .report = progress_report};
static const struct fw_metrics metrics_table = {.struct_size = sizeof metrics_table,
                                                .record = metrics_record};
static const struct fw_artifact artifact_table = {
    .struct_size = sizeof artifact_table, .field = artifact_field, .rows = artifact_rows};
static const struct fw_gate gate_table = {.struct_size = sizeof gate_table,
                                          .verdict = gate_verdict};
static const struct fw_tmp tmp_table = {.struct_size = sizeof tmp_table, .dir = tmp_dir};
static const struct fw_rng rng_table = {.struct_size = sizeof rng_table, .seed = rng_seed};
static const struct fw_budget budget_table = {.struct_size = sizeof budget_table,
                                              .limits = budget_limits};

static const struct {
    const char *id;
    const void *table;
} host_services[] = {
    {FW_LOG_ID, &log_table},           {FW_CANCEL_ID, &cancel_table},
    {FW_PROGRESS_ID, &progress_table}, {FW_METRICS_ID, &metrics_table},
    {FW_ARTIFACT_ID, &artifact_table}, {FW_TMP_ID, &tmp_table},
    {FW_RNG_ID, &rng_table},           {FW_BUDGET_ID, &budget_table},
    {FW_GATE_ID, &gate_table},
};

static const void *service(const struct fw_host *host, const char *id)
{
    const struct fw_worker *worker = worker_of(host);
    for (size_t i = 0; i < sizeof host_services / sizeof *host_services; i++) {
        if (strcmp(host_services[i].id, id) == 0) {
            return host_services[i].table;
        }
    }
    /* "ID#2" is the third of those that were bound by "ID*". */
    char bare[128];
    const char *mark = strchr(id, '#');
    unsigned long left = mark ? strtoul(mark + 1, NULL, 10) : 0;
    snprintf(bare, sizeof bare, "%.*s", (int)strcspn(id, "#"), id);
    for (size_t i = 0; i < worker->n_providers; i++) {
        const struct fw_provider *provider = &worker->providers[i];
        if (strcmp(provider->id, bare) == 0 && left-- == 0) {
            const struct fw_service *found = fw_module_service(provider->module, bare);
            return found ? found->table : NULL;
        }
    }
    return NULL;
}

void fw_worker_init_host(struct fw_worker *worker)
{
    worker->host = (struct fw_host){.struct_size = sizeof worker->host,
                                    .abi_major = FW_ABI_MAJOR,
                                    .abi_minor = FW_ABI_MINOR,
                                    .self = worker,
                                    .service = service,
                                    .fail = fail};
}

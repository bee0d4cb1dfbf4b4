/* SPDX-License-Identifier: MIT */
#include <stdarg.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "fake_internal.h"

void fake_text_add(struct fake_text *text, const char *format, ...)
{
    char *piece = NULL;
    va_list args;
    va_start(args, format);
    int n = vasprintf(&piece, format, args);
    va_end(args);
    char *data = n < 0 ? NULL : realloc(text->data, text->size + (size_t)n + 1);
    if (data == NULL) {
        fake_die("out of memory");
    }
    memcpy(data + text->size, piece, (size_t)n + 1);
    text->data = data;
    text->size += (size_t)n;
    free(piece);
}

static struct fake_task *task_of(const struct fw_host *host)
{
    return host->self;
}

static void add_part(struct fake_text *text, const char *label, const char *part)
{
    if (part != NULL) {
        fake_text_add(text, "; %s: %s", label, part);
    }
}

static fw_status host_fail(const struct fw_host *host, fw_status status,
                           const struct fw_fault *fault)
{
    struct fake_task *t = task_of(host);
    pthread_mutex_lock(&t->mutex);
    if (t->fault.size == 0) {
        fake_text_add(&t->fault, "%s", fault->what == NULL ? "(no text)" : fault->what);
        add_part(&t->fault, "where", fault->where);
        add_part(&t->fault, "value", fault->value);
        add_part(&t->fault, "expected", fault->expected);
        add_part(&t->fault, "remedy", fault->remedy);
    }
    pthread_mutex_unlock(&t->mutex);
    return status;
}

const char *fake_task_take_fault(struct fake_task *t)
{
    pthread_mutex_lock(&t->mutex);
    free(t->taken_fault.data);
    t->taken_fault = t->fault;
    t->fault = (struct fake_text){0};
    pthread_mutex_unlock(&t->mutex);
    return t->taken_fault.data == NULL ? "" : t->taken_fault.data;
}

static void log_write(const struct fw_host *host, uint32_t level, const char *text)
{
    static const char *const names[] = {"debug", "info", "warning", "error"};
    struct fake_task *t = task_of(host);
    pthread_mutex_lock(&t->mutex);
    fake_text_add(&t->log, "%s: %s\n", level <= FW_LOG_ERROR ? names[level] : "?", text);
    pthread_mutex_unlock(&t->mutex);
}

const char *fake_task_log(const struct fake_task *t)
{
    return t->log.data == NULL ? "" : t->log.data;
}

static int32_t cancel_requested(const struct fw_host *host)
{
    return atomic_load(&task_of(host)->cancel.requested);
}

static struct fake_hook *find_hook(struct fake_cancel *cancel, const void *arg)
{
    struct fake_hook *vacant = NULL;
    for (size_t i = 0; i < FAKE_MAX_HOOKS; i++) {
        struct fake_hook *hook = &cancel->hooks[i];
        if (hook->interrupt != NULL && hook->arg == arg) {
            return hook;
        }
        if (hook->interrupt == NULL && vacant == NULL) {
            vacant = hook;
        }
    }
    if (vacant == NULL) {
        fake_die("more than %d hooks of fw.cancel/1", FAKE_MAX_HOOKS);
    }
    return vacant;
}

static void cancel_on_request(const struct fw_host *host, void (*interrupt)(void *arg), void *arg)
{
    struct fake_cancel *cancel = &task_of(host)->cancel;
    pthread_mutex_lock(&cancel->mutex);
    *find_hook(cancel, arg) = (struct fake_hook){.interrupt = interrupt, .arg = arg};
    if (interrupt != NULL && atomic_load(&cancel->requested)) {
        interrupt(arg);
    }
    pthread_mutex_unlock(&cancel->mutex);
}

static void request_locked(struct fake_cancel *cancel)
{
    if (atomic_exchange(&cancel->requested, 1) != 0) {
        return;
    }
    for (size_t i = 0; i < FAKE_MAX_HOOKS; i++) {
        if (cancel->hooks[i].interrupt != NULL) {
            cancel->hooks[i].interrupt(cancel->hooks[i].arg);
        }
    }
}

void fake_task_cancel(struct fake_task *t)
{
    pthread_mutex_lock(&t->cancel.mutex);
    request_locked(&t->cancel);
    pthread_mutex_unlock(&t->cancel.mutex);
}

static void *cancel_timer(void *arg)
{
    struct fake_cancel *cancel = arg;
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += cancel->after_ms / 1000;
    until.tv_nsec += (long)(cancel->after_ms % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    pthread_mutex_lock(&cancel->mutex);
    int rc = 0;
    while (cancel->timing && rc != ETIMEDOUT) {
        rc = pthread_cond_timedwait(&cancel->timer_wake, &cancel->mutex, &until);
    }
    if (cancel->timing) {
        request_locked(cancel);
    }
    pthread_mutex_unlock(&cancel->mutex);
    return NULL;
}

void fake_cancel_start(struct fake_task *t)
{
    struct fake_cancel *cancel = &t->cancel;
    if (cancel->after_ms == 0) {
        return;
    }
    cancel->timing = true;
    if (pthread_create(&cancel->timer, NULL, cancel_timer, cancel) != 0) {
        fake_die("cannot start a thread");
    }
}

void fake_cancel_stop(struct fake_task *t)
{
    struct fake_cancel *cancel = &t->cancel;
    if (cancel->after_ms == 0) {
        return;
    }
    pthread_mutex_lock(&cancel->mutex);
    cancel->timing = false;
    pthread_cond_signal(&cancel->timer_wake);
    pthread_mutex_unlock(&cancel->mutex);
    pthread_join(cancel->timer, NULL);
}

static void progress_report(const struct fw_host *host, double fraction, const char *text)
{
    char line[256];
    snprintf(line, sizeof line, "progress %.3f %s", fraction, text == NULL ? "" : text);
    log_write(host, FW_LOG_DEBUG, line);
}

static void metrics_record(const struct fw_host *host, const char *name, uint64_t ordinal,
                           double value, const char *unit)
{
    struct fake_task *t = task_of(host);
    pthread_mutex_lock(&t->mutex);
    fake_text_add(&t->metrics, "%s %llu %.17g %s\n", name, (unsigned long long)ordinal, value,
                  unit == NULL ? "-" : unit);
    pthread_mutex_unlock(&t->mutex);
}

static char *copied(const char *text)
{
    char *copy = strdup(text);
    if (copy == NULL) {
        fake_die("out of memory");
    }
    return copy;
}

static fw_status artifact_field(const struct fw_host *host, const char *name, const char *json)
{
    struct fake_task *t = task_of(host);
    if (!fake_json_valid(json)) {
        struct fw_fault fault = {.struct_size = (uint32_t)sizeof fault,
                                 .what = "a manifest field is not valid JSON",
                                 .where = name,
                                 .value = json};
        return host_fail(host, FW_E_ARG, &fault);
    }
    size_t i = 0;
    while (i < t->n_fields && strcmp(t->fields[i].name, name) != 0) {
        i++;
    }
    if (i == FAKE_MAX_FIELDS) {
        fake_die("more than %d manifest fields", FAKE_MAX_FIELDS);
    }
    if (i == t->n_fields) {
        t->fields[t->n_fields++].name = copied(name);
    }
    free(t->fields[i].json);
    t->fields[i].json = copied(json);
    return FW_OK;
}

const char *fake_task_field(const struct fake_task *t, const char *name)
{
    for (size_t i = 0; i < t->n_fields; i++) {
        if (strcmp(t->fields[i].name, name) == 0) {
            return t->fields[i].json;
        }
    }
    return NULL;
}

static fw_status artifact_rows(const struct fw_host *host, const char *port, uint64_t n_rows)
{
    struct fake_task *t = task_of(host);
    if (fw_task_output(&t->task, port) == NULL) {
        struct fw_fault fault = {.struct_size = (uint32_t)sizeof fault,
                                 .what = "rows were reported for an output that is not connected",
                                 .value = port};
        return host_fail(host, FW_E_ARG, &fault);
    }
    size_t i = 0;
    while (i < t->n_rows && strcmp(t->rows[i].port, port) != 0) {
        i++;
    }
    if (i == t->n_rows) {
        t->rows[t->n_rows++].port = copied(port);
    }
    t->rows[i].n = n_rows;
    return FW_OK;
}

int64_t fake_task_rows(const struct fake_task *t, const char *port)
{
    for (size_t i = 0; i < t->n_rows; i++) {
        if (strcmp(t->rows[i].port, port) == 0) {
            return (int64_t)t->rows[i].n;
        }
    }
    return -1;
}

static const struct fake_gate *find_gate(const struct fake_task *t, const char *name)
{
    for (size_t i = 0; i < t->n_gates; i++) {
        if (strcmp(t->gates[i].name, name) == 0) {
            return &t->gates[i];
        }
    }
    return NULL;
}

static fw_status gate_verdict(const struct fw_host *host, const char *name, int32_t verdict,
                              const char *reason)
{
    struct fake_task *t = task_of(host);
    if (verdict < FW_GATE_FALSE || verdict > FW_GATE_UNDECIDED) {
        struct fw_fault fault = {.struct_size = (uint32_t)sizeof fault,
                                 .what = "a gate was given a verdict that there is none of",
                                 .value = name};
        return host_fail(host, FW_E_ARG, &fault);
    }
    const struct fake_gate *given = find_gate(t, name);
    size_t i = given != NULL ? (size_t)(given - t->gates) : t->n_gates;
    if (i == FAKE_MAX_PORTS) {
        fake_die("more than %d gates", FAKE_MAX_PORTS);
    }
    if (i == t->n_gates) {
        t->gates[t->n_gates++].name = copied(name);
    }
    free(t->gates[i].reason);
    t->gates[i].reason = copied(reason);
    t->gates[i].verdict = verdict;
    return FW_OK;
}

int32_t fake_task_gate(const struct fake_task *t, const char *name)
{
    const struct fake_gate *gate = find_gate(t, name);
    return gate != NULL ? gate->verdict : -1;
}

const char *fake_task_gate_reason(const struct fake_task *t, const char *name)
{
    const struct fake_gate *gate = find_gate(t, name);
    return gate != NULL ? gate->reason : NULL;
}

static const char *tmp_dir(const struct fw_host *host)
{
    struct fake_task *t = task_of(host);
    if (t->tmp == NULL) {
        t->tmp = fake_folder_create();
    }
    return t->tmp;
}

/* The finaliser of splitmix64 over seed and ordinal. */
static uint64_t rng_seed(const struct fw_host *host, uint64_t ordinal)
{
    uint64_t x = task_of(host)->task.seed + 0x9e3779b97f4a7c15u * (ordinal + 1);
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

static const struct fw_limits *budget_limits(const struct fw_host *host)
{
    return &task_of(host)->limits;
}

static const void *host_service(const struct fw_host *host, const char *id)
{
    static const struct fw_log log = {sizeof log, 0, log_write};
    static const struct fw_cancel cancel = {sizeof cancel, 0, cancel_requested, cancel_on_request};
    static const struct fw_progress progress = {sizeof progress, 0, progress_report};
    static const struct fw_metrics metrics = {sizeof metrics, 0, metrics_record};
    static const struct fw_artifact artifact = {sizeof artifact, 0, artifact_field, artifact_rows};
    static const struct fw_gate gate = {sizeof gate, 0, gate_verdict};
    static const struct fw_tmp tmp = {sizeof tmp, 0, tmp_dir};
    static const struct fw_rng rng = {sizeof rng, 0, rng_seed};
    static const struct fw_budget budget = {sizeof budget, 0, budget_limits};
    static const struct {
        const char *id;
        const void *table;
    } services[] = {
        {FW_LOG_ID, &log},         {FW_CANCEL_ID, &cancel},     {FW_PROGRESS_ID, &progress},
        {FW_METRICS_ID, &metrics}, {FW_ARTIFACT_ID, &artifact}, {FW_TMP_ID, &tmp},
        {FW_RNG_ID, &rng},         {FW_BUDGET_ID, &budget},     {FW_GATE_ID, &gate},
    };
    for (size_t i = 0; i < sizeof services / sizeof *services; i++) {
        if (strcmp(services[i].id, id) == 0) {
            return services[i].table;
        }
    }
    return fake_kit_service(task_of(host)->kit, id);
}

void fake_services_init(struct fake_task *t)
{
    t->host = (struct fw_host){
        .struct_size = (uint32_t)sizeof t->host,
        .abi_major = FW_ABI_MAJOR,
        .abi_minor = FW_ABI_MINOR,
        .self = t,
        .service = host_service,
        .fail = host_fail,
    };
    const uint64_t memory = (uint64_t)1 << 30;
    t->limits = (struct fw_limits){
        .struct_size = (uint32_t)sizeof t->limits,
        .threads = 2,
        .memory_bytes = memory,
        .engine_bytes = memory / 100 * 55,
        .attempt = 1,
        .partition_factor = 1,
    };
    pthread_mutex_init(&t->mutex, NULL);
    pthread_mutex_init(&t->cancel.mutex, NULL);
    pthread_cond_init(&t->cancel.timer_wake, NULL);
}

void fake_task_forget(struct fake_task *t)
{
    for (size_t i = 0; i < t->n_fields; i++) {
        free(t->fields[i].name);
        free(t->fields[i].json);
        t->fields[i] = (struct fake_field){0};
    }
    for (size_t i = 0; i < t->n_rows; i++) {
        free(t->rows[i].port);
    }
    for (size_t i = 0; i < t->n_gates; i++) {
        free(t->gates[i].name);
        free(t->gates[i].reason);
        t->gates[i] = (struct fake_gate){0};
    }
    t->n_fields = t->n_rows = t->n_gates = 0;
}

void fake_services_finish(struct fake_task *t)
{
    fake_folder_remove(t->tmp);
    fake_folder_remove(t->folder);
    fake_task_forget(t);
    struct fake_text *texts[] = {&t->fault,   &t->taken_fault, &t->log,
                                 &t->metrics, &t->fields_json, &t->defect};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        free(texts[i]->data);
    }
    pthread_cond_destroy(&t->cancel.timer_wake);
    pthread_mutex_destroy(&t->cancel.mutex);
    pthread_mutex_destroy(&t->mutex);
}

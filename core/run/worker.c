/* SPDX-License-Identifier: MIT */
#include "run/worker.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/json.h"
#include "base/machine.h"
#include "base/proc.h"
#include "run/checkpoint.h"
#include "run/times.h"
#include "run/worker_internal.h"

/* A message per step would drown the supervisor when steps are short. */
#define REPORT_NS INT64_C(100000000)

/* How long an orphan of a lost supervisor may take to end by itself. */
#define ORPHAN_GRACE_S 5

struct fw_run_hooks fw_run_hooks;

void fw_worker_send(struct fw_worker *worker, cJSON *message)
{
    if (message) {
        pthread_mutex_lock(&worker->send_lock);
        fw_channel_send(worker->channel.fd, message, NULL);
        pthread_mutex_unlock(&worker->send_lock);
    }
    cJSON_Delete(message);
}

static void request_cancel(struct fw_worker *worker)
{
    pthread_mutex_lock(&worker->hook_lock);
    atomic_store(&worker->cancel, true);
    for (size_t i = 0; i < worker->hooks.len; i++) {
        worker->hooks.items[i].interrupt(worker->hooks.items[i].arg);
    }
    pthread_mutex_unlock(&worker->hook_lock);
}

static void obey(struct fw_worker *worker, const cJSON *message)
{
    const char *command;
    if (fw_json_get_string(message, "command", &command, NULL) < 0) {
        return;
    }
    atomic_store(&worker->stop, true);
    if (strcmp(command, "cancel") == 0) {
        request_cancel(worker);
    }
}

static void *control(void *arg)
{
    struct fw_worker *worker = arg;
    do { /* first what came together with the task */
        cJSON *message;
        while (fw_channel_next(&worker->channel, &message, NULL) == 0 && message) {
            obey(worker, message);
            cJSON_Delete(message);
        }
    } while (fw_channel_receive(&worker->channel, true, NULL) == 0 && !worker->channel.ended);
    atomic_store(&worker->stop, true);
    request_cancel(worker);
    if (worker->own_process && getppid() == 1) {
        sleep(ORPHAN_GRACE_S);
        _exit(FW_EXIT_FAILED);
    }
    return NULL;
}

static int open_module(struct fw_worker *worker, const cJSON *from, struct fw_module **ret_module,
                       struct fw_error *err)
{
    const char *path, *digest;
    if (fw_json_get_string(from, "path", &path, err) < 0 ||
        fw_json_get_string(from, "digest", &digest, err) < 0) {
        return -1;
    }
    return fw_loader_share(worker->loader, path, digest, ret_module, err);
}

/* A process of one stage: what is printed goes to its log, and libraries that size their own thread
 * pools take the number from the environment. */
static int settle_in(struct fw_worker *worker, struct fw_error *err)
{
    char threads[16];
    const char *log, *core = fw_machine_blas_core();
    FW_TRY(fw_json_get_string(worker->json, "log", &log, err));
    fw_auto(close) int fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    snprintf(threads, sizeof threads, "%u", worker->limits.threads);
    if (fd < 0 || dup2(fd, STDOUT_FILENO) < 0 || dup2(fd, STDERR_FILENO) < 0 ||
        setenv("OMP_NUM_THREADS", threads, true) < 0 ||
        setenv("OPENBLAS_NUM_THREADS", threads, true) < 0 ||
        (*core && setenv("OPENBLAS_CORETYPE", core, true) < 0) ||
        setenv("ORT_DISABLE_TELEMETRY", "1", true) < 0) {
        return fw_error_errno(err, FW_EXIT_STATE, "cannot prepare for the stage, with its log %s",
                              log);
    }
    /* Shared with all that the stage starts: a later run sees by it whether something is left. */
    flock(fd, LOCK_SH);
    /* Copies of plugins go where the supervisor clears up, even after a kill. */
    return fw_loader_create(worker->tmp_dir, &worker->loader, err);
}

static int load_plugins(struct fw_worker *worker, struct fw_error *err)
{
    const cJSON *plugin, *providers, *item;
    if (fw_json_get_object(worker->json, "plugin", &plugin, err) < 0 ||
        fw_json_get_array(worker->json, "providers", &providers, err) < 0) {
        return -1;
    }
    worker->providers =
        calloc((size_t)cJSON_GetArraySize(providers) + 1, sizeof *worker->providers);
    if (!worker->providers) {
        return fw_error_oom(err);
    }
    cJSON_ArrayForEach(item, providers)
    {
        struct fw_provider *provider = &worker->providers[worker->n_providers];
        FW_TRY(fw_json_get_string(item, "service", &provider->id, err));
        FW_TRY(open_module(worker, item, &provider->module, err));
        worker->n_providers++;
    }
    if (open_module(worker, plugin, &worker->module, err) < 0) {
        return -1;
    }
    worker->stage = fw_module_stage(worker->module, worker->task.use);
    return worker->stage ? 0
                         : fw_error_set(err, FW_EXIT_PLUGIN, "%s has no stage \"%s\" any more",
                                        worker->module->path, worker->task.use);
}

/* What the loop learns; the last step's numbers are the stage's. */
struct tally {
    struct fw_step step;
    uint64_t steps, steps_before; /* before: by earlier runs, known from the checkpoint */
    uint64_t steps_reported;
    uint64_t stop_after; /* so many steps of this run; 0: never */
    double save_every_s; /* 0: only when it stops, */
    uint64_t save_every; /* or after so many steps */
    int64_t now_ns, reported_ns, saved_ns;
    struct fw_times times; /* of this process's steps */
    bool stopped;          /* at a step boundary, as asked */
};

static void report_step(struct fw_worker *worker, struct tally *tally)
{
    cJSON *message = cJSON_CreateObject();
    tally->steps_reported = tally->steps;
    tally->reported_ns = tally->now_ns;
    fw_json_set(message, FW_JSON_TEXT("type", "step"), FW_JSON_U64("done", tally->step.done),
                FW_JSON_U64("total", tally->step.total), FW_JSON_U64("items", tally->step.items),
                FW_JSON_U64("steps", tally->steps),
                FW_JSON_TEXT("unit", tally->step.unit ? tally->step.unit : "steps"));
    fw_worker_send(worker, message);
}

static fw_status one_step(struct fw_worker *worker, void *self, struct tally *tally)
{
    struct fw_step step = {.struct_size = sizeof step};
    int64_t start = fw_clock_ns();
    fw_status status = worker->stage->step(self, &step);
    tally->now_ns = fw_clock_ns();
    tally->steps++;
    fw_times_add(&tally->times, tally->now_ns - start);
    if (status >= 0) {
        tally->step = step;
    }
    if (tally->now_ns - tally->reported_ns > REPORT_NS) {
        report_step(worker, tally);
    }
    return status;
}

static int find_checkpoint(const struct fw_worker *worker, struct fw_checkpoint *ret_checkpoint,
                           struct fw_error *err)
{
    *ret_checkpoint =
        (struct fw_checkpoint){.outputs = worker->outputs, .n_outputs = worker->task.n_outputs};
    FW_TRY(fw_json_get_string(worker->json, "checkpoint", &ret_checkpoint->path, err));
    return fw_json_get_string(worker->json, "key", &ret_checkpoint->key, err);
}

/* What the plugin said stands before what the host saw of it. */
static int blame_plugin(struct fw_worker *worker, struct fw_error *err)
{
    return worker->fault.len > 0 ? fw_error_prefix(err, "%s: ", worker->fault.text) : -1;
}

static int save(struct fw_worker *worker, void *self, struct tally *tally, struct fw_error *err)
{
    struct fw_checkpoint checkpoint;
    FW_TRY(find_checkpoint(worker, &checkpoint, err));
    if (fw_checkpoint_save(&checkpoint, worker->stage, self, tally->steps, err) < 0) {
        return blame_plugin(worker, err);
    }
    tally->saved_ns = fw_clock_ns();
    cJSON *message = cJSON_CreateObject();
    fw_json_set(message, FW_JSON_TEXT("type", "checkpoint"), FW_JSON_U64("steps", tally->steps));
    fw_worker_send(worker, message);
    return 0;
}

/* Between two steps: stop or save if asked or due. */
static int boundary(struct fw_worker *worker, void *self, struct tally *tally, struct fw_error *err)
{
    bool can_save = (worker->stage->caps & FW_CAP_CHECKPOINT) != 0;
    tally->stopped =
        atomic_load(&worker->stop) || (can_save && tally->stop_after > 0 &&
                                       tally->steps - tally->steps_before >= tally->stop_after);
    bool due = tally->save_every_s > 0 &&
               (double)(tally->now_ns - tally->saved_ns) >= tally->save_every_s * 1e9;
    due |= tally->save_every > 0 && (tally->steps - tally->steps_before) % tally->save_every == 0;
    return can_save && (tally->stopped || due) ? save(worker, self, tally, err) : 0;
}

static fw_status step_loop(struct fw_worker *worker, void **self, struct tally *tally,
                           struct fw_error *err)
{
    fw_status status;
    fw_json_get_u64(worker->json, "stop_after_steps", &tally->stop_after, NULL);
    fw_json_get_double(worker->json, "checkpoint_every_s", &tally->save_every_s, NULL);
    fw_json_get_u64(worker->json, "checkpoint_every_steps", &tally->save_every, NULL);
    tally->saved_ns = fw_clock_ns();
    while ((status = one_step(worker, *self, tally)) == FW_MORE) {
        if (boundary(worker, *self, tally, err) < 0 ||
            (fw_run_hooks.boundary && !tally->stopped &&
             fw_run_hooks.boundary(worker, self, tally->steps, err) < 0)) {
            return FW_E_IO;
        }
        if (tally->stopped) {
            return FW_E_CANCELLED;
        }
    }
    if (tally->steps_reported != tally->steps) {
        report_step(worker, tally);
    }
    return status;
}

/* A checkpoint that cannot be used costs its work, never the run. */
static void restore(struct fw_worker *worker, void **self, struct tally *tally)
{
    struct fw_checkpoint checkpoint;
    struct fw_error err;
    if (!cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(worker->json, "restore"))) {
        return;
    }
    if (find_checkpoint(worker, &checkpoint, &err) == 0 &&
        fw_checkpoint_restore(&checkpoint, worker->stage, *self, &tally->steps, &err) == 0) {
        tally->steps_before = tally->steps;
        return;
    }
    blame_plugin(worker, &err);
    cJSON *message = cJSON_CreateObject();
    fw_json_set(message, FW_JSON_TEXT("type", "restart"), FW_JSON_TEXT("text", err.text));
    fw_worker_send(worker, message);
    worker->stage->destroy(*self);
    *self = NULL;
    for (uint32_t i = 0; i < worker->task.n_outputs; i++) {
        fw_fs_remove(worker->outputs[i].path, NULL);
    }
    fw_str_finish(&worker->fault);
}

/* What a stage forgot to take away must not be called once its plugin is gone. */
static void drop_hooks(struct fw_worker *worker)
{
    pthread_mutex_lock(&worker->hook_lock);
    worker->hooks.len = 0;
    pthread_mutex_unlock(&worker->hook_lock);
}

static fw_status run_stage(struct fw_worker *worker, struct tally *tally, struct fw_error *err)
{
    void *self = NULL;
    fw_status status = worker->stage->create(&worker->host, &worker->task, &self);
    if (status == FW_OK) {
        restore(worker, &self, tally);
        if (!self) {
            status = worker->stage->create(&worker->host, &worker->task, &self);
        }
    }
    if (status != FW_OK) {
        return status > 0 ? FW_E_INTERNAL : status;
    }
    status = step_loop(worker, &self, tally, err);
    if (self) {
        worker->stage->destroy(self);
    }
    drop_hooks(worker);
    if (fw_run_hooks.end) {
        fw_run_hooks.end(worker);
    }
    return status;
}

/* They would write into outputs that are being described, or are another stage's by then. */
static void end_strays(struct fw_worker *worker)
{
    size_t n = worker->own_process ? fw_proc_kill_strays(NULL, NULL) : 0;
    fw_auto(free) char *text =
        n == 0 ? NULL
               : fw_text("%zu process%s still running when the stage was done, and %s killed", n,
                         n == 1 ? " was" : "es were", n == 1 ? "was" : "were");
    if (text) {
        const struct fw_log *log = worker->host.service(&worker->host, FW_LOG_ID);
        log->write(&worker->host, FW_LOG_WARNING, text);
    }
}

/* The plugin's word, or what can be said when it gave none. */
static void add_fault(struct fw_worker *worker, cJSON *result, fw_status status,
                      const struct fw_error *err)
{
    char text[160];
    snprintf(text, sizeof text,
             "the plugin returned status %" PRId32
             " without saying why, which is the plugin's defect",
             status);
    fw_json_set(result, FW_JSON_TEXT("fault", err->text[0] != '\0'    ? err->text
                                              : worker->fault.len > 0 ? worker->fault.text
                                                                      : text));
}

static void conclude(struct fw_worker *worker, cJSON *result, fw_status status,
                     const struct fw_error *err)
{
    if (status != FW_OK) {
        add_fault(worker, result, status, err);
    }
    fw_json_set(result, FW_JSON_I64("status", status), FW_JSON_I64("code", err->code));
    free(worker->providers);
    if (worker->own_process) {
        fw_loader_destroy(worker->loader);
    }
}

static void add_tally(cJSON *result, const struct tally *tally)
{
    fw_json_set(result, FW_JSON_U64("items", tally->step.items), FW_JSON_U64("steps", tally->steps),
                FW_JSON_BOOL("stopped", tally->stopped));
    fw_json_add(result, "step_us", fw_times_json(&tally->times));
}

static void run_task(struct fw_worker *worker, cJSON *result)
{
    struct fw_error err = {0};
    struct tally tally = {.step.struct_size = sizeof tally.step};
    fw_status status = FW_E_INTERNAL;
    if (fw_worker_read_task(worker, &err) == 0 &&
        (!worker->own_process || settle_in(worker, &err) == 0) && load_plugins(worker, &err) == 0) {
        status = run_stage(worker, &tally, &err);
        end_strays(worker);
        if (status > FW_MORE || status < FW_E_INTERNAL) {
            fw_error_set(&err, FW_EXIT_FAILED,
                         "the plugin returned status %" PRId32
                         ", which is none of the SDK's (fw/status.h)",
                         status);
            status = FW_E_INTERNAL;
        } else if (status == FW_OK &&
                   fw_worker_collect_outputs(worker, tally.step.items, result, &err) < 0) {
            status = FW_E_IO;
        }
    }
    add_tally(result, &tally);
    cJSON_AddItemReferenceToObject(result, "fields", worker->fields);
    if (worker->gates->child) {
        cJSON_AddItemReferenceToObject(result, "gates", worker->gates);
    }
    conclude(worker, result, status, &err);
}

static int probe(struct fw_worker *worker, const cJSON *list, struct fw_error *err)
{
    const cJSON *item;
    FW_TRY(fw_json_get_string(worker->json, "tmp", &worker->tmp_dir, err));
    FW_TRY(fw_loader_create(worker->tmp_dir, &worker->loader, err));
    cJSON_ArrayForEach(item, list)
    {
        struct fw_module *module;
        fw_worker_send(worker, cJSON_Duplicate(item, true)); /* it may be the death of us */
        FW_TRY(open_module(worker, item, &module, err));
    }
    return 0;
}

static void run_probe(struct fw_worker *worker, const cJSON *list, cJSON *result)
{
    struct fw_error err = {0};
    conclude(worker, result, probe(worker, list, &err) == 0 ? FW_OK : FW_E_INTERNAL, &err);
}

static int receive_task(struct fw_worker *worker)
{
    worker->json = fw_run_hooks.task ? fw_run_hooks.task(worker) : NULL;
    while (!worker->json) {
        if (fw_channel_receive(&worker->channel, true, NULL) < 0 ||
            fw_channel_next(&worker->channel, &worker->json, NULL) < 0 ||
            (worker->channel.ended && !worker->json)) {
            return -1;
        }
    }
    return 0;
}

int fw_worker_run(int fd, struct fw_loader *loader)
{
    struct fw_worker worker = {.channel.fd = fd,
                               .own_process = !loader,
                               .loader = loader,
                               .send_lock = PTHREAD_MUTEX_INITIALIZER,
                               .hook_lock = PTHREAD_MUTEX_INITIALIZER,
                               .fault_lock = PTHREAD_MUTEX_INITIALIZER};
    fw_worker_init_host(&worker);
    worker.fields = cJSON_CreateObject();
    worker.rows = cJSON_CreateObject();
    worker.gates = cJSON_CreateObject();
    int rc = -1;
    if (worker.fields && worker.rows && worker.gates && receive_task(&worker) == 0 &&
        pthread_create(&worker.control, NULL, control, &worker) == 0) {
        cJSON *result = cJSON_CreateObject();
        const cJSON *plugins = cJSON_GetObjectItemCaseSensitive(worker.json, "probe");
        cJSON_AddStringToObject(result, "type", "result");
        if (plugins) {
            run_probe(&worker, plugins, result);
        } else {
            run_task(&worker, result);
        }
        fw_worker_send(&worker, result);
        if (shutdown(fd, SHUT_RDWR) < 0 && worker.own_process) {
            /* The stage has closed it, and the other thread never wakes up. */
            _exit(FW_EXIT_FAILED);
        }
        pthread_join(worker.control, NULL);
        rc = 0;
    }
    fw_worker_free_task(&worker);
    cJSON_Delete(worker.fields);
    cJSON_Delete(worker.rows);
    cJSON_Delete(worker.gates);
    fw_str_finish(&worker.fault);
    free(worker.hooks.items);
    fw_channel_finish(&worker.channel);
    return rc;
}

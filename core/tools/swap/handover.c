/* SPDX-License-Identifier: MIT */
#include "handover.h"

#include "base/clock.h"

const char *fw_swap_call_name(enum fw_swap_call call)
{
    static const char *const names[] = {"step", "load", "save", "create", "restore", "destroy"};
    return names[call];
}

void fw_blob_release(struct fw_blob *blob)
{
    if (FW_HAS(blob, struct fw_blob, release)) {
        blob->release(blob);
    }
}

/* The call failed: in the plugin's words, which are then forgotten, since the stage goes on. */
static int blame(struct fw_worker *worker, enum fw_swap_call call, fw_status status,
                 struct fw_error *err)
{
    const char *said = worker->fault.len > 0 ? worker->fault.text : "no reason given";
    fw_error_set(err, FW_EXIT_FAILED, "%s failed with status %d: %s", fw_swap_call_name(call),
                 (int)status, said);
    fw_str_finish(&worker->fault);
    return -1;
}

int fw_instance_restore(struct fw_worker *worker, const struct fw_stage *stage,
                        const struct fw_blob *blob, void **ret_self, struct fw_error *err)
{
    void *self = NULL;
    fw_status status = stage->create(&worker->host, &worker->task, &self);
    if (status != FW_OK) {
        return blame(worker, FW_SWAP_CREATE, status, err);
    }
    status = stage->restore(self, blob);
    if (status != FW_OK) {
        stage->destroy(self);
        return blame(worker, FW_SWAP_RESTORE, status, err);
    }
    *ret_self = self;
    return 0;
}

struct course {
    const struct fw_handover *handover;
    enum fw_swap_call call;
    int64_t since_ns;
};

static void next(struct course *course, enum fw_swap_call call, bool to)
{
    const struct fw_handover *handover = course->handover;
    const int64_t now = fw_clock_ns();
    if (course->call != FW_SWAP_STEP) {
        handover->pause->ns[course->call] += now - course->since_ns;
        handover->pause->ns[FW_SWAP_STEP] += now - course->since_ns;
    }
    course->call = call;
    course->since_ns = now;
    if (handover->about) {
        handover->about(handover->arg, call, to);
    }
}

/* What the old instance asked to be called on a cancel, and forgot: its code may be gone then. */
static void drop_hooks(struct fw_worker *worker, void *const *args, size_t n)
{
    pthread_mutex_lock(&worker->hook_lock);
    for (size_t i = 0; i < n; i++) {
        for (size_t k = worker->hooks.len; k-- > 0;) {
            if (worker->hooks.items[k].arg == args[i]) {
                worker->hooks.items[k] = worker->hooks.items[--worker->hooks.len];
            }
        }
    }
    pthread_mutex_unlock(&worker->hook_lock);
}

static size_t list_hooks(struct fw_worker *worker, void ***ret_args)
{
    pthread_mutex_lock(&worker->hook_lock);
    const size_t n = worker->hooks.len;
    void **args = calloc(n + 1, sizeof *args);
    for (size_t i = 0; args && i < n; i++) {
        args[i] = worker->hooks.items[i].arg;
    }
    pthread_mutex_unlock(&worker->hook_lock);
    *ret_args = args;
    return args ? n : 0;
}

/* Takes the old instance's place. Its state goes first: the bytes may lie in the instance. */
static void replace(struct course *course, struct fw_blob *blob, void **self, void *fresh)
{
    struct fw_worker *worker = course->handover->worker;
    next(course, FW_SWAP_DESTROY, false);
    fw_blob_release(blob);
    worker->stage->destroy(*self);
    *self = fresh;
}

/* The new instance has had a restore, which may have touched the outputs that the old one has open:
 * the old build goes on as after a resume. */
static void go_back(struct course *course, struct fw_blob *blob, void **self, struct fw_error *err)
{
    struct fw_worker *worker = course->handover->worker;
    struct fw_error again;
    void *fresh = NULL;
    next(course, FW_SWAP_RESTORE, false);
    if (fw_instance_restore(worker, worker->stage, blob, &fresh, &again) < 0) {
        fw_error_prefix(err, "the old build cannot go on: %s; after the new one's ", again.text);
    }
    replace(course, blob, self, fresh);
}

static int restore_new(struct course *course, const struct fw_stage *to, const struct fw_blob *blob,
                       void *fresh, struct fw_error *err)
{
    struct fw_worker *worker = course->handover->worker;
    next(course, FW_SWAP_RESTORE, true);
    const fw_status status = to->restore(fresh, blob);
    if (status != FW_OK) {
        blame(worker, FW_SWAP_RESTORE, status, err);
        next(course, FW_SWAP_DESTROY, true);
        to->destroy(fresh);
        return -1;
    }
    return 0;
}

static int switch_over(struct course *course, const struct fw_stage *to, struct fw_blob *blob,
                       void **self, struct fw_error *err)
{
    struct fw_worker *worker = course->handover->worker;
    struct fw_module *old = worker->module;
    void *fresh = NULL;
    fw_auto(free) void **args = NULL;
    const size_t n_args = list_hooks(worker, &args);
    worker->module = course->handover->to; /* whose code makes what is made from here on */
    next(course, FW_SWAP_CREATE, true);
    const fw_status status = to->create(&worker->host, &worker->task, &fresh);
    if (status != FW_OK) {
        worker->module = old;
        fw_blob_release(blob);
        return blame(worker, FW_SWAP_CREATE, status, err);
    }
    if (restore_new(course, to, blob, fresh, err) < 0) {
        worker->module = old;
        go_back(course, blob, self, err);
        return -1;
    }
    replace(course, blob, self, fresh);
    drop_hooks(worker, args, n_args);
    worker->stage = to;
    return 0;
}

int fw_handover(const struct fw_handover *handover, void **self, struct fw_error *err)
{
    struct fw_worker *worker = handover->worker;
    struct course course = {.handover = handover};
    struct fw_blob blob = {.struct_size = sizeof blob};
    const struct fw_stage *to = fw_module_stage(handover->to, worker->task.use);
    if (!to || !to->restore || !worker->stage->save) {
        return fw_error_set(err, FW_EXIT_FAILED, "%s",
                            !to ? "it has no such stage" : "the stage declares no checkpoints");
    }
    next(&course, FW_SWAP_SAVE, false);
    const fw_status status = worker->stage->save(*self, &blob);
    handover->pause->state_bytes = blob.size;
    int rc = status == FW_OK ? switch_over(&course, to, &blob, self, err)
                             : blame(worker, FW_SWAP_SAVE, status, err);
    next(&course, FW_SWAP_STEP, rc == 0);
    return rc;
}

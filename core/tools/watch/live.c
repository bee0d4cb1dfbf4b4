/* SPDX-License-Identifier: MIT */
#include "live.h"

#include <string.h>

#include "arrays.h"
#include "base/clock.h"
#include "base/fs.h"
#include "base/json.h"
#include "candidate.h"
#include "outputs.h"
#include "providers.h"
#include "record.h"
#include "replace.h"
#include "run/worker.h"
#include "trial.h"

/* Steps that a candidate makes on trial, and then the running build too, before it is believed. */
enum { SHADOW_STEPS = 2 };

/* Generations in one process; code that has to stay mapped ends up in a new one anyway. */
enum { MOST_GENERATIONS = 10000 };

/* Of one worker, which runs one stage. */
static struct {
    bool begun;
    struct fw_watched watched;
    struct fw_module *first; /* the engine's to close */
    unsigned generations;
    struct fw_candidate running; /* the build that runs, where it is not the first */

    /* While the running build makes the steps that the candidate has made. */
    struct fw_candidate candidate;
    bool unloads;
    uint64_t shadow_end;
    struct fw_written base, theirs;
} live;

static int begin(struct fw_worker *worker, struct fw_error *err)
{
    live.begun = true;
    live.first = worker->module;
    live.watched.path = fw_replaced_path(worker);
    live.watched.path = live.watched.path ? live.watched.path : worker->module->path;
    live.watched.module = worker->module;
    FW_TRY(fw_providers_watch(worker, err));
    return fw_replaced_path(worker) ? 0 : fw_record_begin(worker, err);
}

static void forget(void)
{
    fw_candidate_drop(&live.candidate);
    fw_providers_drop();
    fw_written_finish(&live.base);
    fw_written_finish(&live.theirs);
    live.shadow_end = 0;
}

/* It is no reason to stop: the running build goes on. */
static int refuse(struct fw_worker *worker, uint64_t steps, const struct fw_error *why,
                  struct fw_error *err)
{
    const char *provider = fw_providers_digest();
    const char *digest = live.candidate.digest[0] != '\0' ? live.candidate.digest
                         : provider                       ? provider
                                                          : "?";
    const int rc =
        why->code == FW_EXIT_REFUSED ? 0 : fw_record_refused(worker, digest, steps, why->text, err);
    forget();
    return rc;
}

/* What a stage forgot to take away must not be called once it is gone. */
static void drop_hooks(struct fw_worker *worker)
{
    pthread_mutex_lock(&worker->hook_lock);
    worker->hooks.len = 0;
    pthread_mutex_unlock(&worker->hook_lock);
}

/* Two builds never write at once: the instance goes before the trial begins, and comes back, as
 * after a resume, when that is over. */
static int try_it(struct fw_worker *worker, void **self, const struct fw_blob *state,
                  struct fw_trial *trial, struct fw_error *err)
{
    struct fw_error again;
    worker->stage->destroy(*self);
    *self = NULL;
    drop_hooks(worker);
    int rc = fw_trial_run(trial, err);
    if (rc == 0 && worker->stage->determinism == FW_DETERMINISM_BITWISE) {
        rc = fw_written_look(worker, &live.base, NULL, &live.theirs, err);
    }
    if (fw_instance_restore(worker, worker->stage, state, self, &again) < 0) {
        fw_error_set(err, FW_EXIT_FAILED,
                     "after the trial of a new build the old one cannot go "
                     "on: %s",
                     again.text);
        return -1;
    }
    return rc;
}

/* The bytes outlive the instance that they are of. */
static int save(struct fw_worker *worker, void *self, struct fw_blob *ret_state, char **ret_bytes,
                struct fw_error *err)
{
    struct fw_blob blob = {.struct_size = sizeof blob};
    const fw_status status = worker->stage->save(self, &blob);
    if (status != FW_OK) {
        fw_error_set(err, FW_EXIT_CHECK, "the running build's save failed with status %d: %s",
                     (int)status, worker->fault.len > 0 ? worker->fault.text : "no reason given");
        fw_str_finish(&worker->fault);
        return -1;
    }
    char *bytes = malloc((size_t)blob.size + 1);
    if (bytes && blob.size > 0) {
        memcpy(bytes, blob.bytes, (size_t)blob.size);
    }
    *ret_state = (struct fw_blob){.struct_size = sizeof *ret_state,
                                  .version = blob.version,
                                  .bytes = bytes,
                                  .size = blob.size};
    fw_blob_release(&blob);
    *ret_bytes = bytes;
    return bytes ? 0 : fw_error_oom(err);
}

static void close_old(struct fw_module *module)
{
    if (module != live.first) {
        fw_generation_close(module);
    }
}

static int take_over(struct fw_worker *worker, void **self, uint64_t steps, struct fw_error *err)
{
    struct fw_module *old = worker->module, *next;
    struct fw_pause pause = {0};
    const int64_t start = fw_clock_ns();
    FW_TRY(fw_loader_open(worker->loader, live.candidate.path, live.candidate.digest, &next, err));
    const struct fw_handover handover = {.worker = worker, .to = next, .pause = &pause};
    if (fw_handover(&handover, self, err) < 0) {
        fw_generation_close(next);
        return -1;
    }
    close_old(old);
    fw_candidate_drop(&live.running);
    live.running = live.candidate;
    live.candidate = (struct fw_candidate){0};
    live.watched.module = next;
    pause.ns[FW_SWAP_STEP] = fw_clock_ns() - start;
    live.generations++;
    FW_TRY(fw_task_mix_key(worker->json, next->digest, err));
    return fw_record_taken(worker, next->digest, steps, &pause, err);
}

/* Returns on failure only. */
static int replace(struct fw_worker *worker, void *self, uint64_t steps, struct fw_error *err)
{
    const struct fw_replacement next = {.path = live.candidate.path,
                                        .digest = live.candidate.digest,
                                        .watched = live.watched.path,
                                        .mixed = live.candidate.digest};
    FW_TRY(fw_record_taken(worker, live.candidate.digest, steps, NULL, err));
    const int rc = fw_replace_worker(worker, self, &next, steps, err);
    fw_record_undo(worker, 1);
    return rc;
}

static int commit(struct fw_worker *worker, void **self, uint64_t steps, struct fw_error *err)
{
    struct fw_error why;
    int rc = live.unloads && live.generations < MOST_GENERATIONS
                 ? take_over(worker, self, steps, &why)
                 : replace(worker, *self, steps, &why);
    if (rc == 0) {
        forget();
        return 0;
    }
    if (!*self) {
        *err = why;
        return -1;
    }
    return refuse(worker, steps, &why, err);
}

static int conduct_trial(struct fw_worker *worker, void **self, uint64_t steps,
                         struct fw_trial *trial, struct fw_error *err)
{
    struct fw_blob state;
    fw_auto(free) char *bytes = NULL;
    FW_TRY(save(worker, *self, &state, &bytes, err));
    FW_TRY(fw_written_look(worker, NULL, NULL, &live.base, err));
    trial->state = &state;
    FW_TRY(try_it(worker, self, &state, trial, err));
    live.unloads = trial->unloads;
    live.shadow_end = steps + trial->steps;
    return 0;
}

/* A build was found: it is tried, and then, where bytes can be compared, followed. */
static int consider(struct fw_worker *worker, void **self, uint64_t steps, struct fw_error *err)
{
    struct fw_error why;
    if (fw_candidate_take(worker, &live.watched, &live.candidate, &why) < 0) {
        return refuse(worker, steps, &why, err);
    }
    if (!live.candidate.path) {
        return 0; /* it is the code that runs */
    }
    struct fw_trial trial = {.worker = worker,
                             .path = live.candidate.path,
                             .digest = live.candidate.digest,
                             .max_steps = SHADOW_STEPS};
    if (conduct_trial(worker, self, steps, &trial, &why) < 0) {
        if (*self) {
            return refuse(worker, steps, &why, err);
        }
        *err = why;
        return -1;
    }
    return worker->stage->determinism == FW_DETERMINISM_BITWISE ? 0
                                                                : commit(worker, self, steps, err);
}

/* The build of the stage's plugin that runs, in a file that stays. */
static const char *running_path(const struct fw_worker *worker)
{
    return live.running.path ? live.running.path : worker->module->path;
}

/* Returns on failure only. */
static int replace_providers(struct fw_worker *worker, void *self, const cJSON *providers,
                             uint64_t steps, struct fw_error *err)
{
    const struct fw_replacement next = {.path = running_path(worker),
                                        .digest = worker->module->digest,
                                        .watched = live.watched.path,
                                        .providers = providers,
                                        .mixed = fw_providers_digest()};
    size_t n = 0;
    int rc = fw_providers_record(worker, steps, &n, err);
    rc = rc < 0 ? rc : fw_replace_worker(worker, self, &next, steps, err);
    fw_record_undo(worker, n);
    return rc;
}

/* New builds of what the stage takes services from are tried under the stage as it is. What they
 * write is not compared: another monitor writes other things. */
static int try_providers(struct fw_worker *worker, void **self, uint64_t steps,
                         struct fw_error *err)
{
    fw_auto(json) cJSON *providers = NULL;
    struct fw_trial trial = {.worker = worker,
                             .path = running_path(worker),
                             .digest = worker->module->digest,
                             .max_steps = SHADOW_STEPS};
    FW_TRY(fw_providers_task(worker, &providers, err));
    trial.providers = providers;
    FW_TRY(conduct_trial(worker, self, steps, &trial, err));
    return replace_providers(worker, *self, providers, steps, err);
}

static int consider_providers(struct fw_worker *worker, void **self, uint64_t steps,
                              struct fw_error *err)
{
    struct fw_error why;
    const int n = fw_providers_take(worker, &why);
    if (n == 0) {
        return 0;
    }
    if (n > 0) {
        try_providers(worker, self, steps, &why);
    }
    if (*self) {
        return refuse(worker, steps, &why, err);
    }
    *err = why;
    return -1;
}

/* A save first: what the steps wrote has then been handed to the system. */
static int compare(struct fw_worker *worker, void *self, struct fw_error *err)
{
    struct fw_blob blob = {.struct_size = sizeof blob};
    struct fw_written mine;
    const fw_status status = worker->stage->save(self, &blob);
    if (status != FW_OK) {
        fw_str_finish(&worker->fault);
        return fw_error_set(err, FW_EXIT_CHECK, "the running build's save failed with status %d",
                            (int)status);
    }
    fw_blob_release(&blob);
    FW_TRY(fw_written_look(worker, &live.base, &live.theirs, &mine, err));
    const int rc = fw_written_compare(&mine, &live.theirs, err);
    fw_written_finish(&mine);
    return rc;
}

static int boundary(struct fw_worker *worker, void **self, uint64_t steps, struct fw_error *err)
{
    struct fw_error why;
    if (!worker->own_process || !(worker->stage->caps & FW_CAP_CHECKPOINT)) {
        return 0;
    }
    if (!live.begun) {
        FW_TRY(begin(worker, err));
    }
    if (live.shadow_end > 0) {
        return steps < live.shadow_end            ? 0
               : compare(worker, *self, &why) < 0 ? refuse(worker, steps, &why, err)
                                                  : commit(worker, self, steps, err);
    }
    if (fw_watched_changed(&live.watched)) {
        return consider(worker, self, steps, err);
    }
    /* Linked together, they come in one after another: the stage's own plugin first. */
    return !fw_watched_moves(&live.watched) && fw_providers_changed()
               ? consider_providers(worker, self, steps, err)
               : 0;
}

/* The build that runs at the end is closed like those before it. */
static void end(struct fw_worker *worker)
{
    if (!worker->own_process || !live.begun) {
        return;
    }
    if (worker->module != live.first) {
        fw_generation_close(worker->module);
        worker->module = live.first;
    }
    forget();
    fw_candidate_drop(&live.running);
    fw_providers_forget();
}

/* In a thread of the run there is nothing to swap, and several stages at once. */
static cJSON *task(struct fw_worker *worker)
{
    if (!worker->own_process) {
        return NULL;
    }
    fw_arrays_guard(worker);
    return fw_replaced_task(worker);
}

void fw_live_begin(void)
{
    fw_run_hooks = (struct fw_run_hooks){
        .task = task, .boundary = boundary, .end = end, .manifest = fw_record_manifest};
}

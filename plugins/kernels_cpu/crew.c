/* SPDX-License-Identifier: MIT */
#include "crew.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>

/* How often a worker looks for the next round before it sleeps: some microseconds, less than it
 * takes to be woken. */
#define CREW_SPINS 2000

struct worker {
    struct crew *crew;
    pthread_t thread;
    uint32_t index;
    void *scratch;
};

struct crew {
    uint32_t threads;
    uint32_t started; /* beyond the caller */
    uint64_t scratch_bytes;

    pthread_mutex_t mutex;
    pthread_cond_t wake;
    pthread_cond_t done;
    atomic_uint round; /* changes when there is work, or the end */
    atomic_uint busy;  /* workers that have not finished the round */
    bool ending;

    crew_task *task;
    void *arg;
    uint64_t n;
    atomic_uint_fast64_t next;

    struct worker workers[];
};

static void work(struct crew *crew, uint32_t worker)
{
    uint64_t task;

    while ((task = atomic_fetch_add(&crew->next, 1)) < crew->n) {
        crew->task(crew->arg, task, worker);
    }
}

static void await_round(struct crew *crew, unsigned seen)
{
    for (int i = 0; i < CREW_SPINS; i++) {
        if (atomic_load_explicit(&crew->round, memory_order_acquire) != seen) {
            return;
        }
    }
    (void)pthread_mutex_lock(&crew->mutex);
    while (atomic_load(&crew->round) == seen) {
        (void)pthread_cond_wait(&crew->wake, &crew->mutex);
    }
    (void)pthread_mutex_unlock(&crew->mutex);
}

static void finish_round(struct crew *crew)
{
    if (atomic_fetch_sub(&crew->busy, 1) == 1) {
        (void)pthread_mutex_lock(&crew->mutex);
        (void)pthread_cond_signal(&crew->done);
        (void)pthread_mutex_unlock(&crew->mutex);
    }
}

static void *run_worker(void *arg)
{
    const struct worker *self = arg;
    struct crew *crew = self->crew;

    for (unsigned seen = 0;; seen++) {
        await_round(crew, seen);
        if (crew->ending) {
            return NULL;
        }
        work(crew, self->index);
        finish_round(crew);
    }
}

static void begin_round(struct crew *crew)
{
    (void)pthread_mutex_lock(&crew->mutex);
    atomic_store(&crew->busy, crew->started);
    atomic_fetch_add(&crew->round, 1);
    (void)pthread_cond_broadcast(&crew->wake);
    (void)pthread_mutex_unlock(&crew->mutex);
}

void crew_run(struct crew *crew, uint64_t n, crew_task *task, void *arg)
{
    if (n <= 1 || crew->started == 0) {
        for (uint64_t i = 0; i < n; i++) {
            task(arg, i, 0);
        }
        return;
    }
    crew->task = task;
    crew->arg = arg;
    crew->n = n;
    atomic_store(&crew->next, 0);
    begin_round(crew);
    work(crew, 0);
    for (int i = 0; i < CREW_SPINS; i++) {
        if (atomic_load_explicit(&crew->busy, memory_order_acquire) == 0) {
            return;
        }
    }
    (void)pthread_mutex_lock(&crew->mutex);
    while (atomic_load(&crew->busy) != 0) {
        (void)pthread_cond_wait(&crew->done, &crew->mutex);
    }
    (void)pthread_mutex_unlock(&crew->mutex);
}

/* Signals are the worker process's business, so that every thread of ours blocks them. */
static bool start_workers(struct crew *crew)
{
    sigset_t all, old;

    sigfillset(&all);
    if (pthread_sigmask(SIG_SETMASK, &all, &old) != 0) {
        return false;
    }
    while (crew->started + 1 < crew->threads) {
        struct worker *worker = &crew->workers[crew->started + 1];
        worker->crew = crew;
        worker->index = crew->started + 1;
        if (pthread_create(&worker->thread, NULL, run_worker, worker) != 0) {
            break;
        }
        crew->started++;
    }
    (void)pthread_sigmask(SIG_SETMASK, &old, NULL);
    return crew->started + 1 == crew->threads;
}

struct crew *crew_create(uint32_t threads)
{
    struct crew *crew = calloc(1, sizeof *crew + threads * sizeof crew->workers[0]);

    if (crew == NULL) {
        return NULL;
    }
    crew->threads = threads;
    (void)pthread_mutex_init(&crew->mutex, NULL);
    (void)pthread_cond_init(&crew->wake, NULL);
    (void)pthread_cond_init(&crew->done, NULL);
    if (!start_workers(crew)) {
        crew_destroy(crew);
        return NULL;
    }
    return crew;
}

void crew_destroy(struct crew *crew)
{
    if (crew == NULL) {
        return;
    }
    crew->ending = true;
    begin_round(crew);
    for (uint32_t i = 1; i <= crew->started; i++) {
        (void)pthread_join(crew->workers[i].thread, NULL);
    }
    for (uint32_t i = 0; i < crew->threads; i++) {
        free(crew->workers[i].scratch);
    }
    (void)pthread_cond_destroy(&crew->wake);
    (void)pthread_cond_destroy(&crew->done);
    (void)pthread_mutex_destroy(&crew->mutex);
    free(crew);
}

bool crew_reserve(struct crew *crew, uint64_t bytes)
{
    uint64_t rounded = (bytes + 63) / 64 * 64;

    if (bytes <= crew->scratch_bytes) {
        return true;
    }
    crew->scratch_bytes = 0;
    for (uint32_t i = 0; i < crew->threads; i++) {
        free(crew->workers[i].scratch);
        crew->workers[i].scratch = NULL;
    }
    for (uint32_t i = 0; i < crew->threads; i++) {
        crew->workers[i].scratch = rounded < bytes ? NULL : aligned_alloc(64, rounded);
        if (crew->workers[i].scratch == NULL) {
            return false;
        }
    }
    crew->scratch_bytes = rounded;
    return true;
}

void *crew_scratch(struct crew *crew, uint32_t worker)
{
    return crew->workers[worker].scratch;
}

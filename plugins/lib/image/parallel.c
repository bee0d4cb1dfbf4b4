/* SPDX-License-Identifier: MIT */
#include "parallel.h"

#include <pthread.h>
#include <stdatomic.h>

enum { MAX_THREADS = 64 };

struct work {
    void (*run)(void *arg, size_t task);
    void *arg;
    size_t n_tasks;
    atomic_size_t next;
};

static void *take_tasks(void *arg)
{
    struct work *work = arg;
    size_t task;

    while ((task = atomic_fetch_add(&work->next, 1)) < work->n_tasks) {
        work->run(work->arg, task);
    }
    return NULL;
}

void fw_parallel(unsigned n_threads, size_t n_tasks, void (*run)(void *arg, size_t task), void *arg)
{
    struct work work = {.run = run, .arg = arg, .n_tasks = n_tasks};
    pthread_t threads[MAX_THREADS];
    unsigned n = 0;

    while (n + 1 < n_threads && n + 1 < n_tasks && n < MAX_THREADS &&
           pthread_create(&threads[n], NULL, take_tasks, &work) == 0) {
        n++;
    }
    (void)take_tasks(&work);
    while (n > 0) {
        (void)pthread_join(threads[--n], NULL); /* of a thread that was created it cannot fail */
    }
}

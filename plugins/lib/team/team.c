/* SPDX-License-Identifier: MIT */
#include "team.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

enum { MAX_OTHERS = 255 };

struct team {
    void (*work)(void *arg, size_t task);
    void *arg;
    size_t n_tasks;
    atomic_size_t next;
};

static void *take_tasks(void *arg)
{
    struct team *team = arg;
    size_t task;

    while ((task = atomic_fetch_add(&team->next, 1)) < team->n_tasks) {
        team->work(team->arg, task);
    }
    return NULL;
}

void fw_team_run(size_t n_threads, size_t n_tasks, void (*work)(void *arg, size_t task), void *arg)
{
    struct team team = {.work = work, .arg = arg, .n_tasks = n_tasks};
    pthread_t others[MAX_OTHERS];
    size_t n_others = 0;
    sigset_t all, before;

    /* Signals are the worker's business. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    while (n_others + 1 < n_threads && n_others + 1 < n_tasks && n_others < MAX_OTHERS &&
           pthread_create(&others[n_others], NULL, take_tasks, &team) == 0) {
        n_others++;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    take_tasks(&team);
    while (n_others > 0) {
        pthread_join(others[--n_others], NULL);
    }
}

/* SPDX-License-Identifier: MIT */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

#include "scores/internal.h"

enum { THREADS_MAX = 256 };

struct team {
    void (*work)(void *arg, size_t piece);
    void *arg;
    size_t n_pieces;
    atomic_size_t next;
};

static void *take_part(void *arg)
{
    struct team *team = arg;

    for (;;) {
        size_t piece = atomic_fetch_add(&team->next, 1);
        if (piece >= team->n_pieces) {
            return NULL;
        }
        team->work(team->arg, piece);
    }
}

void fw_scores_team(unsigned n_threads, size_t n_pieces, void (*work)(void *arg, size_t piece),
                    void *arg)
{
    struct team team = {.work = work, .arg = arg, .n_pieces = n_pieces};
    pthread_t others[THREADS_MAX];
    unsigned n_others = 0;
    sigset_t all, before;

    /* Signals are for the host's own threads. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    while (n_others + 1 < n_threads && n_others < THREADS_MAX && n_others + 1 < n_pieces &&
           pthread_create(&others[n_others], NULL, take_part, &team) == 0) {
        n_others++;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    take_part(&team);
    for (unsigned i = 0; i < n_others; i++) {
        pthread_join(others[i], NULL);
    }
}

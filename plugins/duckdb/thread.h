/* SPDX-License-Identifier: MIT */
#ifndef FW_DUCKDB_THREAD_H
#define FW_DUCKDB_THREAD_H

#include <pthread.h>

/* pthread_create, with every signal blocked: signals are the worker's business. */
int sql_thread_start(pthread_t *ret_thread, void *(*run)(void *arg), void *arg);

#endif

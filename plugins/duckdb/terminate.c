/* SPDX-License-Identifier: MIT */
#include "terminate.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <fw/service/budget.h>

/* The C++ runtime's own interface (Itanium C++ ABI), which libduckdb.so brings along; looked up,
 * because linking to it would need a C++ compiler. */
typedef void (*handler_fn)(void);
typedef handler_fn (*set_terminate_fn)(handler_fn);

struct type_info {
    const void *methods;
    const char *name;
};
typedef const struct type_info *(*current_type_fn)(void);

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static unsigned n_watching;
static handler_fn previous;
static set_terminate_fn set_terminate;
static current_type_fn current_type;

static void on_terminate(void)
{
    const struct type_info *type = current_type();
    if (type != NULL && (strstr(type->name, "OutOfMemoryException") != NULL ||
                         strstr(type->name, "bad_alloc") != NULL)) {
        static const char text[] =
            "DuckDB ran out of memory where it cannot say so; the process ends\n";
        if (write(STDERR_FILENO, text, sizeof text - 1) >= 0) {
            _exit(FW_BUDGET_EXIT_CODE);
        }
        _exit(FW_BUDGET_EXIT_CODE);
    }
    if (previous != NULL) {
        previous();
    }
    abort();
}

/* ISO C has no conversion from an object pointer to a function pointer; POSIX promises one. */
static void look_up(const char *name, void *ret_function)
{
    void *symbol = dlsym(RTLD_DEFAULT, name);
    memcpy(ret_function, &symbol, sizeof symbol);
}

void sql_terminate_watch(void)
{
    pthread_mutex_lock(&mutex);
    look_up("_ZSt13set_terminatePFvvE", &set_terminate);
    look_up("__cxa_current_exception_type", &current_type);
    if (n_watching++ == 0 && set_terminate != NULL && current_type != NULL) {
        previous = set_terminate(on_terminate);
    }
    pthread_mutex_unlock(&mutex);
}

void sql_terminate_unwatch(void)
{
    pthread_mutex_lock(&mutex);
    if (--n_watching == 0 && set_terminate != NULL && current_type != NULL) {
        set_terminate(previous);
    }
    pthread_mutex_unlock(&mutex);
}

/* SPDX-License-Identifier: MIT */
#ifndef FAKE_INTERNAL_H
#define FAKE_INTERNAL_H

/* What the files of the fake host share. */

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "fw/testkit.h"

enum { FAKE_MAX_PORTS = 64, FAKE_MAX_FIELDS = 256, FAKE_MAX_HOOKS = 16 };

/* A growing text; all zero is the empty one. */
struct fake_text {
    char *data;
    size_t size;
};

struct fake_field {
    char *name;
    char *json;
};

struct fake_rows {
    char *port;
    uint64_t n;
};

struct fake_gate {
    char *name;
    char *reason;
    int32_t verdict;
};

struct fake_hook {
    void (*interrupt)(void *arg); /* NULL: the slot is free */
    void *arg;
};

struct fake_cancel {
    atomic_int requested;
    pthread_mutex_t mutex; /* held while a hook runs, so that taking it away waits */
    struct fake_hook hooks[FAKE_MAX_HOOKS];
    uint64_t before_step;
    uint32_t after_ms;
    bool timing;
    pthread_t timer;
    pthread_cond_t timer_wake;
};

struct fake_task {
    struct fw_host host;
    struct fw_task task;
    struct fw_limits limits;
    struct fw_input inputs[FAKE_MAX_PORTS];
    struct fw_output outputs[FAKE_MAX_PORTS];
    struct fw_value *values; /* one for each declared parameter, in that order */
    struct fake_kit *kit;
    const struct fw_stage *stage;

    uint64_t restart_after;
    void (*alter)(unsigned char *bytes, uint64_t *size, void *context);
    void *alter_context;
    uint64_t max_steps;
    struct fake_cancel cancel;

    pthread_mutex_t mutex; /* guards what services write from any thread */
    struct fake_text fault, taken_fault, log, metrics, fields_json, defect;
    struct fake_field fields[FAKE_MAX_FIELDS];
    size_t n_fields;
    struct fake_rows rows[FAKE_MAX_PORTS];
    size_t n_rows;
    struct fake_gate gates[FAKE_MAX_PORTS];
    size_t n_gates;
    char *tmp, *folder;

    struct fake_result result;
    void **owned; /* freed with the task */
    size_t n_owned;
};

/* Prints "fake_host: ..." and aborts: the test itself is wrong. */
_Noreturn void fake_die(const char *format, ...) __attribute__((format(printf, 1, 2)));

void fake_text_add(struct fake_text *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Allocations that live as long as the task; never NULL. */
void *fake_own(struct fake_task *t, size_t size);
char *fake_own_text(struct fake_task *t, const char *text);

/* Reads `text`, written as in a pipeline file, into `value`. */
void fake_value_parse(struct fake_task *t, const struct fw_param *param, const char *text,
                      struct fw_value *value);

/* Whether `text` is one JSON value and nothing else. */
bool fake_json_valid(const char *text);

/* Makes an empty folder below $TMPDIR, and removes it with all it holds; the path is freed. */
char *fake_folder_create(void);
void fake_folder_remove(char *folder);

/* Forgets what the stage said through fw.artifact/1, as a new worker process does. */
void fake_task_forget(struct fake_task *t);

/* Fills the host and its services; takes nothing from the stage. */
void fake_services_init(struct fake_task *t);
void fake_services_finish(struct fake_task *t);

/* The clock of fake_task_cancel_after_ms. */
void fake_cancel_start(struct fake_task *t);
void fake_cancel_stop(struct fake_task *t);

#endif

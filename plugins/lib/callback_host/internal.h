/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_CALLBACK_HOST_INTERNAL_H
#define FW_LIB_CALLBACK_HOST_INTERNAL_H

#include <stdarg.h>

#include <pthread.h>

#include "callback_host/hub.h"
#include "sql/fault.h"
#include "sql/text.h"

enum {
    HUB_FAILURES_MOST = 3,     /* in a row, then an instance is called no more */
    HUB_NAME_MOST = 96,        /* of a metric */
    HUB_INSTANCE_MOST = 32,    /* letters of an instance's name */
    HUB_UNDECLARED_MOST = 256, /* names; more come from a callback that counts in them */
    HUB_EVENTS_MOST = 256,
    HUB_TRAINER = -1, /* the owner of what is no instance's */
    HUB_ANY_HOOK = FW_TRAINING_HOOKS
};

/* The first fault of a failing call, copied. */
struct hub_fault {
    pthread_mutex_t lock;
    bool given;
    char *what, *where, *value, *expected, *remedy;
};

struct hub_instance {
    struct fw_host host; /* its own; first, so that `fail` finds the instance */
    struct hub_fault fault;
    struct fw_hub *hub;
    const struct fw_callback *kind;
    struct fw_callback_task task;
    struct fw_value *values; /* one for each parameter of the kind */
    char *name, *folder;
    void *self;
    bool made;     /* `self` is to be destroyed */
    bool fresh;    /* not in the state that was restored: its FIT_START is still to come */
    bool disabled; /* called no more */
    bool relaxed;  /* cannot do less than it does */
    uint64_t failed[FW_TRAINING_HOOKS]; /* in a row */
    uint64_t failures;
    double seconds, window_seconds;
    double processor; /* seconds, of this process: not over restores */
};

/* A metric that may be emitted. */
struct hub_name {
    struct fw_training_metric metric;
    char *name, *unit;
    int owner;     /* of instances, or HUB_TRAINER */
    uint32_t hook; /* which brings it */
    bool pending;  /* has a value for the next record */
    bool recorded; /* and had one at `step` */
    uint64_t step;
    uint64_t call; /* the last one that emitted it */
};

struct hub_names {
    struct hub_name **items;
    uint64_t n, capacity;
    const struct fw_training_metric **pending; /* `capacity` of them */
    uint64_t n_pending;
    uint64_t n_undeclared;
};

/* How long things took, in seconds of the trainer's clock. */
struct hub_clock {
    bool running;
    double started;       /* the clock's reading when `before` ended */
    double before;        /* of the run, before the last restore */
    double hooks;         /* in all */
    double step_began;    /* with BATCH_START */
    double step_hooks;    /* `hooks` then */
    double steps;         /* of the quarter, without hooks */
    double quarter_hooks; /* `hooks` when it began */
    uint64_t n_steps;
    uint64_t window_step; /* of the governor: where its window begins */
    double window_fit, window_hooks;
    /* Processor seconds of this process, which others on the machine change least. */
    double processor_began, processor_hooks_before; /* with BATCH_START */
    double processor_hooks, processor_steps;        /* in all; steps: without hooks */
};

struct fw_hub {
    const struct fw_host *host;
    const struct fw_task *task;
    struct fw_hub_run run;
    struct fw_training now;
    struct fw_training_record record;
    struct fw_training_metric *recorded; /* values of the record, which stay while hooks emit */
    const struct fw_training_metric **recorded_list;
    uint64_t recorded_capacity;
    struct hub_instance **instances;
    uint64_t n_instances;
    struct hub_names names;
    struct hub_clock clock;
    struct hub_instance *current; /* whose code runs */
    uint64_t call;                /* hooks called so far: which one a value came of */
    double overhead_limit;
    uint64_t overhead_steps;
    bool check, started;         /* FIT_START has been */
    struct fw_hub_event *events; /* their texts are owned */
    uint64_t n_events, n_events_left_out;
    struct fw_hub_instance *summary;
    struct fw_text disabled; /* names, for the view */
    uint64_t duplicates, records;
};

/* host.c: the host of an instance. */
void hub_host_init(struct hub_instance *instance);
void hub_host_finish(struct hub_instance *instance);
void hub_fault_clear(struct hub_instance *instance);
/* The fault so far as one text, appended. */
void hub_fault_text(struct hub_instance *instance, struct fw_text *text);
/* Makes it the stage's, with the instance's name and what it was doing; returns `status`. */
fw_status hub_fault_pass(struct hub_instance *instance, fw_status status, const char *doing);
/* A status that no hook returns becomes FW_E_INTERNAL. */
fw_status hub_status(struct hub_instance *instance, fw_status status);
/* A line of the stage's log. */
__attribute__((format(printf, 3, 4))) void hub_log(const struct fw_hub *hub, uint32_t level,
                                                   const char *format, ...);

/* kinds.c: which callbacks there are, and which the pipeline wants. */
fw_status hub_instances_read(struct fw_hub *hub, const struct fw_value *list);
struct hub_instance *hub_instance_find(const struct fw_hub *hub, const char *name, size_t size);

/* options.c: what the pipeline says to them. */
fw_status hub_options_read(struct fw_hub *hub, const struct fw_value *list);
const struct fw_param *hub_param_at(const struct fw_callback *kind, uint32_t i);

/* value.c: parameters as text. */
enum hub_value_outcome { HUB_VALUE_GOOD, HUB_VALUE_BAD, HUB_VALUE_NOMEM };
enum hub_value_outcome hub_value_read(const struct fw_param *param, const char *text,
                                      struct fw_value *ret);
void hub_value_finish(struct fw_value *value);
/* Appends "an integer from 1 to 64 (steps)". */
void hub_value_expected(const struct fw_param *param, struct fw_text *text);

/* near.c: appends `, did you mean "x"?` if one is near enough, and all that there are. */
void hub_near_append(struct fw_text *text, const char *name, const char *const *names, uint64_t n);

/* names.c: metrics by name. */
fw_status hub_names_declare(struct fw_hub *hub, int owner, const char *full, const char *unit,
                            uint32_t hook);
void hub_names_emit(struct fw_hub *hub, int owner, const char *full, double value);
/* NaN for what an instance's hook should have brought; whether it brought anything, or had nothing
 * to bring. */
void hub_names_missing(struct fw_hub *hub, int owner, uint32_t hook);
bool hub_names_brought(const struct fw_hub *hub, int owner, uint32_t hook);
/* Moves what was emitted into the record of `step`; false when there is no memory for it. */
bool hub_names_record(struct fw_hub *hub, uint64_t step);
void hub_names_finish(struct hub_names *names);
const char *hub_owner(const struct fw_hub *hub, int owner);

/* view.c: what callbacks call. */
void hub_view_init(struct fw_hub *hub);

/* events.c */
void hub_event_add(struct fw_hub *hub, const char *owner, const char *name, const char *text);
void hub_event_keep(struct fw_hub *hub, const struct fw_hub_event *event);
void hub_events_finish(struct fw_hub *hub);

/* governor.c: time. */
double hub_clock_now(const struct fw_hub *hub);
double hub_fit_seconds(const struct fw_hub *hub);
double hub_processor_now(void);
void hub_clock_start(struct fw_hub *hub, double before);
void hub_clock_batch_start(struct fw_hub *hub);
void hub_clock_batch_end(struct fw_hub *hub); /* emits sys/ metrics, calls `relax` */
fw_status hub_clock_declare(struct fw_hub *hub);

/* call.c */
fw_status hub_call_instance(struct fw_hub *hub, struct hub_instance *instance, uint32_t hook);
const char *hub_hook_name(uint32_t hook); /* "setup" behind the last */
/* A checksum of the training if that is wanted, else 0; and the fault when two of them differ. */
fw_status hub_crc(struct fw_hub *hub, struct hub_instance *instance, uint32_t *ret);
fw_status hub_crc_differs(struct fw_hub *hub, const struct hub_instance *instance, uint32_t hook);
/* Lists in the view who is called no more. */
void hub_disabled_list(struct fw_hub *hub);

#endif

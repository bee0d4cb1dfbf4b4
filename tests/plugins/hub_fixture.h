/* SPDX-License-Identifier: MIT */
#ifndef HUB_FIXTURE_H
#define HUB_FIXTURE_H

#include "callback_host/hub.h"

/*
 * A trainer without arithmetic around callback_host, and callbacks to try it with. Callbacks find
 * the fixture behind their host's `self`.
 */
struct hub_line {
    uint64_t step, epoch, batch;
    double value;
    char name[97];
};

struct hub_fixture {
    struct fw_host host;
    fw_status fault_status;
    char fault[2048]; /* the first of the stage */
    char log[32768];  /* "warning: text\n" ... */
    size_t log_size;
    bool cancelled;
    const struct fw_callbacks *providers[4];

    const char *callbacks[8], *options[16];
    struct fw_value values[5];
    struct fw_task task;

    char *folder;
    double clock, tick;        /* what it says next, and how much it goes on each time */
    unsigned char guarded[64]; /* what callbacks must not change */
    struct fw_hub_engine engine;
    struct fw_training_info info;
    struct fw_hub_run run;
    struct fw_hub *hub;

    struct hub_line *lines; /* what callbacks of the kind "list" were given */
    size_t n_lines, lines_capacity;
    char calls[4096]; /* what those of the kind "test" were called for: "a.create b.create " */
};

/* The kinds: "list" keeps records, "cadence" emits at the moments of the monitors, "test" does what
 * its options say. */
extern const struct fw_callbacks hub_fixture_kinds;

int hub_fixture_setup(void **state);
int hub_fixture_teardown(void **state);

/* The parameters; lists end with NULL. */
void hub_callbacks(struct hub_fixture *f, ...) __attribute__((sentinel));
void hub_options(struct hub_fixture *f, ...) __attribute__((sentinel));

/* A run of so many batches in an epoch. */
void hub_size(struct hub_fixture *f, uint64_t batches, uint64_t epochs);

/* create, setup; a hub of before is destroyed. */
fw_status hub_open(struct hub_fixture *f);

/* The steps from + 1 to `to`, with all that lies around them. */
fw_status hub_train(struct hub_fixture *f, uint64_t from, uint64_t to);

uint64_t hub_steps(const struct hub_fixture *f);

/* Lines of a metric, and the k-th of them. */
size_t hub_count(const struct hub_fixture *f, const char *name);
const struct hub_line *hub_line(const struct hub_fixture *f, const char *name, size_t k);

/* How often a text stands in the log. */
size_t hub_said(const struct hub_fixture *f, const char *text);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef FW_TESTKIT_H
#define FW_TESTKIT_H

/**
 * A host for tests: loads plugins, gives a stage everything that a real host gives it, runs it
 * step by step and keeps what it said. Linked into test programs (pkg-config fw-testkit), never
 * into plugins; works with any test framework, and needs no installed fwrun beside the SDK.
 *
 *     struct fake_kit *kit = fake_kit_open("build/shorten.so", NULL);
 *     struct fake_task *t = fake_task_create(kit, "shorten");
 *     fake_task_input(t, "text", fake_task_write(t, "in.txt", "one\ntwo\n"), NULL);
 *     fake_task_output(t, "short", fake_task_path(t, "out.txt"));
 *     fake_task_int(t, "lines", 1);
 *     const struct fake_result *r = fake_task_run(t);
 *     assert_int_equal(r->status, FW_OK);
 *     assert_null(r->defect);
 *     assert_string_equal(fake_task_read(t, fake_task_path(t, "out.txt")), "one\n");
 *     fake_task_destroy(t);
 *     fake_kit_close(kit);
 *
 * A mistake of the test (no such plugin, stage, port or parameter) prints one line and aborts:
 * only what the stage does is a result. Strings given by the caller are copied, strings handed
 * out belong to the object. One thread per task; services may be called as their headers say.
 */

#include "fw/sdk.h"

FW_BEGIN_DECLS

/** Loaded plugins: where stages and services come from. */
struct fake_kit;

/** Opens shared objects, each RTLD_NOW | RTLD_LOCAL; the list ends with NULL. */
struct fake_kit *fake_kit_open(const char *path, ...) __attribute__((sentinel));

/**
 * Closes them, unless the environment has FWRUN_KEEP_LOADED (leak reports then keep their
 * symbols). No task may be alive. Accepts NULL.
 */
void fake_kit_close(struct fake_kit *kit);

/** A stage by name, or NULL. */
const struct fw_stage *fake_kit_stage(const struct fake_kit *kit, const char *name);

/** A service's table by id, or NULL; "ID#1" is the second of that id in the kit's order. */
const void *fake_kit_service(const struct fake_kit *kit, const char *id);

/** What came of a run. Valid until the next run or the end of the task. */
struct fake_result {
    fw_status status;
    const char *fault;   /**< the first fault as one text; "" when there was none */
    const char *defect;  /**< how the stage broke its contract, e.g. failed without a fault; NULL
                              when it kept it */
    const char *fields;  /**< manifest fields as one JSON object, in the order first set */
    const char *log;     /**< one line each: "warning: text\n" */
    const char *metrics; /**< one line each: "name ordinal value unit\n" */
    uint64_t steps;      /**< calls of step that returned */
    uint64_t done, total, items; /**< as the last step said */
    uint64_t restarts;           /**< times that the state went through save and restore */
};

/** One stage with its parameters, inputs, outputs and host. */
struct fake_task;

/**
 * A task for the stage `name`, its parameters at their declared defaults. With NULL there is no
 * stage, just a host: for tests that call a service directly.
 */
struct fake_task *fake_task_create(struct fake_kit *kit, const char *name);

/** Removes the temporary folder too. Accepts NULL. */
void fake_task_destroy(struct fake_task *t);

/**
 * Plugs one or more files into an input port; the list ends with NULL. Relative paths are made
 * absolute.
 */
void fake_task_input(struct fake_task *t, const char *port, ...) __attribute__((sentinel));

/** The digest that the input carries; 64 zeros otherwise. After fake_task_input. */
void fake_task_input_digest(struct fake_task *t, const char *port, const char *hex);

/** Says where an output goes. The path must not exist yet; its base name is the final name. */
void fake_task_output(struct fake_task *t, const char *port, const char *path);

/* Parameters. The value must be of the declared type; its range is not looked at. */
void fake_task_int(struct fake_task *t, const char *name, int64_t value); /* bool, int, bytes */
void fake_task_real(struct fake_task *t, const char *name, double value); /* real, duration */
void fake_task_text(struct fake_task *t, const char *name,
                    const char *value); /* string, enum, file */
void fake_task_texts(struct fake_task *t, const char *name, ...) __attribute__((sentinel));
void fake_task_reals(struct fake_task *t, const char *name, const double *values, uint64_t n);

/** Any parameter, written as in a pipeline file or a default: "64KiB", "1h30m", "a,b". */
void fake_task_param(struct fake_task *t, const char *name, const char *text);

/** The seed of the task and of fw.rng/1; 1 otherwise. */
void fake_task_seed(struct fake_task *t, uint64_t seed);

/** What fw.budget/1 says, to be changed before the run; 2 threads, 1 GiB, engine 0.55 of it. */
struct fw_limits *fake_task_limits(struct fake_task *t);

/**
 * After step `n` the state moves through save and restore into a fresh instance. What was said
 * through fw.artifact/1 is forgotten, as in a new worker process.
 */
void fake_task_restart_after(struct fake_task *t, uint64_t n);
#define FAKE_EACH_STEP UINT64_MAX

/**
 * Each state passes through `alter` on its way from save to restore: a copy, whose bytes it may
 * change and whose size it may lower. What `restore` makes of that must be FW_OK or FW_E_STATE.
 */
void fake_task_alter_state(struct fake_task *t,
                           void (*alter)(unsigned char *bytes, uint64_t *size, void *context),
                           void *context);

/** Cancelling is requested before step `n` (1 is the first). */
void fake_task_cancel_before_step(struct fake_task *t, uint64_t n);

/** Cancelling is requested `ms` milliseconds after the run began, from another thread. */
void fake_task_cancel_after_ms(struct fake_task *t, uint32_t ms);

/** A stage that wants more steps than this is stopped and is a defect; 1,000,000 otherwise. */
void fake_task_max_steps(struct fake_task *t, uint64_t n);

/**
 * create, step until it does not return FW_MORE, destroy; then the checks that a host makes:
 * outputs there, items counted, failures explained. Never NULL. Once per task.
 */
const struct fake_result *fake_task_run(struct fake_task *t);

/*
 * Files of a task. They lie in a folder that goes with the task; strings handed out stay until
 * then.
 */

/** The path of `name` in the task's folder, whether it is there or not. */
const char *fake_task_path(struct fake_task *t, const char *name);

/** Writes `text` to `name` in the task's folder, making folders on the way; gives the path. */
const char *fake_task_write(struct fake_task *t, const char *name, const char *text);

/** What is in a file, NUL-terminated. */
const char *fake_task_read(struct fake_task *t, const char *path);

/**
 * The rows of an SQL query as CSV with a header line: for tables, "FROM 'PATH'" and the
 * like. The kit needs a plugin with fw.sql/1 (pkg-config --variable=duckdb_plugin fw-sdk).
 */
const char *fake_task_query(struct fake_task *t, const char *query);

/** The host that the stage sees. */
const struct fw_host *fake_task_host(struct fake_task *t);

/** The first fault recorded since the last call of this, as one text, or "". */
const char *fake_task_take_fault(struct fake_task *t);

/** What was logged so far, one line each. Valid until the next message. */
const char *fake_task_log(const struct fake_task *t);

/** Requests cancelling now, calling the hook of fw.cancel/1. [any thread] */
void fake_task_cancel(struct fake_task *t);

/** Rows that the stage reported for an output port; -1 when it did not. */
int64_t fake_task_rows(const struct fake_task *t, const char *port);

/** The verdict that the stage gave for a gate, FW_GATE_TRUE and so on; -1 when it gave none. */
int32_t fake_task_gate(const struct fake_task *t, const char *name);

/** The reason that came with it, or NULL. */
const char *fake_task_gate_reason(const struct fake_task *t, const char *name);

/** The JSON text of one manifest field, or NULL when the stage did not set it. */
const char *fake_task_field(const struct fake_task *t, const char *name);

FW_END_DECLS

#endif

/* SPDX-License-Identifier: MIT */
#ifndef FW_SERVICE_CALLBACK_H
#define FW_SERVICE_CALLBACK_H

#include "fw/service/training.h"
#include "fw/stage.h"

FW_BEGIN_DECLS

/**
 * Provided by plugins, any number of them. A trainer lists FW_CALLBACK_ID "*" among its services
 * and asks the host for FW_CALLBACK_ID "#0", "#1" ... to find the kinds that a pipeline names.
 */
#define FW_CALLBACK_ID "fw.callback/1"

/** What one instance is made for. Owned by the trainer, constant until `destroy` returns. */
struct fw_callback_task {
    uint32_t struct_size;
    uint32_t n_values;
    const char *instance; /**< its metrics begin with it: "curvature", or what the pipeline says */
    const char *folder; /**< an existing folder of the trainer's output, for files of its own; what
                             is in it after a restore may be newer than the state: cut it back */
    const struct fw_value *values; /**< one for each parameter of the kind, checked */
    uint64_t seed;                 /**< of the run */
};
FW_ASSERT_NO_TAIL(struct fw_callback_task, seed);

/** The value of a declared option, never NULL; as fw_task_value (fw/task.h). */
static inline const struct fw_value *fw_callback_value(const struct fw_callback_task *task,
                                                       const char *name)
{
    const char *at = (const char *)task->values;
    for (uint32_t i = 0; i < task->n_values; i++) {
        const struct fw_value *value = (const struct fw_value *)(const void *)at;
        if (fw_name_equal(value->name, name)) {
            return value;
        }
        at += value->struct_size;
    }
    return NULL;
}

/**
 * A kind of callback. Constant data. Life of an instance: create, setup, (restore), hooks, destroy;
 * `save` between any two hooks. Hooks are called in the order in which the pipeline lists the
 * instances, `destroy` in the reverse order. [stage thread]
 *
 * A hook that fails is warned of and its metrics of that moment are NaN; after three failures in a
 * row the instance is called no more in this run. The training goes on. A failing `create` or
 * `setup` ends the run before its first step. Faults go through the host given to `create`.
 *
 * Time that hooks take is measured; where all together take too large a share of it, the trainer
 * calls `relax`.
 */
struct fw_callback {
    uint32_t struct_size;
    uint32_t n_params;
    const char *kind; /**< what a pipeline says: "curvature"; lower_snake */
    const char *doc;  /**< one line */
    const struct fw_param *params;
    uint64_t hooks; /**< bit i: `hook` is called at the moment i of FW_TRAINING_FIT_START ... */

    /** On failure nothing is left behind and *ret_self is untouched. */
    fw_status (*create)(const struct fw_host *host, const struct fw_callback_task *task,
                        void **ret_self);

    /** Announces metrics and takes what memory it needs. */
    fw_status (*setup)(void *self, const struct fw_training *training);

    fw_status (*hook)(void *self, const struct fw_training *training);

    /** Both NULL: it has no state. A restored instance says what the uninterrupted one would. */
    fw_status (*save)(void *self, struct fw_blob *ret);
    fw_status (*restore)(void *self, const struct fw_blob *blob);

    /** Makes its next events cheaper, in steps; what it did goes into `ret_text` (NUL-terminated).
     *  FW_MORE: it can do more of that; FW_OK: this was the last. NULL: it cannot. */
    fw_status (*relax)(void *self, char *ret_text, uint64_t size);

    void (*destroy)(void *self);
};
FW_ASSERT_NO_TAIL(struct fw_callback, destroy);

/** The table of the service. */
struct fw_callbacks {
    uint32_t struct_size;
    uint32_t n_kinds;
    const struct fw_callback *const *kinds;
};
FW_ASSERT_NO_TAIL(struct fw_callbacks, kinds);

FW_END_DECLS

#endif

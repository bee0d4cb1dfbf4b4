/* SPDX-License-Identifier: MIT */
#ifndef FW_STAGE_H
#define FW_STAGE_H

#include "fw/host.h"
#include "fw/task.h"

FW_BEGIN_DECLS

/** Capabilities, OR-ed. */
enum {
    FW_CAP_CHECKPOINT = 1u << 0, /**< save and restore are there and exact */
    FW_CAP_PARALLEL = 1u << 1    /**< uses more than one thread when the budget gives them */
};

/** How far the same inputs give the same outputs. */
enum {
    FW_DETERMINISM_NONE = 0,
    FW_DETERMINISM_TOLERANCE = 1, /**< equal within rounding */
    FW_DETERMINISM_BITWISE = 2    /**< equal bytes, whatever the threads and the memory */
};

/**
 * How far the stage is after a step, for progress, estimates and the check for empty stages. All
 * numbers count from the beginning of the stage, through restores too, and never go back.
 */
struct fw_step {
    uint32_t struct_size;
    uint32_t reserved;
    uint64_t done;    /**< units done so far, all steps together */
    uint64_t total;   /**< units in all; 0 = not known yet */
    uint64_t items;   /**< items (usually rows) processed so far; 0 at the end is an error */
    const char *unit; /**< "rows", "parts"; static storage; NULL = "steps" */
};
FW_ASSERT_NO_TAIL(struct fw_step, unit);

/** A stage's saved state. Whoever receives it calls `release` once. */
struct fw_blob {
    uint32_t struct_size;
    uint32_t version; /**< of the bytes' format; chosen and checked by the stage */
    const void *bytes;
    uint64_t size;
    void (*release)(struct fw_blob *blob); /**< NULL: nothing to release */
    void *private_data;
};
FW_ASSERT_NO_TAIL(struct fw_blob, private_data);

/**
 * A stage type. Constant data; one object serves any number of instances, and two instances
 * may run at once, so nothing of a run lives outside the instance.
 *
 * Life: create → (restore) → step until it does not return FW_MORE → destroy. All calls on
 * one instance come from one thread, one after another. [stage thread]
 */
struct fw_stage {
    uint32_t struct_size;
    uint32_t caps;
    uint32_t determinism;
    uint32_t n_inputs;
    uint32_t n_outputs;
    uint32_t n_params;
    uint32_t n_services_required;
    uint32_t n_services_optional;
    const char *name; /**< what `use = "..."` names; lower_snake ASCII, unique in a host */
    const char *doc;  /**< one line */
    const struct fw_port *inputs;
    const struct fw_port *outputs;
    const struct fw_param *params;
    /**
     * Ids. One provider of each is bound, the first in search order; of "ID*" all that there are,
     * and the host is then asked for "ID#0", "ID#1" and so on until it has no more. Required
     * are one or more. Which providers are bound is part of the cache key.
     */
    const char *const *services_required;
    const char *const *services_optional;

    /**
     * Makes an instance. Opens inputs and checks them; writes nothing, since a restore may follow.
     * `task`, with all it points to, and `host` stay valid until `destroy` returns: nothing of them
     * needs a copy. On failure nothing is left behind, *ret_self is untouched, and `destroy` is not
     * called.
     */
    fw_status (*create)(const struct fw_host *host, const struct fw_task *task, void **ret_self);

    /**
     * Does one bounded piece of work, aim below two seconds: a batch, a partition, a part
     * file. Returns FW_MORE, FW_OK when everything is written, or a failure. `ret` is filled
     * (its struct_size is set by the host) unless the step fails.
     */
    fw_status (*step)(void *self, struct fw_step *ret);

    /**
     * With FW_CAP_CHECKPOINT: the state between two steps; NULL without. What earlier steps wrote
     * has been handed to the system (flushed) when this returns. The instance goes on unharmed.
     * `ret` comes zeroed, with its struct_size.
     */
    fw_status (*save)(void *self, struct fw_blob *ret);

    /**
     * With FW_CAP_CHECKPOINT: called once, right after create, with bytes that `save` gave
     * to an instance of the same task, in another process perhaps; they are the host's. Outputs
     * may hold more than they did then: cut them back. FW_E_STATE refuses bytes of another version;
     * the host then starts from the beginning.
     */
    fw_status (*restore)(void *self, const struct fw_blob *blob);

    /**
     * Frees the instance in whatever state it is, also between two steps; what it has written
     * stays. Never called with NULL.
     */
    void (*destroy)(void *self);
};
FW_ASSERT_NO_TAIL(struct fw_stage, destroy);

FW_END_DECLS

#endif

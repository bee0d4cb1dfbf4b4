/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_CALLBACK_HOST_HUB_H
#define FW_LIB_CALLBACK_HOST_HUB_H

#include <stdbool.h>

#include <fw/service/callback.h>

/**
 * The callbacks of a training run, for the trainer that they watch:
 *
 *     fw_hub_create(host, task, &hub);      kinds and options are checked; nothing runs yet
 *     fw_hub_setup(hub, &run);              instances are made and announce their metrics
 *     fw_hub_restore(hub, &blob);           of a run that goes on
 *     struct fw_training *now = fw_hub_now(hub);
 *     now->epoch = ...; now->loss = ...;    what is known at the moment
 *     fw_hub_emit(hub, "train/loss_nats", loss);
 *     fw_hub_call(hub, FW_TRAINING_BATCH_END);
 *     fw_hub_destroy(hub);
 *
 * Nothing numeric happens here: what callbacks ask goes to the trainer's `fw_hub_engine`. All of it
 * on the stage thread.
 */
struct fw_hub;

/** The parameters that `fw_hub_create` reads, for the stage's table. */
/* clang-format off */
#define FW_HUB_PARAMS                                                                              \
    FW_PARAM(.type = FW_PARAM_TEXT_LIST, .name = "callbacks", .default_value = "",                 \
             .doc = "what watches the training, in this order: KIND, or NAME=KIND"),               \
    FW_PARAM(.type = FW_PARAM_TEXT_LIST, .name = "callback_options", .default_value = "",          \
             .doc = "settings of callbacks: NAME.option=value"),                                   \
    FW_PARAM(.type = FW_PARAM_REAL, .name = "callback_overhead", .default_value = "0.15",          \
             .min = "0", .doc = "the share of the training's time above which callbacks are "      \
                                "asked to do less; 0: never"),                                     \
    FW_PARAM(.type = FW_PARAM_INT, .name = "callback_overhead_steps", .default_value = "1000",     \
             .min = "1", .unit = "steps", .doc = "how long a share is measured before it counts"), \
    FW_PARAM(.type = FW_PARAM_BOOL, .name = "check_callbacks", .default_value = "false",           \
             .doc = "fail when a callback changes the training, by checksums around each hook",    \
             .flags = FW_PARAM_NO_EFFECT)
/* clang-format on */

/** The same as a list of services for `services_optional`. */
#define FW_HUB_SERVICES FW_CALLBACK_ID "*"

/**
 * What a trainer answers with. `host` is that of the callback that asks and outlives its probes:
 * faults go there, so that a question that fails never becomes the stage's fault. Ranges and
 * moments are checked before. What is NULL is answered with FW_E_UNSUPPORTED.
 */
struct fw_hub_engine {
    void *self;
    fw_status (*read)(void *self, const struct fw_host *host, uint32_t array, uint64_t first,
                      uint64_t n, double *ret_values);
    fw_status (*sums)(void *self, const struct fw_host *host, uint32_t array, uint64_t first,
                      uint64_t n, struct fw_training_sums *ret);
    fw_status (*remember)(void *self, const struct fw_host *host);
    fw_status (*probe_open)(void *self, const struct fw_host *host,
                            const struct fw_training_probe_options *options,
                            struct fw_training_probe **ret_probe);
    fw_status (*probe_at)(struct fw_training_probe *probe, double *ret_loss, double *ret_gradient);
    fw_status (*probe_product)(struct fw_training_probe *probe, const double *v, double *ret);
    fw_status (*probe_bend)(struct fw_training_probe *probe, const double *v, uint64_t seed,
                            double *ret_bend); /**< NULL: the view has none */
    void (*probe_close)(struct fw_training_probe *probe);
    fw_status (*halves)(void *self, const struct fw_host *host, uint64_t n, uint64_t seed,
                        struct fw_training_halves *ret);
    /** Over all that a callback must not change: parameters, gradients, kept buffers, the state of
     *  random numbers. For `check_callbacks`. */
    fw_status (*crc)(void *self, const struct fw_host *host, uint32_t *ret_crc);
    double (*seconds)(void *self);   /**< never goes back; NULL: the system's monotonic clock */
    double (*memory_mb)(void *self); /**< resident; NULL: as the system says of the process */
};

/** A metric of the trainer's own: "train/loss_nats". */
struct fw_hub_name {
    const char *name, *unit;
};

/** What is known once the model and the data are. All of it outlives the hub. */
struct fw_hub_run {
    const char *folder; /**< existing; each instance gets NAME below it */
    const struct fw_training_info *info;
    const struct fw_hub_engine *engine;
    const struct fw_hub_name *names; /**< announced before any callback's; sys/step_time_ms,
                                          sys/callback_ms, sys/overhead_frac and sys/rss_mb are the
                                          hub's, which emits them at the end of each quarter */
    uint64_t n_names;
};

/**
 * Reads the parameters FW_HUB_PARAMS of `task` and finds the kinds among the providers of
 * fw.callback/1 that `host` has. FW_E_CONFIG for what cannot be; calls no callback and writes
 * nothing. `host` and `task` outlive the hub.
 */
fw_status fw_hub_create(const struct fw_host *host, const struct fw_task *task,
                        struct fw_hub **ret_hub);

/** Accepts NULL and whatever is half done. */
void fw_hub_destroy(struct fw_hub *hub);

/**
 * Makes folders and instances, in order, and lets them announce their metrics. A fault of an
 * instance becomes the stage's, with the instance's name. FW_E_CONFIG, naming both owners, when a
 * metric is announced twice.
 */
fw_status fw_hub_setup(struct fw_hub *hub, const struct fw_hub_run *run);

/**
 * The view that hooks get, for the trainer to write into what it knows, `epoch` to `clipped_norm`:
 * `global_step` counts the step of AFTER_STEP and later. The numbers stay until they are
 * overwritten. `quarter` comes of `batch` by itself.
 */
struct fw_training *fw_hub_now(struct fw_hub *hub);

/** Gives a metric of the trainer's own. One that was not announced: undeclared/trainer/NAME. */
void fw_hub_emit(struct fw_hub *hub, const char *name, double value);

/**
 * Calls the hooks of a moment; never with RECORD, which follows by itself: what was emitted up to
 * BATCH_END makes one record, what VAL_END and EPOCH_END bring one each. What hooks fail at is
 * warned of and FW_OK. FW_E_CANCELLED when a hook gave up because the host asked for it; a fault
 * of the stage with `check_callbacks`, when one changed what is not its own.
 */
fw_status fw_hub_call(struct fw_hub *hub, uint32_t hook);

/** The state of all instances, between two batches. `ret` comes with its struct_size. */
fw_status fw_hub_save(struct fw_hub *hub, struct fw_blob *ret);

/**
 * After `setup`, before any hook. Instances that are new or gone are warned of. FW_E_STATE for
 * bytes of another version, of the hub or of an instance.
 */
fw_status fw_hub_restore(struct fw_hub *hub, const struct fw_blob *blob);

/** How it went, for a report. Texts belong to the hub; valid until its next call. */
struct fw_hub_instance {
    const char *name, *kind;
    double seconds;           /**< in its hooks */
    double processor_seconds; /**< there, of all threads; of this process, not over restores */
    uint64_t failures;
    bool disabled;
};

struct fw_hub_event {
    uint64_t global_step;
    const char *owner, *name, *text; /**< owner: an instance, or "hub": "overhead_backoff",
                                          "callback_disabled" */
};

struct fw_hub_summary {
    const struct fw_hub_instance *instances; /**< in the order of the list */
    uint64_t n_instances;
    const struct fw_hub_event *events; /**< the first ones, over restores too */
    uint64_t n_events;
    uint64_t n_events_left_out;
    uint64_t duplicates; /**< emissions of a name that had a value at that step */
    uint64_t records;
    double fit_seconds; /**< since FIT_START, over restores too, hooks included */
    double callback_seconds;
    double step_processor_seconds; /**< of batches, without hooks; not over restores */
};

void fw_hub_summarise(struct fw_hub *hub, struct fw_hub_summary *ret);

#endif

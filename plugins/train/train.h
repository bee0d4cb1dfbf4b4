/* SPDX-License-Identifier: MIT */
#ifndef TRAIN_TRAIN_H
#define TRAIN_TRAIN_H

#include <cjson/cJSON.h>

#include <fw/stage.h>

#include "callback_host/hub.h"
#include "dataset/dataset.h"
#include "model/model.h"
#include "net/net.h"
#include "optimiser/optimiser.h"
#include "optimiser/schedule.h"
#include "sql/sql.h"
#include "stopping.h"

/*
 * A stage that trains a net. A step is a quarter of an epoch, or less of it where that takes long;
 * then what validation says of it. After the last one: the best weights are put back, all parts are
 * evaluated, everything is written.
 *
 * Everything random follows from the run's seed, the epoch, the step and the sample; all sums have
 * a fixed order: nothing but times differs between two runs, whatever the threads, on the CPU.
 */

/** Faults go where `target` says: callbacks ask through the same net and kernels as the stage. */
struct train_relay {
    struct fw_host host; /**< first: `fail` finds the relay by it */
    const struct fw_host *target;
};

/** How the run goes; from the parameters. */
struct train_settings {
    uint64_t epochs, batch_size, seed, top_k;
    double clip_norm; /**< 0: gradients stay as they are */
    double decay;
    bool validates_quarters; /**< else at the end of epochs alone */
    bool stops_at_nan;
    bool restores_best;
    bool is_dry; /**< fast_dev_run: one batch of each kind */
    bool evaluates_test;
    struct stopping_rule stopping;
};

/** What is known at the end of a quarter. Kept in checkpoints as it is. */
struct train_point {
    uint64_t epoch, step;
    double loss, accuracy; /**< of the training batches of the quarter: mean, share */
    double rate;
    double gradient_norm;                   /**< mean over the batches, before clipping */
    double val_loss, val_accuracy, val_auc; /**< NaN: not validated, or not defined */
};

/** A checkpoint among the best. Kept in checkpoints as it is. */
struct train_kept {
    uint64_t step, epoch;
    double val_loss, val_auc;
    uint64_t is_gone; /**< the run was over once, and will drop it again */
};

enum { TRAIN_KEPT_MOST = 16 };

/** Files of weights in the folder `run`. Kept in checkpoints as it is. */
struct train_keep {
    struct train_kept items[TRAIN_KEPT_MOST]; /**< by val_loss, the earlier first of equal ones */
    uint64_t n;
    uint64_t saved_step;                   /**< of the last state that was saved */
    uint64_t dropped[2 * TRAIN_KEPT_MOST]; /**< steps of files that a saved state may want */
    uint64_t n_dropped;
    uint64_t n_unknown;   /**< the first of them: those that the newest state does not know */
    uint64_t n_forgotten; /**< the first of those: nor does the one before it */
};

/** Where the run is. Kept in checkpoints as it is. */
struct train_place {
    uint64_t epoch, batch, step; /**< the next batch; steps made */
    uint64_t n_seen;             /**< samples, in all */
    uint64_t bad_in_row, n_bad;  /**< losses that were not finite */
    uint64_t quarter_batches, quarter_samples, quarter_correct;
    double quarter_loss, quarter_norm; /**< sums */
    uint64_t has_begun, stopped_early;
};

/** What the samples of a part were held for. */
struct train_answers {
    uint64_t n;
    float *p;                   /**< n × columns */
    double loss, accuracy, auc; /**< AUC: NaN unless there are two classes, both of them there */
};

enum train_phase { TRAIN_FIT, TRAIN_EVALUATE, TRAIN_WRITE };

/** One instance of the stage. */
struct train {
    const struct fw_host *host;
    const struct fw_task *task;
    struct train_relay relay;
    struct train_settings settings;
    struct fw_sql_handle sql; /**< open only where tables are read or written */

    struct fw_dataset *set;
    const struct fw_dataset_info *info; /**< of the set */
    const uint32_t *part[FW_DATASET_PARTS];
    uint64_t n_part[FW_DATASET_PARTS];
    char digest[FW_DATASET_DIGEST];

    const struct fw_kernels *kernels;
    struct fw_kernels_session *session;
    struct fw_model model;
    struct fw_net *net;
    struct fw_net_weights *weights;
    struct fw_net_pass *pass;
    uint32_t loss_kind;
    uint64_t columns; /**< numbers of an answer */
    struct fw_optimiser optimiser;
    struct fw_schedule schedule;
    uint64_t batches; /**< of an epoch */

    uint32_t *order; /**< of the epoch that is being trained */
    bool has_order;
    float *inputs; /**< a batch's */
    int32_t *labels;

    struct fw_hub *hub;
    struct fw_hub_engine engine;
    struct fw_training_info training;
    struct fw_training_tensor *tensors; /**< as callbacks see them */
    const struct fw_training_tensor **tensor_list;
    char **layers; /**< of the tensors */
    struct fw_kernels_buffer *remembered;
    bool gradients_count; /**< they are those of the last batch */

    struct train_place place;
    struct stopping stopping;
    struct train_keep keep;
    bool has_begun; /**< train_begin was called */
    struct train_point *points;
    uint64_t n_points, room_points;
    float *best; /**< parameters, then what is kept beside them; NULL: none are wanted */
    enum train_phase phase;
    uint32_t next_part; /**< to be evaluated */
    struct train_answers answers[FW_DATASET_PARTS];
    double seconds; /**< in steps, since the first one */
};

/* settings.c */
fw_status train_settings_read(struct train *train);

/* source.c: opens the data that the parameters name. */
fw_status train_source_open(struct train *train);

/* model.c: builds the net that the parameters describe. */
fw_status train_model_build(struct train *train);
/** The configuration of the model as JSON, complete: what is needed to build it again. */
cJSON *train_model_document(const struct train *train);
/** What of the data the model depends on. */
cJSON *train_data_document(const struct train *train);

/* batch.c */
/** Inputs and labels of n samples into the pass, by `draw` augmented. */
fw_status train_batch_load(struct train *train, struct fw_net_pass *pass, const uint32_t *samples,
                           uint64_t n, const struct fw_dataset_draw *draw);
/** Trains with one batch, hooks included, up to BATCH_END. */
fw_status train_batch(struct train *train);

/* evaluate.c */
/** Answers for a part with the weights as they are; `ret` is zeroed, and freed by the caller. */
fw_status train_evaluate(struct train *train, enum fw_dataset_part part, struct train_answers *ret);
void train_answers_finish(struct train_answers *answers);
/** Whether the host wants the step to end. */
bool train_is_cancelled(const struct train *train);

/* fit.c */
/** A step of training: FW_MORE, or FW_OK when the last epoch is over. */
fw_status train_fit(struct train *train);

/* engine.c: what callbacks ask. */
void train_engine_init(struct train *train);
fw_status train_engine_describe(struct train *train);

/* probe.c */
fw_status train_probe_open(void *self, const struct fw_host *host,
                           const struct fw_training_probe_options *options,
                           struct fw_training_probe **ret_probe);
fw_status train_probe_at(struct fw_training_probe *probe, double *ret_loss, double *ret_gradient);
fw_status train_probe_product(struct fw_training_probe *probe, const double *v, double *ret);
fw_status train_probe_bend(struct fw_training_probe *probe, const double *v, uint64_t seed,
                           double *ret_bend);
void train_probe_close(struct fw_training_probe *probe);
fw_status train_halves(void *self, const struct fw_host *host, uint64_t n, uint64_t seed,
                       struct fw_training_halves *ret);
/** n different samples of the training part, by the seed; the caller frees. NULL: no memory. */
uint32_t *train_draw(const struct train *train, uint64_t n, uint64_t seed);

/* keep.c: the folder `run` */
/** Takes the weights among the best if they are, after a validation. */
fw_status train_keep_offer(struct train *train, const struct train_point *point);
/** When a state is made: it knows nothing of what was dropped before. Whether it will be stored
 *  is not known, so that the one before it may still be wanted. */
void train_keep_saved(struct train *train);
/** Removes the files that neither of the last two states wants; a step begins with it. */
fw_status train_keep_tidy(struct train *train);
/** `last.ckpt`, with the optimiser's state. */
fw_status train_keep_last(struct train *train);
/** The output `model`. */
fw_status train_keep_model(struct train *train);
/** best-1.ckpt ... in the order of their losses, and nothing else. */
fw_status train_keep_finish(struct train *train);
/** Makes the folder as it was when the state was saved. */
fw_status train_keep_restore(struct train *train);

/* weights.c */
/** What the run begins with: drawn by the seed, or those of the input `weights`. */
fw_status train_weights_begin(struct train *train);
/** Copies of all weights from and to the device: parameters, then what is kept beside them. */
fw_status train_weights_get(struct train *train, void *ret_weights);
fw_status train_weights_put(struct train *train, const void *weights);
/** A file of the weights as they are; with the optimiser's state behind them. */
fw_status train_weights_write(struct train *train, const char *path, const struct train_kept *at,
                              bool with_state);

/* document.c */
/** What a run is and was given, for checkpoints and results. */
cJSON *train_parameters_document(const struct train *train);
cJSON *train_scaling_document(const struct train *train);
const char *train_experiment(const struct train *train);

/* stage.c */
/** Makes the folder of the run and sets the callbacks up, once. */
fw_status train_begin(struct train *train);

/* state.c */
fw_status train_save(void *self, struct fw_blob *ret);
fw_status train_restore(void *self, const struct fw_blob *blob);

/* metrics.c */
/** What the answers for a part are worth, as JSON; null where there are none. */
cJSON *train_metrics_document(const struct train *train, enum fw_dataset_part part);

/* write.c: result.json, machine.json, the page */
fw_status train_write(struct train *train);
/** Why the training ended: "epochs", "patience", "fast_dev_run". */
const char *train_stop_reason(const struct train *train);

/* plots.c */
fw_status train_plots_write(struct train *train, const char *path);

/* predictions.c */
fw_status train_predictions_write(struct train *train);
fw_status train_answers_write(struct train *train);

extern const struct fw_stage train_stage;

#endif

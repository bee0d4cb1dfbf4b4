/* SPDX-License-Identifier: MIT */
#ifndef TRAINING_FIXTURE_H
#define TRAINING_FIXTURE_H

/*
 * A training run without a model, for what fw/testkit_training.h does not act out: callbacks beside
 * each other, a whole Hessian, batches that do not fit, a host that asks to stop, a kill. A test's
 * own mistakes abort.
 */

#include <stdbool.h>

#include <fw/service/callback.h>
#include <fw/testkit.h>

enum { TRAINING_MOST = 64 };

struct training_said {
    char name[128];
    uint64_t step;
    double value;
};

/** One instance. `options` end with NULL, each "option=value". */
struct training_instance {
    const char *kind, *name;
    const char *options[8];
};

struct training {
    /* before training_open */
    uint64_t epochs, batches, n_train;
    uint64_t n;             /* parameters */
    const double *hessian;  /* n x n; NULL: no second derivatives */
    uint64_t probe_most;    /* samples of a probe that there is memory for; 0: any number */
    uint64_t cancel_behind; /* products and bends after which the host asks to stop; 0: never */
    bool without_bend;      /* as a trainer that has products alone */
    bool restarts;          /* every state goes through save and restore behind each batch */
    const struct training_instance *callbacks;
    uint64_t n_callbacks;
    const struct fw_training_tensor *const *tensors;
    uint64_t n_tensors;
    double (*loss)(uint64_t step);                  /* of the step that is being made, from 0 */
    void (*gradient)(uint64_t step, double *ret_g); /* NULL: all are 1 */
    double clip;                                    /* the norm that steps may have; 0: any */

    /* what came of it */
    struct training_said *said;
    uint64_t n_said;
    char events[4096]; /* "name: text\n" each */
    uint64_t n_products, n_bends, n_probes;
    uint64_t last_samples; /* of the newest probe */
    fw_status failed;      /* the first hook's that did */

    /* its own */
    struct fw_training view;
    struct fw_training_info info;
    struct fw_training_record record;
    struct fw_training_metric pending[256];
    char names[256][128];
    uint64_t n_pending;
    char declared[256][128];
    uint64_t n_declared;
    double parameters[TRAINING_MOST], gradients[TRAINING_MOST], before[TRAINING_MOST];
    void *selves[8];
    struct fw_value *values[8];
    struct fw_callback_task tasks[8];
    char folders[8][4096];
    uint64_t owner;
    struct fake_kit *kit;
    struct fake_task *host;
};

/** Opens the plugin (MONITORS_SO) and makes the instances, with a folder each below `folder`. */
void training_open(struct training *t, const char *so, const char *folder);
void training_close(struct training *t);

/** The same for the state: saves, destroys, makes anew and restores. */
void training_restart(struct training *t);

/** Destroys the instances and makes them anew, as after a kill; then training_restore. */
void training_forget(struct training *t);
void training_save(struct training *t, struct fw_blob ret[8]);
fw_status training_restore(struct training *t, struct fw_blob blobs[8]);
void training_release(struct fw_blob blobs[8]);

/** Trains steps first ... end - 1, whole epochs or not; FIT_START with the first one. */
void training_run(struct training *t, uint64_t first, uint64_t end);

/** Calls one moment of all instances, and RECORD if they said something. */
void training_call(struct training *t, uint32_t hook);

/** What was said of a metric at a step, the newest; aborts when nothing was. */
double training_value(const struct training *t, const char *name, uint64_t step);
/** Whether two runs said the same of the same steps, to the bit; prints the first difference. Times
 *  on the clock, NAME/wall_s, may differ. */
bool training_same(const struct training *a, const struct training *b);

/** How often it was said in all. */
uint64_t training_count(const struct training *t, const char *name);

#endif

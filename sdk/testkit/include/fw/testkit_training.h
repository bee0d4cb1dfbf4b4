/* SPDX-License-Identifier: MIT */
#ifndef FW_TESTKIT_TRAINING_H
#define FW_TESTKIT_TRAINING_H

/**
 * A training that is acted out, to test callbacks (fw/service/callback.h) with: no model, no data,
 * just the hooks in their order around numbers that the test writes.
 *
 *     struct fake_kit *kit = fake_kit_open("build/loss_mean.so", NULL);
 *     struct fake_training *t = fake_training_create(kit, "loss_mean");
 *     fake_training_losses(t, (const double[]){3, 1, 2}, 3);
 *     assert_int_equal(fake_training_run(t, 3), FW_OK);
 *     assert_true(fake_training_metric(t, "mean", 3) == 2);
 *     assert_null(fake_training_defect(t));
 *     fake_training_destroy(t);
 *     fake_kit_close(kit);
 *
 * As with stages, a mistake of the test prints one line and aborts. The clock of records goes on by
 * one second with each step. An epoch has 8 batches unless the test says otherwise; the last one of
 * the last epoch is followed by FIT_END.
 */

#include "fw/service/callback.h"
#include "fw/testkit.h"

FW_BEGIN_DECLS

struct fake_training;

/** An instance named after its kind, which a plugin of the kit provides. Nothing is called yet. */
struct fake_training *fake_training_create(struct fake_kit *kit, const char *kind);

/** Ends the instance and removes its folder. Accepts NULL. */
void fake_training_destroy(struct fake_training *t);

/*
 * Before the first run.
 */

/** An option, written as in a pipeline: "20", "true", "a,b"; defaults otherwise. */
void fake_training_option(struct fake_training *t, const char *name, const char *text);

void fake_training_size(struct fake_training *t, uint64_t batches, uint64_t epochs);

/** Adds a trainable array: `name` is "stem.weight", of the layer "stem". Without any there is one
 *  of 4 elements, "layer.weight". Parameters are 1, gradients 0.5. */
void fake_training_tensor(struct fake_training *t, const char *name, uint64_t count);

/** Answers probes as the loss sum(curvature[i] * parameter[i]^2) / 2, whose Hessian is diagonal: so
 *  many numbers as there are parameters. Without it probe_open is FW_E_UNSUPPORTED. */
void fake_training_curvature(struct fake_training *t, const double *curvature);

/** What `halves` answers; without it FW_E_UNSUPPORTED. */
void fake_training_halves(struct fake_training *t, const struct fw_training_halves *halves);

/*
 * The script, at any time.
 */

/** Losses of the next steps; the last one stays. 1 otherwise. */
void fake_training_losses(struct fake_training *t, const double *losses, uint64_t n);

/** The numbers that hooks read. */
double *fake_training_parameters(struct fake_training *t);
double *fake_training_gradients(struct fake_training *t);

/** What hooks see: to set val_loss, rate, n_correct and the like. Valid between runs. */
struct fw_training *fake_training_now(struct fake_training *t);

/**
 * Runs so many steps, the first time with `create`, `setup` and FIT_START in front. FW_OK, or what
 * the first call that fails says: a trainer would go on, a test wants to know.
 */
fw_status fake_training_run(struct fake_training *t, uint64_t n_steps);

/** The state moves through save and restore into a fresh instance, as after a kill. */
fw_status fake_training_restart(struct fake_training *t);

/** One hook more, as it is: FW_TRAINING_EXCEPTION after the test has set `status`, for example. */
fw_status fake_training_call(struct fake_training *t, uint32_t hook);

/** One call of `relax`; what it did is logged. */
fw_status fake_training_relax(struct fake_training *t);

/*
 * What came of it. Texts are valid until the next call.
 */

/** How often a metric was recorded; its name is without "INSTANCE/". */
uint64_t fake_training_count(const struct fake_training *t, const char *name);

/** Its value at a step; aborts where it was not recorded. */
double fake_training_metric(const struct fake_training *t, const char *name, uint64_t global_step);

/** One line each, in order: "step name value\n". */
const char *fake_training_metrics(const struct fake_training *t);

/** One line each: "step name text\n". */
const char *fake_training_events(const struct fake_training *t);

/** The first fault since the last call of this, or "". */
const char *fake_training_fault(struct fake_training *t);

/** How the callback broke its contract, or NULL: an undeclared metric, a failure without fault. */
const char *fake_training_defect(const struct fake_training *t);

/** Its host and its folder: a task without a stage. */
struct fake_task *fake_training_task(struct fake_training *t);
const char *fake_training_folder(const struct fake_training *t);

FW_END_DECLS

#endif

/* SPDX-License-Identifier: MIT */
#ifndef COMPARE_COMPARE_H
#define COMPARE_COMPARE_H

#include <fw/stage.h>

#include "findings.h"
#include "given.h"
#include "judge.h"
#include "set.h"
#include "sql/text.h"

/* The stage compare_models: arms one after another, chunk by chunk, then replicates, then what came
 * of them. */
struct compare {
    const struct fw_host *host;
    const struct fw_task *task;
    struct compare_arms arms;
    struct compare_set set;
    struct compare_given given;
    uint64_t chunk;
    struct compare_scores scores;
    struct compare_intervals intervals;
    struct compare_trip trip;

    size_t arm;  /* that is being predicted; arms.n when all are */
    uint64_t at; /* its next sample */
    uint64_t batch;
    struct compare_seen seen;
    struct fw_predictor_model *model; /* of `arm`; NULL: not open, or the arm has none */
};

/* Opens every arm once: whether it fits the test set is said before anything runs. */
fw_status compare_check_arms(struct compare *compare);

/* The next chunk of the arm at hand. FW_MORE, FW_OK behind the last, or COMPARE_TRIPPED. */
fw_status compare_predict(struct compare *compare);

/* save and restore of the stage. */
fw_status compare_save(void *self, struct fw_blob *ret);
fw_status compare_restore(void *self, const struct fw_blob *blob);

/* Writes every output and gives the verdict; of a tripped comparison the note and the result. */
fw_status compare_write(struct compare *compare);

/* Appends what is to be read, as Markdown; of a tripped comparison why. */
void compare_page(const struct compare *compare, const struct compare_findings *findings,
                  struct fw_text *text);

/* Appends the metrics with their intervals, side by side, as SVG. */
void compare_plot(const struct compare *compare, const struct compare_findings *findings,
                  struct fw_text *text);

extern const struct fw_stage compare_models_stage;

#endif

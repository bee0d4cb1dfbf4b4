/* SPDX-License-Identifier: MIT */
#ifndef TRAIN_STOPPING_H
#define TRAIN_STOPPING_H

#include <stdint.h>

#include <stdbool.h>

/**
 * When validation gets no better any more (market.md 4.4). Best starts worse than anything; a
 * value that is not a number is no improvement. Kept in checkpoints as it is.
 */
struct stopping {
    uint64_t best_epoch;
    double best;      /**< of best_epoch; where there is none, NaN */
    uint64_t waiting; /**< epochs since then */
    uint64_t has_best;
};

struct stopping_rule {
    bool larger_is_better;
    double min_delta;  /**< what must be surpassed */
    uint64_t patience; /**< epochs without improvement that end the run; 0: they never do */
};

static inline struct stopping stopping_begin(void)
{
    return (struct stopping){.best = 0.0 / 0.0};
}

/** Takes the value of an epoch; whether it is the best so far, by more than min_delta. */
bool stopping_improves(struct stopping *stopping, const struct stopping_rule *rule, uint64_t epoch,
                       double value);

/** Whether to stop behind the epochs so far. */
bool stopping_is_due(const struct stopping *stopping, const struct stopping_rule *rule);

#endif

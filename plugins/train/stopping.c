/* SPDX-License-Identifier: MIT */
#include "stopping.h"

#include <math.h>

bool stopping_improves(struct stopping *stopping, const struct stopping_rule *rule, uint64_t epoch,
                       double value)
{
    const double gain = rule->larger_is_better ? value - stopping->best : stopping->best - value;

    /* The first value has nothing to surpass; of what is not a number every comparison is false. */
    if (!isnan(value) && (stopping->has_best == 0 || gain > rule->min_delta)) {
        *stopping = (struct stopping){.best_epoch = epoch, .best = value, .has_best = 1};
        return true;
    }
    stopping->waiting++;
    return false;
}

bool stopping_is_due(const struct stopping *stopping, const struct stopping_rule *rule)
{
    return rule->patience > 0 && stopping->waiting >= rule->patience;
}

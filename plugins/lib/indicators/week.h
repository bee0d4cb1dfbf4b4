/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_INDICATORS_WEEK_H
#define FW_LIB_INDICATORS_WEEK_H

#include <stdint.h>

#include <stdbool.h>

#include "indicators/momentum.h"

/**
 * Figures of the last week that is over. Weeks begin on Monday; a week ends when a later one
 * begins, so no day knows a close after it. `mondays_only`, as in the reference: they change on a
 * Monday that trades, else in a later week.
 */
struct fw_week {
    bool mondays_only, begun;
    int32_t monday; /**< of the week that runs, days since 1970-01-01 */
    double close;   /**< its last one so far */
    struct fw_stochrsi closes;
    double rsi, stochrsi; /**< as shown; NaN before there is one */
};

void fw_week_init(struct fw_week *week, bool mondays_only);
void fw_week_push(struct fw_week *week, int32_t day, double close);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_INDICATORS_CATALOGUE_H
#define FW_LIB_INDICATORS_CATALOGUE_H

#include <stddef.h>

#include "indicators/market.h"

/** Sets of columns; each has those before it, and its own behind them. */
enum fw_tier { FW_TIER_A20, FW_TIER_A50, FW_TIER_A100, FW_TIERS };

/** A column: a row of columns.def. */
struct fw_indicator {
    const char *name;
    enum fw_tier tier;
    int32_t first; /**< the first day, from 0, on which the value is what it says */
    bool is_whole; /**< its values are whole numbers */
    const char *doc;

    /** The value as of the last bar; NaN where there is none. */
    double (*value)(const struct fw_market *market);
};

extern const struct fw_indicator fw_indicators[];

/** How many columns a tier has, from the first on: 20, 50, 100. */
size_t fw_tier_columns(enum fw_tier tier);

/** Days before all columns of a tier are what they say: 199, 252, 252. */
int32_t fw_tier_warm_up(enum fw_tier tier);

#endif

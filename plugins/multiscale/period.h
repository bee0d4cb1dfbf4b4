/* SPDX-License-Identifier: MIT */
#ifndef MULTISCALE_PERIOD_H
#define MULTISCALE_PERIOD_H

#include <stdint.h>

/* Instants are microseconds since 1970-01-01 in UTC, days are counted from there. */

#define PERIOD_DAY INT64_C(86400000000)

/** The day that an instant is of. */
static inline int64_t period_day(int64_t at)
{
    return at / PERIOD_DAY - (at % PERIOD_DAY < 0);
}

/** The day's week: its Monday, as a day. */
int64_t period_week(int64_t day);

/** The first day of the day's month. */
int64_t period_month(int64_t day);

#endif

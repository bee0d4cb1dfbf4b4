/* SPDX-License-Identifier: MIT */
#include "period.h"

static int64_t floor_mod(int64_t value, int64_t by)
{
    int64_t rest = value % by;

    return rest < 0 ? rest + by : rest;
}

/* 1970-01-01 was a Thursday. */
int64_t period_week(int64_t day)
{
    return day - floor_mod(day + 3, 7);
}

/*
 * The Gregorian calendar in years from March on, so that a leap day ends one: 719,468 days lie
 * between 0000-03-01 and 1970-01-01, and a month's number times 30.6 is where it begins.
 */
int64_t period_month(int64_t day)
{
    int64_t of_era = floor_mod(day + 719468, 146097);
    int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
    int64_t month = (5 * of_year + 2) / 153;

    return day - (of_year - (153 * month + 2) / 5);
}

/* SPDX-License-Identifier: MIT */
#include "indicators/week.h"

#include <math.h>

void fw_week_init(struct fw_week *week, bool mondays_only)
{
    *week = (struct fw_week){.mondays_only = mondays_only, .rsi = NAN, .stochrsi = NAN};
    fw_stochrsi_init(&week->closes);
}

/* 1970-01-01 was a Thursday. */
static int32_t monday_of(int32_t day)
{
    int32_t weekday = ((day + 3) % 7 + 7) % 7;

    return day - weekday;
}

void fw_week_push(struct fw_week *week, int32_t day, double close)
{
    int32_t monday = monday_of(day);

    if (week->begun && monday != week->monday) {
        fw_stochrsi_push(&week->closes, week->close);
    }
    if (!week->mondays_only || day == monday) {
        week->rsi = week->closes.rsi.value;
        week->stochrsi = week->closes.value;
    }
    week->begun = true;
    week->monday = monday;
    week->close = close;
}

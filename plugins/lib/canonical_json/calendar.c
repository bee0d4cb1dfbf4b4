/* SPDX-License-Identifier: MIT */
#include <inttypes.h>

#include "canonical_json.h"

enum { DAY_SECONDS = 86400, NANOS = 1000000000 };

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

struct civil {
    int64_t year;
    int month;
    int day;
};

/*
 * The Gregorian calendar extended both ways, counted in eras of 400 years that begin on 1 March,
 * so that the leap day is the last of its year.
 */
static struct civil civil_from_days(int64_t days)
{
    int64_t shifted = days + 719468;
    int64_t era = floor_div(shifted, 146097);
    int64_t day_of_era = shifted - era * 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month_from_march = (5 * day_of_year + 2) / 153;
    int month = (int)(month_from_march < 10 ? month_from_march + 3 : month_from_march - 9);

    return (struct civil){.year = year_of_era + era * 400 + (month <= 2),
                          .month = month,
                          .day = (int)(day_of_year - (153 * month_from_march + 2) / 5 + 1)};
}

static void append_year_month_day(struct fw_text *text, struct civil civil)
{
    int64_t year = civil.year > 0 ? civil.year : 1 - civil.year;

    fw_text_appendf(text, "%04" PRId64 "-%02d-%02d", year, civil.month, civil.day);
}

static void append_era(struct fw_text *text, struct civil civil)
{
    if (civil.year <= 0) {
        fw_text_append(text, " (BC)");
    }
}

void fw_canonical_date(struct fw_text *text, int64_t days)
{
    struct civil civil = civil_from_days(days);

    append_year_month_day(text, civil);
    append_era(text, civil);
}

void fw_canonical_time(struct fw_text *text, int64_t nanos)
{
    int64_t seconds = nanos / NANOS;
    int64_t fraction = nanos % NANOS;

    fw_text_appendf(text, "%02d:%02d:%02d", (int)(seconds / 3600), (int)(seconds / 60 % 60),
                    (int)(seconds % 60));
    if (fraction % 1000 != 0) {
        fw_text_appendf(text, ".%09" PRId64, fraction);
    } else if (fraction != 0) {
        fw_text_appendf(text, ".%06" PRId64, fraction / 1000);
    }
}

void fw_canonical_timestamp(struct fw_text *text, int64_t seconds, int64_t nanos)
{
    struct civil civil = civil_from_days(floor_div(seconds, DAY_SECONDS));
    int64_t second = seconds % DAY_SECONDS;

    append_year_month_day(text, civil);
    fw_text_append_len(text, " ", 1);
    fw_canonical_time(text, (second + (second < 0) * DAY_SECONDS) * NANOS + nanos);
    append_era(text, civil);
}

void fw_canonical_offset(struct fw_text *text, int32_t seconds)
{
    int32_t magnitude = seconds < 0 ? -seconds : seconds;

    fw_text_appendf(text, "%c%02d:%02d", seconds < 0 ? '-' : '+', magnitude / 3600,
                    magnitude / 60 % 60);
    if (magnitude % 60 != 0) {
        fw_text_appendf(text, ":%02d", magnitude % 60);
    }
}

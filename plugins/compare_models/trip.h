/* SPDX-License-Identifier: MIT */
#ifndef COMPARE_TRIP_H
#define COMPARE_TRIP_H

#include <fw/host.h>

/*
 * What a guard returns when an arm's answers are not worth comparing: no failure of this program,
 * but the end of the comparison, with a verdict.
 */
#define COMPARE_TRIPPED ((fw_status)100)

struct compare_trip {
    const char *reason; /* "shape", "non_finite", "all_zero", "constant"; NULL: none */
    char text[512];     /* arm, samples, statistics */
};

__attribute__((format(printf, 3, 4))) fw_status
compare_trip(struct compare_trip *trip, const char *reason, const char *format, ...);

/*
 * Writes FOLDER/blocked_<UTC>_<reason>.md, for whoever has to look at it.
 */
fw_status compare_trip_note(const struct compare_trip *trip, const struct fw_host *host,
                            const char *folder);

#endif

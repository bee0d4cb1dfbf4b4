/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_INSTANT_INSTANT_H
#define FW_LIB_INSTANT_INSTANT_H

#include "source/source.h"

/**
 * Appends SQL for the instant that a column's value is: a TIMESTAMP in UTC (TIMESTAMP_NS loses
 * what is below a microsecond), NULL where there is none.
 *
 * Dates are their midnight; times with a zone are brought to UTC. Anything else is read as text:
 * a day (2022-04-18, / allowed), or a day and a time ([ T]HH:MM[:SS[.f]]), which is UTC unless an
 * offset follows the seconds (Z, " UTC", +02, +0200, +02:00). Other texts have no instant.
 */
void fw_instant_append(struct fw_text *text, const struct fw_source_column *column);

/** The same for its calendar day: a DATE. `format` is of text, as in strptime; "" the above. */
void fw_instant_append_day(struct fw_text *text, const struct fw_source_column *column,
                           const char *format);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef COMPARE_GIVEN_PARTS_H
#define COMPARE_GIVEN_PARTS_H

#include "given.h"

/* Between the files of given.h. */

/* Answers of an arm before they are joined: k0 ..., p0 ..., perhaps y, fw_file, fw_row. */
#define COMPARE_UNJOINED "fw_unjoined"

/* 't' of text, 'n' of numbers, 'd' of days and times, '?' of anything else. */
char compare_key_family(const struct fw_source_column *column);

/* Appends " WHERE ..." of the arm's experiment and the split. */
fw_status compare_given_where(const struct compare_given *given, const struct compare_arm *arm,
                              struct fw_text *where);

/* Refuses the arm's experiment and split, with what there is. */
fw_status compare_given_refuse_cell(const struct compare_given *given,
                                    const struct compare_arm *arm, const char *what);

/* The column of answer i of k. */
void compare_given_name(uint64_t i, uint64_t k, char ret[32]);

/* Appends "s.k0 = g.k0 AND ...": texts are compared as texts, whatever the other side is. */
void compare_given_match(const struct compare_given *given, struct fw_text *text);

/* Refuses rows of COMPARE_UNJOINED: see compare_given_join. */
fw_status compare_given_check(const struct compare_given *given, const struct compare_arm *arm,
                              uint64_t k);

#endif

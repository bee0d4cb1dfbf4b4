/* SPDX-License-Identifier: MIT */
#ifndef GOLDEN_H
#define GOLDEN_H

/*
 * tests/reference/canonical_json.golden: calls `check` with the middle and the last field of
 * every line whose first field is `kind`. Gives the number of such lines.
 */
int golden_each(const char *kind, void (*check)(const char *input, const char *expected, void *arg),
                void *arg);

#endif

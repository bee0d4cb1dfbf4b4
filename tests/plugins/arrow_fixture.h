/* SPDX-License-Identifier: MIT */
#ifndef ARROW_FIXTURE_H
#define ARROW_FIXTURE_H

#include <stddef.h>
#include <stdint.h>

#include <fw/arrow.h>

/*
 * Arrow tables by hand, and what is in them as text: the oracle of tests of code that handles
 * Arrow arrays. Every nested array begins at an offset of its own, lists in the middle of their
 * child; some have no validity, some have one that says nothing.
 */

/* A column: its name and Arrow format, and its children up to one without a format. */
struct arrow_field {
    const char *name, *format;
    const struct arrow_field *children;
};

/* A deterministic source of numbers. */
uint64_t arrow_random(uint64_t *seed);

/* Points into `fields`, up to one without a format. The schema is to be released. */
void arrow_make_schema(const struct arrow_field *fields, struct ArrowSchema *ret_schema);

/* Random rows. The batch is to be released; its columns can be changed before that. */
void arrow_make_batch(const struct arrow_field *fields, size_t n_rows, uint64_t *seed,
                      struct ArrowArray *ret_batch);

/* One row as text, to be freed; `schema` is the batch's. Views are known, too. */
char *arrow_row(const struct ArrowSchema *schema, const struct ArrowArray *batch, int64_t row);

#endif

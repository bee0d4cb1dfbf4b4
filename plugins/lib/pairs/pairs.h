/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_PAIRS_PAIRS_H
#define FW_LIB_PAIRS_PAIRS_H

#include "fold/fold.h"

/**
 * Counts the distinct (key, day) of tables, each read once, and what they have in common: what the
 * gates on coverage are made of. Everything is exact, and groups spill in the engine.
 *
 * A fold over tables "raw" and "core" keeps raw and core, makes of each raw_pairs(key, day, valid,
 * n) and raw_facts, of each comparison its facts, and the facts are read at the end. What is kept
 * is a row for about twenty of the raw ones, so the fold is best one in memory.
 */
struct fw_pairs_table {
    const char *name; /**< [a-z]+ */
    const struct fw_source *source;

    /** That the expressions read: those of key and day, then those of valid, then those of rest. */
    const char *const *columns;
    size_t n_keys, n_narrow, n_columns; /**< how many of key and day; without rest; all */

    /** Rows of a chunk repeat these, as the crawls of a day do: key and day are made once. */
    bool is_repeated;

    struct fw_text key;   /**< SQL of any type; NULL leaves the row out, counted as NAME_no_key */
    struct fw_text day;   /**< SQL: DATE; NULL leaves the row out, counted as NAME_no_day */
    struct fw_text valid; /**< SQL: BOOLEAN; empty: true */

    /**
     * SQL: BOOLEAN, or empty. A row is valid, too, where this says so; looked at only where some
     * pair is not valid without it, since its columns may be many.
     */
    struct fw_text rest;
    char rest_name[40], pairs_name[40], facts_name[40];
};

/** Two tables whose pairs are compared. Its facts: NAME_matched, NAME_only_a, NAME_only_b. */
struct fw_pairs_match {
    const char *name;
    const struct fw_pairs_table *a, *b;
};

/** Fills one input, or two where there is a rest; how many. The table must outlive the fold. */
size_t fw_pairs_inputs(struct fw_pairs_table *table, struct fw_fold_input *two);

/** Fills two tables: the pairs, to be read by fw_pairs_append_rows, and the facts. */
void fw_pairs_tables(struct fw_pairs_table *table, struct fw_fold_table *two);

/** Appends a parenthesised SELECT of the pairs: key, day, valid, n. */
void fw_pairs_append_rows(const struct fw_pairs_table *table, const struct fw_fold *fold,
                          struct fw_text *text);

/** Fills the table of a match's facts. */
void fw_pairs_match_table(const struct fw_pairs_match *match, struct fw_fold_table *one);

void fw_pairs_table_finish(struct fw_pairs_table *table);

/**
 * The facts that were made, (name, part, n) in that order. Of each table NAME: rows, no_key,
 * no_day, pairs, keys, valid (pairs with a valid row), and year with the year as the part ("" for
 * rows without a day). A name is NAME_rows and so on.
 */
struct fw_pairs_facts {
    struct fw_sql_grid grid;
};

/** Reads the facts of these tables of a finished fold. */
fw_status fw_pairs_facts_read(struct fw_pairs_facts *ret_facts, const struct fw_sql_handle *sql,
                              const struct fw_fold *fold, const char *const *tables,
                              size_t n_tables);
void fw_pairs_facts_finish(struct fw_pairs_facts *facts);

/** The number `table`_`fact`, 0 when there is none. */
int64_t fw_pairs_fact(const struct fw_pairs_facts *facts, const char *table, const char *fact);

#endif

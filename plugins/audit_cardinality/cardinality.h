/* SPDX-License-Identifier: MIT */
#ifndef AUDIT_CARDINALITY_CARDINALITY_H
#define AUDIT_CARDINALITY_CARDINALITY_H

#include <cjson/cJSON.h>
#include <stdbool.h>

#include <fw/stage.h>
#include <fw/task.h>

#include "offer/keys.h"
#include "pairs/pairs.h"
#include "report/report.h"

/* The tables that are counted; the names of their ports are those of their facts. */
enum {
    CARDINALITY_RAW,
    CARDINALITY_CORE,
    CARDINALITY_TEXT,
    CARDINALITY_INDEX,
    CARDINALITY_EDGAR,
    CARDINALITY_FILINGS,
    CARDINALITY_N_TABLES
};

/** One of them. */
struct cardinality_table {
    struct fw_source *source; /**< NULL: the port is not plugged in */
    const char **names;       /**< of the columns that are read */
    size_t n_names;
    cJSON *manifest; /**< of the stage that made it; NULL: there is none */
    struct fw_pairs_table pairs;
};

/** One instance of the stage. Gate B: does every raw entity-day arrive where it must */
struct cardinality {
    const struct fw_host *host;
    const struct fw_task *task;
    bool compat;
    struct fw_sql_handle sql;
    struct cardinality_table tables[CARDINALITY_N_TABLES];
    int64_t raw_rows_there; /**< of a raw table that is longer than raw_scan_limit; otherwise 0 */
    int64_t n_structured;   /**< raw columns whose values are a signal */
    struct fw_pairs_match text_match, edgar_match;
    struct fw_text folder;
    struct fw_fold_input inputs[CARDINALITY_N_TABLES + 1]; /* raw may be read twice */
    size_t n_inputs;
    struct fw_fold_table made[2 * CARDINALITY_N_TABLES + 4];
    size_t n_made;
    const char *facts_tables[CARDINALITY_N_TABLES + 3]; /**< of those made, the ones with facts */
    size_t n_facts_tables;
    struct fw_fold *fold;
    struct fw_pairs_facts facts;
    struct fw_report report;
};

/* inputs.c */

/** Opens the tables, finds their columns and reads the manifests beside them. */
fw_status cardinality_inputs_open(struct cardinality *c);
void cardinality_inputs_close(struct cardinality *c);
const char *cardinality_path(const struct cardinality *c, int table);

/* signal.c */

/**
 * Appends to raw's names the structured columns of the contract (without one: of the table), and
 * makes `valid` and `rest`: whether a row has a value in one of them. `valid` looks at the few that
 * are best filled in the first file.
 */
fw_status cardinality_signal_find(struct cardinality *c);

/* plan.c */

/** Opens the fold over all that is plugged in. */
fw_status cardinality_plan_open(struct cardinality *c);

/* findings.c */

/** A fact of a table, "rows" and so on; 0 for a table that is not plugged in. */
int64_t cardinality_fact(const struct cardinality *c, int table, const char *fact);

/** Reads the facts and fills the report, reasons included. */
fw_status cardinality_findings(struct cardinality *c);

/* reasons.c */

/** Finds out why the gate does not pass. */
fw_status cardinality_reasons(struct cardinality *c);

/** part / whole; 0 of nothing. */
double cardinality_rate(int64_t part, int64_t whole);

/** The core's coverage of the raw entity-days, and the store's of the index. */
double cardinality_core_coverage(const struct cardinality *c);
double cardinality_edgar_coverage(const struct cardinality *c);
double cardinality_text_coverage(const struct cardinality *c);

/* missing.c */

/** Writes the first of the pairs that the store lacks as CSV, where that output is wanted. */
fw_status cardinality_missing_write(const struct cardinality *c);

/** Appends the SELECT of them: cik, day, reason. */
void cardinality_missing_make(const void *self, const struct fw_fold *fold, struct fw_text *select);

/* stage.c */

extern const struct fw_stage cardinality_stage;

#endif

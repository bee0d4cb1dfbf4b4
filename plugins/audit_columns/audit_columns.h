/* SPDX-License-Identifier: MIT */
#ifndef AUDIT_COLUMNS_AUDIT_COLUMNS_H
#define AUDIT_COLUMNS_AUDIT_COLUMNS_H

#include <cjson/cJSON.h>
#include <stdbool.h>

#include <fw/stage.h>

#include "filing/filing.h"
#include "report/report.h"
#include "source/source.h"
#include "sql/sql.h"

/* What gate A reads, each as a view of this name. */
enum audit_table {
    AUDIT_CORE,
    AUDIT_STATIC,
    AUDIT_EXTRAS,
    AUDIT_TEXT,
    AUDIT_EDGAR,
    AUDIT_INDEX,
    AUDIT_RAW,
    AUDIT_FILINGS,
    AUDIT_N_TABLES
};

/** One feature of a filing: where its value stands. */
struct audit_feature {
    char *name;
    char *path;  /**< cut at its dots: what comes first is the column */
    char **keys; /**< below it, outermost first; "a|b": a, else b */
    size_t n_keys;
    const struct fw_source_column *column;
};

struct audit_settings {
    const char *seed;
    int64_t pairs, min_compared, max_keys;
    double tolerance;
    bool text_required;
};

/** One instance of the stage. */
struct audit {
    const struct fw_host *host;
    const struct fw_task *task;
    struct audit_settings settings;
    struct fw_filing_rules rules; /**< that the features were made by */
    struct fw_sql_handle sql;
    struct fw_source *tables[AUDIT_N_TABLES]; /**< NULL: not plugged in */
    const char *contract_path;
    cJSON *contract;
    struct audit_feature *features;
    size_t n_features;
    struct fw_report report;
    int phase;
};

/* inputs.c */

/** Opens every table that is plugged in and reads the contract. */
fw_status audit_inputs_open(struct audit *audit);
void audit_inputs_close(struct audit *audit);

/** Whether a table is there and has the column. */
bool audit_has_column(const struct audit *audit, enum audit_table table, const char *name);

/* contract.c: which columns must be there (checks 3 and 4) */

/** A list of texts of the contract, such as "offers_core_daily", "must_keep"; NULL when absent. */
const cJSON *audit_contract_list(const struct audit *audit, const char *part, const char *list);
bool audit_list_has(const cJSON *list, const char *text);

/** Refuses a contract whose parts are not what they must be, with file:line. */
fw_status audit_contract_check(const struct audit *audit);

/** The section that says what the core must hold. */
const char *audit_contract_core(const struct audit *audit);

void audit_contract_report(struct audit *audit);

/* advice.c: what a person may want to know, never a reason to fail */

fw_status audit_advice_report(struct audit *audit);

/** Appends a cik as text, of ten digits when they are to be made equal. */
void audit_append_cik(const struct audit *audit, const char *column, struct fw_text *text);

/** Appends an instant in UTC; an offset in a text counts, one that cannot be read is NULL. */
void audit_append_instant(const char *column, struct fw_text *text);

/* feature.c */

/** Reads "name=path", a path being column.key.key below `payload`. */
fw_status audit_features_read(struct audit *audit, const struct fw_value *list);
void audit_features_finish(struct audit *audit);

/** The value of a feature, given its column as text, JSON if it is nested; NaN: missing. */
double audit_feature_value(const struct audit *audit, const struct audit_feature *feature,
                           const char *text);

/* filings.c, naive.c: the features of a filing and of a day, by another way than the stage's */

/** One filing that counts, in the order of a cik's filings. */
struct audit_filing {
    const char *cik; /**< borrowed from the grid */
    int64_t filed;   /**< microseconds since 1970, UTC */
    double *values;  /**< n_features; NaN: missing */
};

struct audit_filings {
    struct fw_sql_grid grid;
    struct audit_filing *items; /**< by cik and time, one per cik and time */
    size_t n;
    double *values;
};

/** Reads the filings of the ciks in the table `sampled`. */
fw_status audit_filings_read(const struct audit *audit, struct audit_filings *ret_filings);
void audit_filings_finish(struct audit_filings *filings);

/** What a day's row must hold, each by feature; NaN: NULL. */
struct audit_row {
    bool has_filing;
    double *last, *mean, *ema;
};

/** Whose row, and when; microseconds since 1970. */
struct audit_when {
    const char *cik;
    int64_t t;      /**< filings up to it are looked at */
    int64_t cutoff; /**< if the newest of them is later, it does not count, and none does */
};

/** Computes it from nothing but the cik's filings. */
void audit_naive_row(const struct audit *audit, const struct audit_filings *filings,
                     const struct audit_when *when, struct audit_row *row);

/* keys.c: what makes a row of the store */

/** Whether the features are by offer and day: the store has offers, and so must the index. */
bool audit_by_offer(const struct audit *audit);

/** Refuses a table without a column of its key. */
fw_status audit_keys_check(const struct audit *audit);

/** Makes the tables `wanted` and `stored`: the different keys of the index and of the store. */
fw_status audit_keys_make(const struct audit *audit);

/** Appends the store's key: cik, day, upto (up to when filings count), with offers theirs. */
void audit_append_stored_key(const struct audit *audit, struct fw_text *text);

/** What the store's rows are ordered by. */
const char *audit_key_order(const struct audit *audit);

/* recompute.c: check 5 */

fw_status audit_recompute_report(struct audit *audit);

/* stage.c */

extern const struct fw_stage audit_columns_stage;

#endif

/* SPDX-License-Identifier: MIT */
#ifndef CONTRACT_CONTRACT_H
#define CONTRACT_CONTRACT_H

#include <cjson/cJSON.h>
#include <stdbool.h>

#include <fw/stage.h>
#include <fw/task.h>

#include "report/report.h"
#include "source/source.h"
#include "sql/sql.h"

/** What the inventory says of a column; NULL or negative is not known. */
struct contract_figures {
    double non_null_rate, n_distinct, mean_chars;
};

/** One of the raw tables: offers or filings. */
struct contract_table {
    const char *name;
    struct fw_source *source;     /**< its schema; NULL: the port is not plugged in */
    struct fw_sql_grid inventory; /**< column, non_null_rate, approx_distinct, avg_str_len */
    cJSON *kept;                  /**< names of plain columns, in schema order */
    cJSON *nested;                /**< names */
};

/** One instance of the stage. */
struct contract {
    const struct fw_host *host;
    const struct fw_task *task;
    bool compat;
    struct fw_sql_handle sql;
    struct contract_table offers, filings;
    cJSON *base;    /**< the contract before this one; NULL: none */
    cJSON *removed; /**< objects: table, column, reason */
    struct fw_report report;
};

/* inventory.c */

/** Opens the schema and the inventory of a table, if it is plugged in, and checks that they fit. */
fw_status contract_table_open(struct contract *c, struct contract_table *table, const char *raw,
                              const char *inventory);
void contract_table_close(struct contract_table *table);

/* rules.c */

/** Which columns of a table are kept, and why the others are not. */
fw_status contract_apply(struct contract *c, struct contract_table *table);

/* document.c */

/** The contract as a tree; NULL when out of memory. The caller deletes. */
cJSON *contract_document(const struct contract *c);

/** Refuses derived columns that no stage of the pipeline says it makes. */
fw_status contract_check_derived(const struct contract *c);

/** Appends a text to an array; false when out of memory. */
bool contract_push(cJSON *array, const char *text);
bool contract_has(const cJSON *array, const char *text);

#endif

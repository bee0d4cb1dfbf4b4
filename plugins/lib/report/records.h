/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_REPORT_RECORDS_H
#define FW_LIB_REPORT_RECORDS_H

#include <stdint.h>

#include <cjson/cJSON.h>
#include <stdbool.h>

#include "sql/sql.h"

/**
 * A small table that is a list of a JSON report and a Parquet file alike: fields are said in the
 * same order, with the same names and types, in each record. Zero-initialise; finish frees. A
 * failed allocation shows in `failed`, which writing checks. [stage thread]
 */
struct fw_records {
    cJSON *list; /**< of objects */
    size_t n;
    struct fw_text columns, rows; /**< as SQL */
    bool failed;
    cJSON *record; /* the open one */
};

void fw_records_finish(struct fw_records *records);

void fw_records_begin(struct fw_records *records);
void fw_records_end(struct fw_records *records);

/* Fields of the open record: VARCHAR, BIGINT, DOUBLE, BOOLEAN. NULL and NaN are null. */
void fw_records_text(struct fw_records *records, const char *name, const char *value);
void fw_records_int(struct fw_records *records, const char *name, int64_t value);
void fw_records_real(struct fw_records *records, const char *name, double value);
void fw_records_bool(struct fw_records *records, const char *name, bool value);

/** A copy of the list for a report; NULL when there was no memory for it. */
cJSON *fw_records_list(const struct fw_records *records);

/** Writes the Parquet file, of one record or more. The session is not busy. */
fw_status fw_records_write(const struct fw_records *records, const struct fw_sql_handle *sql,
                           const char *path);

#endif

/* SPDX-License-Identifier: MIT */
#include "cardinality.h"
#include "file/file.h"

/* So many are enough to see what is wrong. */
enum { MISSING_ROWS = 1000 };

#define CIK_NOT_IN_STORE "cik_not_in_edgar_store"
#define DATE_MISMATCH    "date_mismatch"

/* The sample, and before it, under no CIK, how many pairs there are of each reason. */
void cardinality_missing_make(const void *self, const struct fw_fold *fold, struct fw_text *select)
{
    const struct cardinality *c = self;
    const struct fw_pairs_table *index = &c->tables[CARDINALITY_INDEX].pairs;
    const struct fw_pairs_table *edgar = &c->tables[CARDINALITY_EDGAR].pairs;

    fw_text_append(select, "WITH missing AS (SELECT i.key AS cik, i.day, CASE WHEN k.key IS NULL "
                           "THEN '" CIK_NOT_IN_STORE "' ELSE '" DATE_MISMATCH "' END AS reason "
                           "FROM ");
    fw_pairs_append_rows(index, fold, select);
    fw_text_append(select, " AS i ANTI JOIN ");
    fw_pairs_append_rows(edgar, fold, select);
    fw_text_append(select, " AS e ON i.key = e.key AND i.day = e.day LEFT JOIN (SELECT DISTINCT "
                           "key FROM ");
    fw_pairs_append_rows(edgar, fold, select);
    fw_text_appendf(select,
                    ") AS k ON i.key = k.key) SELECT NULL AS cik, NULL::DATE AS day, reason, "
                    "count(*) AS n FROM missing GROUP BY reason UNION ALL SELECT * FROM (SELECT "
                    "cik, day, reason, 1 FROM missing ORDER BY cik, day LIMIT %d)",
                    MISSING_ROWS);
}

static fw_status read_sample(const struct cardinality *c, struct fw_sql_grid *ret_sample)
{
    struct fw_text query = {0};

    fw_text_append(&query, "SELECT cik, day, reason FROM ");
    fw_fold_append_rows(c->fold, "missing", &query);
    fw_text_append(&query, " WHERE cik IS NOT NULL ORDER BY cik, day");
    fw_status status = query.failed ? fw_fault_nomem(c->host)
                                    : fw_sql_grid(&c->sql, ret_sample, fw_text_get(&query));
    fw_text_finish(&query);
    return status;
}

fw_status cardinality_missing_write(const struct cardinality *c)
{
    const struct fw_output *output = fw_task_output(c->task, "missing_pairs");
    struct fw_sql_grid sample = {0};
    struct fw_text csv = {0};

    if (output == NULL) {
        return FW_OK;
    }
    fw_status status = read_sample(c, &sample);
    fw_text_append(&csv, "cik,crawled_date_day,reason\n");
    for (size_t i = 0; i < sample.n_rows; i++) {
        fw_text_identifier(&csv, fw_sql_cell(&sample, i, 0)); /* quoted as CSV wants it */
        fw_text_appendf(&csv, ",%s,%s\n", fw_sql_cell(&sample, i, 1), fw_sql_cell(&sample, i, 2));
    }
    if (status == FW_OK) {
        status = csv.failed ? fw_fault_nomem(c->host)
                            : fw_file_write(c->host, output->path, fw_text_get(&csv), csv.size);
    }
    fw_sql_grid_finish(&sample);
    fw_text_finish(&csv);
    return status;
}

/* SPDX-License-Identifier: MIT */
#ifndef FW_SWAP_CELLS_H
#define FW_SWAP_CELLS_H

#include <cjson/cJSON.h>

#include "fw/service/sql.h"
#include "run/worker_internal.h"

/* Questions to a provider of fw.sql/1 about pairs of tables (rows.h says what they are). */
struct fw_cells {
    struct fw_worker *worker; /* whose host the provider has */
    const struct fw_sql *sql;
    struct fw_sql_session *session;
};

int fw_cells_open(struct fw_cells *cells, struct fw_error *err);
void fw_cells_close(struct fw_cells *cells);
int fw_cells_compare(const struct fw_cells *cells, const cJSON *pairs, double tolerance,
                     cJSON **ret_difference, struct fw_error *err);

/* cells_query.c: all rows of a query of text columns, row by row; items may be NULL. */
int fw_cells_query(const struct fw_cells *cells, const char *query, struct fw_strings *ret_texts,
                   struct fw_error *err);

#endif

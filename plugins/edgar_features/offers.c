/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "edgar.h"

/* Numbers follow the order of the keys, so that rows in order of numbers are in that of offers. */
void edgar_offers_append(const struct edgar *edgar, struct fw_text *text)
{
    const char *const columns[] = {FW_FILING_PLATFORM, FW_FILING_OFFER};
    const struct fw_source_slice slice = {.columns = columns, .n_columns = FW_COUNT(columns)};

    fw_text_append(text, "CREATE TABLE fw_offers AS SELECT *, CAST(row_number() OVER (ORDER BY "
                         "platform_name, offer_id) - 1 AS INTEGER) AS fw_o FROM (SELECT DISTINCT "
                         "CAST(platform_name AS VARCHAR) AS platform_name, CAST(offer_id AS "
                         "VARCHAR) AS offer_id FROM ");
    fw_source_scan(edgar->index.source, &slice, text);
    fw_text_append(text, ");");
}

fw_status edgar_offers_read(struct edgar *edgar)
{
    struct fw_sql_grid grid;
    fw_status status = fw_sql_grid(&edgar->sql, &grid,
                                   "SELECT platform_name, offer_id FROM fw_offers ORDER BY fw_o");

    if (status == FW_OK) {
        edgar->offers = grid.cells; /* row by row: the grid's cells are the list */
        edgar->n_offers = grid.n_rows;
    }
    return status;
}

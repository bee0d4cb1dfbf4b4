/* SPDX-License-Identifier: MIT */
#include "copy.h"

void fw_sql_append_in_order(struct fw_text *text, const char *query)
{
    fw_text_appendf(text,
                    "SELECT * EXCLUDE (fw_no_rows) FROM (FROM (%s\n) UNION ALL BY NAME FROM "
                    "fw_no_rows())",
                    query);
}

void fw_sql_append_to_parquet(struct fw_text *text, const char *path, size_t n_columns)
{
    fw_text_append(text, "TO ");
    fw_text_literal(text, path);
    fw_text_appendf(text,
                    " (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE %d, USE_TMP_FILE false)",
                    n_columns < FW_SQL_WIDE_COLUMNS ? 122880 : 16384);
}

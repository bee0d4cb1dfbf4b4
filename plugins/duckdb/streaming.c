/* SPDX-License-Identifier: MIT */
/*
 * Compiled without DUCKDB_API_NO_DEPRECATED: DuckDB 1.4 has no other way to a result that is
 * produced while it is read, and a materialised one lies outside memory_limit. The ADR
 * docs/explanation/adr/0001-duckdb-pin.md says what is pinned because of it.
 */
#include "statement.h"

duckdb_state sql_pending_streaming(duckdb_prepared_statement prepared,
                                   duckdb_pending_result *ret_pending)
{
    return duckdb_pending_prepared_streaming(prepared, ret_pending);
}

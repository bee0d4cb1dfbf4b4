/* SPDX-License-Identifier: MIT */
#ifndef FW_DUCKDB_TERMINATE_H
#define FW_DUCKDB_TERMINATE_H

/*
 * DuckDB 1.4 throws its out-of-memory exception in places that must not throw, under limits that
 * are far too small; the C++ runtime then aborts the process. While a session is open such an end
 * is told from a crash: the process ends with FW_BUDGET_EXIT_CODE. Any thread.
 */
void sql_terminate_watch(void);
void sql_terminate_unwatch(void);

#endif

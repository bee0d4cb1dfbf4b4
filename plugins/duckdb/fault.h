/* SPDX-License-Identifier: MIT */
#ifndef FW_DUCKDB_FAULT_H
#define FW_DUCKDB_FAULT_H

#include "session.h"

/* The class of an error message of DuckDB's ("Binder Error: ..."). */
fw_status sql_fault_class(const char *message);

/*
 * Records DuckDB's sentence, with the file and line that `statement` says it comes from, or else
 * with its beginning; gives the class. `statement` may be NULL.
 */
fw_status sql_fault(const struct fw_host *host, const char *message, const char *statement);

#endif

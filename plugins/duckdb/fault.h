/* SPDX-License-Identifier: MIT */
#ifndef FW_DUCKDB_FAULT_H
#define FW_DUCKDB_FAULT_H

#include "session.h"

/* The class of an error message of DuckDB's ("Binder Error: ..."). */
fw_status sql_fault_class(const char *message);

/* Records DuckDB's sentence and the beginning of `statement` (may be NULL), gives the class. */
fw_status sql_fault(const struct fw_host *host, const char *message, const char *statement);

#endif

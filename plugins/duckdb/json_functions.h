/* SPDX-License-Identifier: MIT */
#ifndef FW_DUCKDB_JSON_FUNCTIONS_H
#define FW_DUCKDB_JSON_FUNCTIONS_H

#include <duckdb.h>

/* Adds fw_canonical_json and fw_json_length to a connection's catalog. */
duckdb_state json_functions_register(duckdb_connection connection);

#endif

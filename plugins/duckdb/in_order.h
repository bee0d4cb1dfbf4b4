/* SPDX-License-Identifier: MIT */
#ifndef FW_DUCKDB_IN_ORDER_H
#define FW_DUCKDB_IN_ORDER_H

#include <duckdb.h>

/* Adds fw_in_order(query) to a connection's catalog. */
duckdb_state in_order_register(duckdb_connection connection);

#endif

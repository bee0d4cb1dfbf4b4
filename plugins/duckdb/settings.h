/* SPDX-License-Identifier: MIT */
#ifndef FW_DUCKDB_SETTINGS_H
#define FW_DUCKDB_SETTINGS_H

#include "session.h"

/* Fills the configuration that a session's database is opened with. */
fw_status sql_settings_configure(const struct fw_host *host, duckdb_config config);

/* Sets what can only be set, or only takes effect, on an open connection. */
fw_status sql_settings_apply(struct fw_sql_session *session);

#endif

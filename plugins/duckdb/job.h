/* SPDX-License-Identifier: MIT */
#ifndef FW_DUCKDB_JOB_H
#define FW_DUCKDB_JOB_H

#include "session.h"

/*
 * fw.sql/1 begin, advance, finish. A thread of the job's runs the statement, and advance waits for
 * it: the engine's own pieces of work take seconds on wide rows, which no step may.
 */
fw_status sql_job_begin(struct fw_sql_session *session, const char *statement,
                        struct fw_sql_job **ret_job);
fw_status sql_job_advance(struct fw_sql_job *job, uint32_t budget_ms, double *ret_fraction);
void sql_job_finish(struct fw_sql_job *job);

#endif

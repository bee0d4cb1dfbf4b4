/* SPDX-License-Identifier: MIT */
#include "job.h"

#include <stdlib.h>
#include <time.h>

#include "sql/fault.h"
#include "statement.h"

struct fw_sql_job {
    struct sql_statement statement;
    fw_status status; /* FW_MORE until the end; then what every further advance says */
};

fw_status sql_job_begin(struct fw_sql_session *session, const char *statement,
                        struct fw_sql_job **ret_job)
{
    struct fw_sql_job *job = calloc(1, sizeof *job);

    if (job == NULL) {
        return fw_fault_nomem(session->host);
    }
    fw_status status = sql_session_acquire(session, "job");
    if (status == FW_OK) {
        session->rows_changed = 0;
        status = sql_statement_start(session, statement, false, &job->statement);
        if (status != FW_OK) {
            sql_session_release(session);
        }
    }
    if (status != FW_OK) {
        free(job);
        return status;
    }
    job->status = FW_MORE;
    *ret_job = job;
    return FW_OK;
}

static int64_t now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* The other threads have all tasks; there is nothing to do here but to look again soon. */
static void wait_for_tasks(void)
{
    const struct timespec pause = {.tv_nsec = 500000};

    nanosleep(&pause, NULL);
}

static fw_status work(struct fw_sql_job *job, int64_t end_us)
{
    do {
        switch (duckdb_pending_execute_task(job->statement.pending)) {
        case DUCKDB_PENDING_RESULT_READY:
            return sql_statement_complete(&job->statement, &job->statement.session->rows_changed);
        case DUCKDB_PENDING_ERROR:
            return sql_statement_fault(&job->statement,
                                       duckdb_pending_error(job->statement.pending));
        case DUCKDB_PENDING_NO_TASKS_AVAILABLE:
            wait_for_tasks();
            break;
        case DUCKDB_PENDING_RESULT_NOT_READY:
            break;
        }
    } while (now_us() < end_us);
    return FW_MORE;
}

/*
 * DuckDB 1.4 reads a scan's progress before the scan has set it, so the number may be anything;
 * counting up to it in whole percents gives nothing outside 0 to 1.
 */
static double fraction_done(const struct fw_sql_job *job)
{
    if (job->status == FW_OK) {
        return 1.0;
    }
    duckdb_query_progress_type progress = duckdb_query_progress(job->statement.connection);
    if (!(progress.percentage >= 0)) {
        return -1.0;
    }
    int percents = 0;
    while (percents < 100 && percents + 1 <= progress.percentage) {
        percents++;
    }
    return percents / 100.0;
}

fw_status sql_job_advance(struct fw_sql_job *job, uint32_t budget_ms, double *ret_fraction)
{
    if (job->status == FW_MORE) {
        job->status = work(job, now_us() + (int64_t)budget_ms * 1000);
    }
    if (job->status >= FW_OK && ret_fraction != NULL) {
        *ret_fraction = fraction_done(job);
    }
    return job->status;
}

void sql_job_finish(struct fw_sql_job *job)
{
    if (job == NULL) {
        return;
    }
    struct fw_sql_session *session = job->statement.session;
    sql_statement_finish(&job->statement);
    free(job);
    sql_session_release(session);
}

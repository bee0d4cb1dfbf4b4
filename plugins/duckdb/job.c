/* SPDX-License-Identifier: MIT */
#include "job.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sql/fault.h"
#include "statement.h"
#include "thread.h"

struct fw_sql_job {
    struct sql_statement statement;
    fw_status status; /* FW_MORE until the end; then what every further advance says */
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t ending;
    bool ended; /* under the mutex; what follows is then set */
    duckdb_state state;
    duckdb_result result;
};

/* Faults are for the stage thread to record, within the call that they make fail. */
static void *run(void *arg)
{
    struct fw_sql_job *job = arg;

    job->state = sql_statement_execute(&job->statement, &job->result);
    pthread_mutex_lock(&job->mutex);
    job->ended = true;
    pthread_cond_signal(&job->ending);
    pthread_mutex_unlock(&job->mutex);
    return NULL;
}

static void init_ending(struct fw_sql_job *job)
{
    pthread_condattr_t monotonic;

    pthread_mutex_init(&job->mutex, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&job->ending, &monotonic);
    pthread_condattr_destroy(&monotonic);
}

static fw_status start(struct fw_sql_session *session, const char *statement,
                       struct fw_sql_job *job)
{
    fw_status status = sql_statement_start(session, statement, false, &job->statement);

    if (status != FW_OK) {
        return status;
    }
    init_ending(job);
    int code = sql_thread_start(&job->thread, run, job);
    if (code != 0) {
        sql_statement_finish(&job->statement);
        return fw_faultf(session->host, FW_E_NOMEM, NULL, NULL,
                         "no thread could be made for a statement: %s", strerror(code));
    }
    job->status = FW_MORE;
    return FW_OK;
}

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
        status = start(session, statement, job);
        if (status != FW_OK) {
            sql_session_release(session);
        }
    }
    if (status != FW_OK) {
        free(job);
        return status;
    }
    *ret_job = job;
    return FW_OK;
}

static bool wait_for_end(struct fw_sql_job *job, uint32_t budget_ms)
{
    struct timespec until;
    int code = 0;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += budget_ms / 1000;
    until.tv_nsec += (long)(budget_ms % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_nsec -= 1000000000;
        until.tv_sec++;
    }
    pthread_mutex_lock(&job->mutex);
    while (!job->ended && code != ETIMEDOUT) {
        code = pthread_cond_timedwait(&job->ending, &job->mutex, &until);
    }
    bool ended = job->ended;
    pthread_mutex_unlock(&job->mutex);
    return ended;
}

static fw_status conclude(struct fw_sql_job *job)
{
    pthread_join(job->thread, NULL);
    fw_status status = sql_statement_judge(&job->statement, job->state, &job->result);
    if (status == FW_OK) {
        job->statement.session->rows_changed = sql_statement_rows_changed(&job->result);
    }
    return status;
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
    if (job->status == FW_MORE && wait_for_end(job, budget_ms)) {
        job->status = conclude(job);
    }
    if (job->status >= FW_OK && ret_fraction != NULL) {
        *ret_fraction = fraction_done(job);
    }
    return job->status;
}

static void abandon(struct fw_sql_job *job)
{
    duckdb_interrupt(job->statement.connection);
    pthread_join(job->thread, NULL);
    duckdb_destroy_result(&job->result);
}

void sql_job_finish(struct fw_sql_job *job)
{
    if (job == NULL) {
        return;
    }
    struct fw_sql_session *session = job->statement.session;
    if (job->status == FW_MORE) {
        abandon(job);
    }
    pthread_cond_destroy(&job->ending);
    pthread_mutex_destroy(&job->mutex);
    sql_statement_finish(&job->statement);
    free(job);
    sql_session_release(session);
}

/* SPDX-License-Identifier: MIT */
#include "jobs.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "file/file.h"
#include "sql/fault.h"

static bool read_name(struct report_job *job)
{
    static const char start[] = "dose_";
    char *end = NULL;
    if (strncmp(job->name, start, strlen(start)) != 0) {
        return true;
    }
    job->dose = strtoul(job->name + strlen(start), &end, 10);
    const char *split = *end == '/' ? strchr(end + 1, '/') : NULL;
    if (end == job->name + strlen(start) || split == NULL || split == end + 1 || split[1] == '\0') {
        return true;
    }
    job->view = strdup(end + 1);
    if (job->view != NULL) {
        job->view[split - end - 1] = '\0';
        job->split = job->view + (split - end);
    }
    return job->view != NULL;
}

static int compare_jobs(const void *a, const void *b)
{
    const struct report_job *x = a, *y = b;
    const int by_view = strcmp(x->view, y->view), by_split = strcmp(x->split, y->split);
    const bool x_trains = strcmp(x->split, "train") == 0, y_trains = strcmp(y->split, "train") == 0;
    if (x->dose != y->dose) {
        return x->dose < y->dose ? -1 : 1;
    }
    if (by_view != 0) {
        return by_view;
    }
    return x_trains != y_trains ? (x_trains ? -1 : 1) : by_split;
}

bool report_jobs_sort(struct report_job *jobs, size_t n)
{
    bool are_all = true;
    for (size_t i = 0; i < n; i++) {
        if (!read_name(&jobs[i])) {
            return false;
        }
        are_all = are_all && jobs[i].view != NULL;
    }
    if (are_all) {
        qsort(jobs, n, sizeof *jobs, compare_jobs);
    }
    return true;
}

enum { COLUMNS = 5 };
static const char header[] = "model,metric,amplitude,phase,value";

/* A number, or NaN for nothing. */
static bool read_cell(const char *text, double *ret_number)
{
    char *end = NULL;
    *ret_number = *text == '\0' ? NAN : strtod(text, &end);
    return *text == '\0' || (*end == '\0' && isfinite(*ret_number));
}

/* Splits the line where it stands. Columns behind the fifth are somebody else's. */
static bool read_row(char *line, struct report_row *row)
{
    char *cells[COLUMNS];
    for (int i = 0; i < COLUMNS; i++) {
        cells[i] = strsep(&line, ",");
        if (cells[i] == NULL) {
            return false;
        }
    }
    row->model = strdup(cells[0]);
    row->metric = strdup(cells[1]);
    return *cells[0] != '\0' && *cells[1] != '\0' && read_cell(cells[2], &row->amplitude) &&
           read_cell(cells[3], &row->phase) && read_cell(cells[4], &row->value);
}

static fw_status bad_line(const struct fw_host *host, const struct report_job *job, size_t number)
{
    return fw_faultf(host, FW_E_DATA, job->path, "it is written by a comparison; run that again",
                     "line %zu of job %s cannot be read; expected %s", number, job->name, header);
}

static fw_status read_lines(const struct fw_host *host, char *text, size_t n_lines,
                            struct report_job *job)
{
    char *line = strsep(&text, "\n");
    job->rows = calloc(n_lines + 1, sizeof *job->rows);
    if (job->rows == NULL) {
        return fw_fault_nomem(host);
    }
    if (strncmp(line, header, strlen(header)) != 0) {
        return bad_line(host, job, 1);
    }
    for (size_t number = 2; (line = strsep(&text, "\n")) != NULL && *line != '\0'; number++) {
        struct report_row *row = &job->rows[job->n++];
        if (!read_row(line, row)) {
            return bad_line(host, job, number);
        }
        if (row->model == NULL || row->metric == NULL) {
            return fw_fault_nomem(host);
        }
    }
    return job->n > 0
               ? FW_OK
               : fw_faultf(host, FW_E_DATA, job->path, NULL, "job %s measured nothing", job->name);
}

fw_status report_job_read(const struct fw_host *host, struct report_job *job)
{
    char *text = NULL;
    size_t size = 0, n_lines = 1;
    fw_status status = fw_file_read(host, job->path, &text, &size);
    if (status != FW_OK) {
        return status;
    }
    for (size_t i = 0; i < size; i++) {
        n_lines += text[i] == '\n' ? 1 : 0;
    }
    status = read_lines(host, text, n_lines, job);
    free(text);
    return status;
}

void report_job_finish(struct report_job *job)
{
    free(job->view);
    for (size_t i = 0; i < job->n; i++) {
        free(job->rows[i].model);
        free(job->rows[i].metric);
    }
    free(job->rows);
}

const struct report_row *report_job_find(const struct report_job *job, const char *model,
                                         const char *metric)
{
    for (size_t i = 0; i < job->n; i++) {
        if (strcmp(job->rows[i].model, model) == 0 && strcmp(job->rows[i].metric, metric) == 0) {
            return &job->rows[i];
        }
    }
    return NULL;
}

/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include <fw/service/budget.h>

#include "edgar.h"

/* Rows of a file that can be cut; 0 for comma-separated values, which are read from their start. */
static fw_status rows_of(const struct fw_source *source, size_t file, int64_t *ret_rows)
{
    int64_t *groups = NULL;
    size_t n = 0;

    *ret_rows = 0;
    if (source->kind == FW_SOURCE_CSV) {
        return FW_OK;
    }
    fw_status status = fw_source_row_groups(source, file, &groups, &n);
    for (size_t i = 0; status == FW_OK && i < n; i++) {
        *ret_rows += groups[i];
    }
    free(groups);
    return status;
}

static bool add_cut(struct edgar_intake *intake, size_t file, int64_t row)
{
    struct fw_source_place *cuts =
        reallocarray(intake->cuts, intake->n_chunks + 2, sizeof *intake->cuts);

    if (cuts == NULL) {
        return false;
    }
    intake->cuts = cuts;
    cuts[intake->n_chunks++] = (struct fw_source_place){.file = file, .row = row};
    return true;
}

/* Chunks of about so many rows: several small files, or a stretch of a large one. */
static fw_status cut(struct edgar *edgar, struct edgar_intake *intake)
{
    const int64_t limit = edgar->chunk_rows;
    int64_t filled = limit;

    for (size_t file = 0; file < intake->source->n_files; file++) {
        int64_t rows = 0;
        fw_status status = rows_of(intake->source, file, &rows);
        if (status != FW_OK) {
            return status;
        }
        int64_t row = 0;
        do {
            if (filled >= limit || rows == 0) {
                if (!add_cut(intake, file, row)) {
                    return fw_fault_nomem(edgar->host);
                }
                filled = 0;
            }
            int64_t taken = rows - row < limit - filled ? rows - row : limit - filled;
            filled = rows == 0 ? limit : filled + taken;
            row += taken;
        } while (row < rows);
    }
    /* A table without files is one chunk, so that its files and their columns are there. */
    if ((intake->n_chunks == 0 && !add_cut(intake, 0, 0)) ||
        !add_cut(intake, intake->source->n_files, 0)) {
        return fw_fault_nomem(edgar->host);
    }
    intake->n_chunks--;
    return FW_OK;
}

fw_status edgar_intake_open(struct edgar *edgar, struct edgar_intake *intake, const char *port)
{
    const struct fw_input *input = fw_task_input(edgar->task, port);

    fw_status status =
        fw_source_open(&edgar->sql, input->paths, input->n_paths, NULL, &intake->source);
    return status == FW_OK ? cut(edgar, intake) : status;
}

void edgar_intake_close(struct edgar_intake *intake)
{
    fw_source_close(intake->source);
    free(intake->cuts);
}

static void append_insert(const struct edgar *edgar, const struct edgar_intake *intake,
                          size_t chunk, struct fw_text *insert)
{
    struct fw_text scan = {0};

    fw_source_scan_range(intake->source, NULL, 0, intake->cuts[chunk], intake->cuts[chunk + 1],
                         &scan);
    fw_text_appendf(insert, "INSERT INTO %s ", intake->table);
    intake->append(edgar, fw_text_get(&scan), insert);
    insert->failed = insert->failed || scan.failed;
    fw_text_finish(&scan);
}

static fw_status run(struct edgar *edgar, const struct fw_text *inserts, size_t n, uint64_t *rows)
{
    const char **statements = calloc(n, sizeof *statements);
    bool failed = statements == NULL;

    for (size_t i = 0; i < n && !failed; i++) {
        statements[i] = fw_text_get(&inserts[i]);
        failed = inserts[i].failed;
    }
    fw_status status = failed
                           ? fw_fault_nomem(edgar->host)
                           : edgar->sql.api->exec_parallel(edgar->sql.session, statements, n, rows);
    free(statements);
    return status;
}

/* So many chunks side by side. */
static fw_status take_in(struct edgar *edgar, struct edgar_intake *intake, size_t n)
{
    struct fw_text *inserts = calloc(n, sizeof *inserts);
    uint64_t *rows = calloc(n, sizeof *rows);
    fw_status status = inserts != NULL && rows != NULL ? FW_OK : fw_fault_nomem(edgar->host);

    for (size_t i = 0; i < n && status == FW_OK; i++) {
        append_insert(edgar, intake, intake->n_taken + i, &inserts[i]);
    }
    if (status == FW_OK) {
        status = run(edgar, inserts, n, rows);
    }
    for (size_t i = 0; i < n && status == FW_OK; i++) {
        intake->rows_kept += (int64_t)rows[i];
        intake->n_taken++;
    }
    for (size_t i = 0; inserts != NULL && i < n; i++) {
        fw_text_finish(&inserts[i]);
    }
    free(inserts);
    free(rows);
    return status;
}

fw_status edgar_intake_step(struct edgar *edgar, struct edgar_intake *intake)
{
    const struct fw_budget *budget = edgar->host->service(edgar->host, FW_BUDGET_ID);
    size_t threads = budget->limits(edgar->host)->threads;
    size_t left = intake->n_chunks - intake->n_taken;
    fw_status status = take_in(edgar, intake, left < threads ? left : threads);

    if (intake->n_taken > intake->n_done) {
        intake->n_done = intake->n_taken;
    }
    return status;
}

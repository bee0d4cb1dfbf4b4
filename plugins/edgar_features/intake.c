/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include <fw/service/budget.h>

#include "edgar.h"

enum { ROW_GROUP_ROWS = 16384 };

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
    const int64_t limit = edgar->settings.chunk_rows;
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

    intake->name = port;
    fw_status status =
        fw_source_open(&edgar->sql, input->paths, input->n_paths, NULL, &intake->source);
    return status == FW_OK ? cut(edgar, intake) : status;
}

void edgar_intake_close(struct edgar_intake *intake)
{
    fw_source_close(intake->source);
    free(intake->cuts);
}

void edgar_intake_append_path(const struct edgar *edgar, const struct edgar_intake *intake,
                              size_t chunk, struct fw_text *path)
{
    fw_text_appendf(path, "%s/%s-%05zu.parquet", fw_text_get(&edgar->work), intake->name, chunk);
    path->failed = path->failed || edgar->work.failed;
}

static void append_copy(const struct edgar *edgar, const struct edgar_intake *intake, size_t chunk,
                        void (*append)(const struct edgar *edgar, const char *scan,
                                       struct fw_text *select),
                        struct fw_text *copy)
{
    struct fw_text scan = {0}, path = {0};

    fw_source_scan_range(intake->source, NULL, 0, intake->cuts[chunk], intake->cuts[chunk + 1],
                         &scan);
    edgar_intake_append_path(edgar, intake, chunk, &path);
    fw_text_append(copy, "COPY (");
    append(edgar, fw_text_get(&scan), copy);
    fw_text_append(copy, ") TO ");
    fw_text_literal(copy, fw_text_get(&path));
    fw_text_appendf(copy, " (FORMAT parquet, ROW_GROUP_SIZE %d, USE_TMP_FILE false)",
                    ROW_GROUP_ROWS);
    copy->failed = copy->failed || scan.failed || path.failed;
    fw_text_finish(&scan);
    fw_text_finish(&path);
}

static fw_status run(struct edgar *edgar, const struct fw_text *copies, size_t n, uint64_t *rows)
{
    const char **statements = calloc(n, sizeof *statements);
    bool failed = statements == NULL;

    for (size_t i = 0; i < n && !failed; i++) {
        statements[i] = fw_text_get(&copies[i]);
        failed = copies[i].failed;
    }
    fw_status status = failed
                           ? fw_fault_nomem(edgar->host)
                           : edgar->sql.api->exec_parallel(edgar->sql.session, statements, n, rows);
    free(statements);
    return status;
}

static fw_status note(struct edgar *edgar, struct edgar_intake *intake, uint64_t rows)
{
    struct fw_text path = {0};

    edgar_intake_append_path(edgar, intake, intake->n_done, &path);
    fw_status status =
        path.failed ? fw_fault_nomem(edgar->host) : edgar_state_add(edgar, fw_text_get(&path));
    fw_text_finish(&path);
    if (status == FW_OK) {
        intake->n_done++;
        intake->rows_kept += (int64_t)rows;
    }
    return status;
}

fw_status edgar_intake_step(struct edgar *edgar, struct edgar_intake *intake,
                            void (*append)(const struct edgar *edgar, const char *scan,
                                           struct fw_text *select))
{
    const struct fw_budget *budget = edgar->host->service(edgar->host, FW_BUDGET_ID);
    size_t threads = budget->limits(edgar->host)->threads;
    size_t left = intake->n_chunks - intake->n_done;
    size_t n = left < threads ? left : threads;
    struct fw_text *copies = calloc(n, sizeof *copies);
    uint64_t *rows = calloc(n, sizeof *rows);
    fw_status status = copies != NULL && rows != NULL ? FW_OK : fw_fault_nomem(edgar->host);

    for (size_t i = 0; i < n && status == FW_OK; i++) {
        append_copy(edgar, intake, intake->n_done + i, append, &copies[i]);
    }
    if (status == FW_OK) {
        status = run(edgar, copies, n, rows);
    }
    for (size_t i = 0; i < n && status == FW_OK; i++) {
        status = note(edgar, intake, rows[i]);
    }
    for (size_t i = 0; copies != NULL && i < n; i++) {
        fw_text_finish(&copies[i]);
    }
    free(copies);
    free(rows);
    return status;
}

void edgar_intake_append(const struct edgar *edgar, const struct edgar_intake *intake,
                         struct fw_text *text)
{
    struct fw_text path = {0};

    fw_text_append(text, "(FROM read_parquet([");
    for (size_t i = 0; i < intake->n_chunks; i++) {
        fw_text_clear(&path);
        edgar_intake_append_path(edgar, intake, i, &path);
        fw_text_append(text, i > 0 ? ", " : "");
        fw_text_literal(text, fw_text_get(&path));
    }
    fw_text_append(text, "], hive_partitioning = false))");
    text->failed = text->failed || path.failed;
    fw_text_finish(&path);
}

/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "internal.h"
#include "sql/copy.h"
#include "wide/wide.h"

size_t fold_kept_chunk(const struct fw_fold *fold, size_t input, size_t i)
{
    for (size_t k = 0; k < input; k++) {
        i += fold->n_chunks[k];
    }
    return i;
}

size_t fold_kept_table(const struct fw_fold *fold, size_t table)
{
    return fold_kept_chunk(fold, fold->plan.n_inputs, table);
}

size_t fold_kept_count(const struct fw_fold *fold)
{
    return fold_kept_table(fold, fold->table);
}

/* "raw-000003" of a chunk, "raw_facts" of a table. */
static void append_name(const struct fw_fold *fold, size_t kept, struct fw_text *text)
{
    for (size_t i = 0; i < fold->plan.n_inputs; i++) {
        bool is_last = fold->input == i; /* a chunk that is being made counts, too */
        if (kept < fold->n_chunks[i] || is_last) {
            fw_text_appendf(text, "%s-%06zu", fold->plan.inputs[i].name, kept);
            return;
        }
        kept -= fold->n_chunks[i];
    }
    fw_text_append(text, fold->plan.tables[kept].name);
}

static void append_table(const struct fw_fold *fold, size_t kept, struct fw_text *text)
{
    fw_text_append(text, "\"kept ");
    append_name(fold, kept, text);
    fw_text_append(text, "\"");
}

void fold_kept_path(const struct fw_fold *fold, size_t kept, struct fw_text *path)
{
    size_t n_chunks = fold_kept_table(fold, 0);
    const char *output = fold->input == fold->plan.n_inputs && kept >= n_chunks
                             ? fold->plan.tables[kept - n_chunks].path
                             : NULL;

    if (output != NULL) {
        fw_text_append(path, output);
        return;
    }
    fw_text_appendf(path, "%s/", fold->plan.folder);
    append_name(fold, kept, path);
    fw_text_append(path, ".parquet");
}

static void append_copy(const struct fw_fold *fold, size_t kept, const char *what, size_t n_columns,
                        struct fw_text *text)
{
    struct fw_text path = {0};

    fold_kept_path(fold, kept, &path);
    fw_text_appendf(text, "COPY %s ", what);
    fw_sql_append_to_parquet(text, fw_text_get(&path), n_columns);
    text->failed |= path.failed;
    fw_text_finish(&path);
}

void fold_kept_append_make(const struct fw_fold *fold, size_t kept, const struct fw_text *select,
                           size_t n_columns, struct fw_text *text)
{
    struct fw_text what = {0};

    if (fold->plan.in_memory) {
        fw_text_append(text, "CREATE TABLE ");
        append_table(fold, kept, text);
        fw_text_appendf(text, " AS %s", fw_text_get(select));
    } else {
        fw_text_appendf(&what, "(%s)", fw_text_get(select));
        append_copy(fold, kept, fw_text_get(&what), n_columns, text);
    }
    text->failed |= select->failed || what.failed;
    fw_text_finish(&what);
}

fw_status fold_kept_note(const struct fw_fold *fold, size_t kept, struct fw_text *files)
{
    struct fw_text path = {0};

    fold_kept_path(fold, kept, &path);
    fw_status status = path.failed ? fw_fault_nomem(fold->host)
                                   : fw_wide_append_digest(fold->host, fw_text_get(&path), files);
    fw_text_finish(&path);
    return status;
}

static fw_status file_one(struct fw_fold *fold, size_t kept)
{
    struct fw_text table = {0}, text = {0};

    append_table(fold, kept, &table);
    append_copy(fold, kept, fw_text_get(&table), 0, &text);
    fw_text_appendf(&text, "; DROP TABLE %s", fw_text_get(&table));
    text.failed |= table.failed;
    fw_status status = fw_sql_exec_text(fold->plan.sql, &text);
    fw_text_finish(&table);
    fw_text_finish(&text);
    return status == FW_OK ? fold_kept_note(fold, kept, &fold->files) : status;
}

fw_status fold_kept_file(struct fw_fold *fold)
{
    size_t n = fold_kept_count(fold);
    fw_status status = fw_wide_make_folder(fold->host, fold->plan.folder);

    while (status == FW_OK && fold->n_filed < n) {
        status = file_one(fold, fold->n_filed);
        fold->n_filed += status == FW_OK;
    }
    return status;
}

/* `n` of what is kept from `first` on: files come before what the engine has. */
static void append_rows_of(const struct fw_fold *fold, size_t first, size_t n, struct fw_text *text)
{
    struct fw_text path = {0};
    const char *next = "FROM ";

    for (size_t kept = first; kept < first + n && kept < fold->n_filed; kept++) {
        fw_text_clear(&path);
        fold_kept_path(fold, kept, &path);
        fw_text_append(text, kept == first ? "FROM read_parquet([" : ", ");
        fw_text_literal(text, fw_text_get(&path));
        text->failed |= path.failed;
        next = "], hive_partitioning = false) UNION ALL FROM ";
    }
    for (size_t kept = fold->n_filed > first ? fold->n_filed : first; kept < first + n; kept++) {
        fw_text_append(text, next);
        append_table(fold, kept, text);
        next = " UNION ALL FROM ";
    }
    if (n > 0 && first + n <= fold->n_filed) {
        fw_text_append(text, "], hive_partitioning = false)");
    }
    fw_text_finish(&path);
}

void fw_fold_append_rows(const struct fw_fold *fold, const char *name, struct fw_text *text)
{
    fw_text_append(text, "(");
    for (size_t i = 0; i < fold->plan.n_inputs; i++) {
        if (strcmp(fold->plan.inputs[i].name, name) == 0) {
            append_rows_of(fold, fold_kept_chunk(fold, i, 0), fold->n_chunks[i], text);
        }
    }
    for (size_t i = 0; i < fold->plan.n_tables; i++) {
        if (strcmp(fold->plan.tables[i].name, name) == 0) {
            append_rows_of(fold, fold_kept_table(fold, i), 1, text);
        }
    }
    fw_text_append(text, ")");
}

size_t fw_fold_chunks(const struct fw_fold *fold, const char *name)
{
    for (size_t i = 0; i < fold->plan.n_inputs; i++) {
        if (strcmp(fold->plan.inputs[i].name, name) == 0) {
            return fold->n_chunks[i];
        }
    }
    return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * parquet_read_run DUCKDB_SO ONE_IN ROUNDS FILE...: what one thread pays for all columns of Parquet
 * files: the engine, which decodes all rows, and plugins/lib/parquet, which takes one in ONE_IN of
 * them. Prints rows, columns, and for both the least processor time of the rounds, in turns.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "fw/testkit.h"
#include "parquet/read.h"
#include "sql/sql.h"

static double processor_seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* One in `one_in` rows, by a fixed sequence of numbers. */
static size_t choose(int64_t n_rows, uint64_t one_in, int64_t *rows)
{
    uint64_t state = 1;
    size_t n = 0;

    for (int64_t row = 0; row < n_rows; row++) {
        state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        if ((state >> 33) % one_in == 0) {
            rows[n++] = row;
        }
    }
    return n;
}

/* What was read, for the report; -1 rows: a fault was recorded. */
struct taken {
    int64_t n_rows;
    size_t n_columns;
};

static fw_status read_rows(const struct fw_host *host, const struct fw_parquet_reader *reader,
                           uint64_t one_in, struct taken *taken)
{
    const size_t n = fw_parquet_reader_columns(reader);
    const char **names = calloc(n + 1, sizeof *names);
    int64_t *rows = calloc((size_t)fw_parquet_reader_rows(reader) + 1, sizeof *rows);
    struct fw_parquet_batch *batch = NULL;
    struct ArrowSchema schema = {0};
    struct ArrowArray array;

    if (names == NULL || rows == NULL) {
        abort();
    }
    for (size_t i = 0; i < n; i++) {
        names[i] = fw_parquet_reader_name(reader, i);
    }
    const size_t n_rows = choose(fw_parquet_reader_rows(reader), one_in, rows);
    fw_status status = fw_parquet_reader_schema(reader, names, n, &schema);
    if (status == FW_OK) {
        status = fw_parquet_batch_create(host, &schema, &batch);
        schema.release(&schema);
    }
    if (status == FW_OK) {
        status = fw_parquet_batch_add(batch, reader, rows, n_rows);
    }
    if (status == FW_OK) {
        status = fw_parquet_batch_take(batch, &array);
    }
    if (status == FW_OK) {
        taken->n_rows += array.length;
        taken->n_columns = n;
        array.release(&array);
    }
    fw_parquet_batch_destroy(batch);
    free(names);
    free(rows);
    return status;
}

static double read_files(const struct fw_host *host, uint64_t one_in, char **paths, int n,
                         struct taken *taken)
{
    const double start = processor_seconds();

    *taken = (struct taken){0};
    for (int i = 0; i < n && taken->n_rows >= 0; i++) {
        struct fw_parquet_reader *reader = NULL;
        if (fw_parquet_reader_open(host, paths[i], &reader) != FW_OK ||
            read_rows(host, reader, one_in, taken) != FW_OK) {
            taken->n_rows = -1;
        }
        fw_parquet_reader_close(reader);
    }
    return processor_seconds() - start;
}

static double decode_files(const struct fw_sql_handle *sql, char **paths, int n, fw_status *status)
{
    const double start = processor_seconds();
    struct fw_text query = {0};

    fw_text_append(&query, "CREATE OR REPLACE TEMP TABLE counts AS SELECT count(COLUMNS(*)) FROM "
                           "read_parquet([");
    for (int i = 0; i < n; i++) {
        fw_text_append(&query, i > 0 ? ", " : "");
        fw_text_literal(&query, paths[i]);
    }
    fw_text_append(&query, "], hive_partitioning = false)");
    *status = fw_sql_exec_text(sql, &query);
    fw_text_finish(&query);
    return processor_seconds() - start;
}

static double less(double a, double b)
{
    return a < b ? a : b;
}

int main(int argc, char **argv)
{
    if (argc < 5) {
        fprintf(stderr, "usage: parquet_read_run DUCKDB_SO ONE_IN ROUNDS FILE...\n");
        return 2;
    }
    struct fake_kit *kit = fake_kit_open(argv[1], NULL);
    struct fake_task *task = fake_task_create(kit, NULL);
    const uint64_t one_in = strtoull(argv[2], NULL, 10);
    const long rounds = strtol(argv[3], NULL, 10);
    double engine = 1e9, reader = 1e9;
    struct fw_sql_handle sql = {0};
    struct taken taken = {0};

    fake_task_limits(task)->threads = 1;
    fake_task_limits(task)->engine_bytes = UINT64_C(2) << 30;
    fw_status status = fw_sql_handle_open(&sql, fake_task_host(task));
    for (long i = 0; i < rounds && status == FW_OK && taken.n_rows >= 0; i++) {
        engine = less(engine, decode_files(&sql, argv + 4, argc - 4, &status));
        reader = less(reader, read_files(fake_task_host(task), one_in, argv + 4, argc - 4, &taken));
    }
    const bool ok = status == FW_OK && taken.n_rows >= 0;
    if (ok) {
        printf("%" PRId64 " %zu %.4f %.4f\n", taken.n_rows, taken.n_columns, engine, reader);
    } else {
        fprintf(stderr, "parquet_read_run: %s\n", fake_task_take_fault(task));
    }
    fw_sql_handle_close(&sql);
    fake_task_destroy(task);
    fake_kit_close(kit);
    return ok ? 0 : 1;
}

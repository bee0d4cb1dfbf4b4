/* SPDX-License-Identifier: MIT */
/*
 * inference_run FILE bootstrap REPLICATES THREADS | delong: what inference.py times. FILE holds the
 * rows as it wrote them: one class a byte, then the scores of one model and of the other as
 * doubles. Prints seconds and what came out.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "inference/bootstrap.h"
#include "inference/delong.h"

enum { ROW_BYTES = 1 + 2 * sizeof(double) };

struct table {
    uint32_t n;
    uint8_t *y;
    double *a, *b;
};

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static void *read_array(FILE *file, size_t n, size_t size)
{
    void *array = malloc(n * size);

    if (array == NULL || fread(array, size, n, file) != n) {
        fprintf(stderr, "inference_run: the file is too short, or there is no memory\n");
        exit(1);
    }
    return array;
}

static struct table read_table(const char *path)
{
    FILE *file = fopen(path, "rb");
    struct stat stat;

    if (file == NULL || fstat(fileno(file), &stat) != 0) {
        perror(path);
        exit(1);
    }
    size_t n = (size_t)stat.st_size / ROW_BYTES;
    struct table table = {.n = (uint32_t)n};
    table.y = read_array(file, n, 1);
    table.a = read_array(file, n, sizeof *table.a);
    table.b = read_array(file, n, sizeof *table.b);
    fclose(file);
    return table;
}

/* Sorting included, as a stage does it. */
static fw_status bootstrap(const struct table *table, size_t n, uint32_t n_threads)
{
    struct fw_pair *pair = NULL;
    struct fw_resample resample;
    struct fw_bootstrap_summary summary = {0};
    struct fw_replicate *replicates = malloc(n * sizeof *replicates);
    double start = now();
    fw_status status = fw_pair_create(FW_METRIC_AUC, table->a, table->b, table->y, table->n, &pair);

    if (status != FW_OK || replicates == NULL ||
        !fw_resample_init(&resample, FW_RESAMPLE_IID, table->y, table->n, 1)) {
        return FW_E_NOMEM;
    }
    struct fw_paired_bootstrap plan = {
        .pair = pair, .resample = &resample, .key = {42, 0}, .n_threads = n_threads};
    status = fw_bootstrap_run(&plan, 0, n, replicates);
    if (status == FW_OK) {
        status = fw_bootstrap_summarise(replicates, n, 0.05, &summary);
    }
    printf("%.6f %.17g %.17g\n", now() - start, summary.difference.mean, summary.difference.std);
    fw_resample_finish(&resample);
    fw_pair_destroy(pair);
    free(replicates);
    return status;
}

static fw_status delong(const struct table *table)
{
    struct fw_delong delong = {0};
    double start = now();
    fw_status status = fw_delong(table->a, table->b, table->y, table->n, &delong);

    printf("%.6f %.17g %.17g\n", now() - start, delong.difference, delong.standard_error);
    return status;
}

int main(int argc, char **argv)
{
    if (argc != 3 && argc != 5) {
        fprintf(stderr, "usage: inference_run FILE bootstrap REPLICATES THREADS | delong\n");
        return 2;
    }
    struct table table = read_table(argv[1]);
    fw_status status = argc == 3 ? delong(&table)
                                 : bootstrap(&table, strtoul(argv[3], NULL, 10),
                                             (uint32_t)strtoul(argv[4], NULL, 10));
    free(table.y);
    free(table.a);
    free(table.b);
    return status == FW_OK ? 0 : 1;
}

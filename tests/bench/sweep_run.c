/* SPDX-License-Identifier: MIT */
/*
 * sweep_run P Y THREADS THRESHOLDS: the predictions in two files, doubles and bytes, swept without
 * a stage around it. Prints seconds and what came out as JSON, for tests/bench/sweep.py.
 */
#include <stdint.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "scores/scores.h"

static double seconds(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void *read_all(const char *path, size_t *ret_size)
{
    FILE *file = fopen(path, "rb");
    void *bytes = NULL;

    if (file == NULL || fseek(file, 0, SEEK_END) != 0) {
        perror(path);
        exit(1);
    }
    *ret_size = (size_t)ftell(file);
    rewind(file);
    bytes = malloc(*ret_size);
    if (bytes == NULL || fread(bytes, 1, *ret_size, file) != *ret_size) {
        perror(path);
        exit(1);
    }
    fclose(file);
    return bytes;
}

struct input {
    double *p;
    uint8_t *y;
    size_t n;
    unsigned n_threads;
};

static struct fw_scores sorted(const struct input *input)
{
    double *p = malloc(input->n * sizeof *p);
    struct fw_scores scores;

    memcpy(p, input->p, input->n * sizeof *p);
    if (!fw_scores_take(&scores, p, input->y, input->n, input->n_threads)) {
        fputs("out of memory\n", stderr);
        exit(1);
    }
    return scores;
}

static void time_sweep(const struct input *input, size_t n_thresholds)
{
    double start = seconds(CLOCK_MONOTONIC), cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
    struct fw_scores scores = sorted(input);
    uint64_t tp = 0;
    double f1 = 0;

    for (size_t i = 0; i < n_thresholds; i++) {
        struct fw_score_counts counts = fw_scores_counts(&scores, (double)i / (double)n_thresholds);
        tp += counts.tp;
        f1 += fw_score_f1(&counts);
    }
    printf("\"sweep_s\": %.6f, \"sweep_cpu_s\": %.6f, \"tp\": %llu, \"f1\": %.17g, ",
           seconds(CLOCK_MONOTONIC) - start, seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu,
           (unsigned long long)tp, f1);
    fw_scores_finish(&scores);
}

/* What precision_recall_curve gives: three arrays with an element for each distinct p. */
static void time_curve(const struct input *input)
{
    double start = seconds(CLOCK_MONOTONIC), cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
    struct fw_scores scores = sorted(input);
    double *curve = malloc(input->n * 3 * sizeof *curve);
    struct fw_score_walk walk = {0};
    size_t n = 0;

    while (curve != NULL && fw_scores_next(&scores, &walk)) {
        curve[3 * n] = walk.p;
        curve[3 * n + 1] = fw_score_precision(&walk.counts);
        curve[3 * n + 2] = fw_score_recall(&walk.counts);
        n++;
    }
    printf("\"curve_s\": %.6f, \"curve_cpu_s\": %.6f, \"n_curve\": %zu, ",
           seconds(CLOCK_MONOTONIC) - start, seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu, n);
    free(curve);
    fw_scores_finish(&scores);
}

static void time_summary(const struct input *input)
{
    double start = seconds(CLOCK_MONOTONIC), cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
    struct fw_scores scores = sorted(input);
    struct fw_score_summary summary;

    if (!fw_scores_summary(&scores, input->n_threads, &summary)) {
        exit(1);
    }
    printf("\"summary_s\": %.6f, \"summary_cpu_s\": %.6f, \"auc\": %.17g, \"ap\": %.17g",
           seconds(CLOCK_MONOTONIC) - start, seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu, summary.auc,
           summary.average_precision);
    fw_scores_finish(&scores);
}

int main(int argc, char **argv)
{
    struct input input = {0};
    size_t size;

    if (argc != 5) {
        fprintf(stderr, "usage: %s P Y THREADS THRESHOLDS\n", argv[0]);
        return 2;
    }
    input.p = read_all(argv[1], &size);
    input.y = read_all(argv[2], &input.n);
    input.n_threads = (unsigned)atoi(argv[3]);
    printf("{");
    time_sweep(&input, (size_t)atol(argv[4]));
    time_curve(&input);
    time_summary(&input);
    puts("}");
    free(input.p);
    free(input.y);
    return 0;
}

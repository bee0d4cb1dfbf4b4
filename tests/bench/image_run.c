/* SPDX-License-Identifier: MIT */
/*
 * image_run OPERATION INPUT.npz THREADS REPS: times one operation of plugins/lib on arrays of a
 * file, for tests/bench/image.py. Prints the seconds of each repetition, those by the clock and
 * those of the processor, then what came out. A first call, in which libraries set themselves up,
 * is left out: the peer's process has long made it.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "image/image.h"
#include "npy/npy.h"
#include "ptycho/stitch.h"

enum { SIGMA = 1, UPSAMPLE = 50, CROP = 20, CHUNK = 1024 };

static fw_status fail(const struct fw_host *host, fw_status status, const struct fw_fault *fault)
{
    (void)host;
    fprintf(stderr, "image_run: %s: %s\n", fault->where, fault->what);
    exit(1);
    return status;
}

static const struct fw_host host = {.struct_size = sizeof host, .fail = fail};

struct input {
    const char *path;
    struct fw_npz *npz;
    struct fw_image t, p;
    float complex *patches;
    double *positions;
    size_t n_patches, patch;
    unsigned n_threads;
};

static void *load(const struct input *input, const char *name, enum fw_npy_type as,
                  struct fw_npy_header *ret_header)
{
    struct fw_npy *npy = NULL;
    void *items = NULL;
    if (fw_npy_open(input->npz, name, &npy) != FW_OK || fw_npy_read_all(npy, as, &items) != FW_OK) {
        exit(1);
    }
    *ret_header = *fw_npy_header(npy);
    fw_npy_close(npy);
    return items;
}

static void load_input(struct input *input)
{
    struct fw_npy_header header;
    if (fw_npz_has(input->npz, "t")) {
        input->t.pixels = load(input, "t", FW_NPY_F8, &header);
        input->p.pixels = load(input, "p", FW_NPY_F8, &header);
        input->t.height = input->p.height = header.shape[0];
        input->t.width = input->p.width = header.shape[1];
    }
    if (fw_npz_has(input->npz, "patches")) {
        input->positions = load(input, "positions", FW_NPY_F8, &header);
        input->patches = load(input, "patches", FW_NPY_C8, &header);
        input->n_patches = header.shape[0];
        input->patch = header.shape[1];
    }
}

static double run_ssim(const struct input *input)
{
    double ssim = NAN;
    return fw_ssim(&input->t, &input->p, 1, input->n_threads, &ssim) == 0 ? ssim : NAN;
}

static double run_ms_ssim(const struct input *input)
{
    struct fw_ms_ssim result;
    int rc = fw_ms_ssim(&input->t, &input->p, SIGMA, input->n_threads, &result);
    return rc == 0 ? result.value : NAN;
}

static double run_frc(const struct input *input)
{
    struct fw_frc frc;
    if (fw_frc(&input->t, &input->p, 0, input->n_threads, &frc) != 0) {
        return NAN;
    }
    double sum = fw_sum(frc.curve, frc.n_rings);
    fw_frc_finish(&frc);
    return sum;
}

static double run_register(const struct input *input)
{
    double shift[2];
    int rc = fw_image_register(&input->t, &input->p, UPSAMPLE, input->n_threads, shift);
    return rc == 0 ? shift[0] * 1000 + shift[1] : NAN;
}

static double run_stitch(const struct input *input)
{
    struct fw_canvas canvas;
    struct fw_stitch stitch;
    if (fw_canvas_init(&canvas, input->positions, input->n_patches, input->patch, CROP) != 0 ||
        fw_stitch_init(&stitch, &canvas) != 0) {
        return NAN;
    }
    for (size_t i = 0; i < input->n_patches; i += CHUNK) {
        size_t n = input->n_patches - i < CHUNK ? input->n_patches - i : CHUNK;
        if (fw_stitch_add(&stitch, input->patches + i * input->patch * input->patch,
                          input->positions + 2 * i, n, input->n_threads) != 0) {
            return NAN;
        }
    }
    double weight = fw_sum(stitch.weight, canvas.side * canvas.side);
    fw_stitch_finish(&stitch);
    return weight;
}

/* By four images at a time, as cat reads 128 KiB: both buffers stay in the cache. */
static double run_read(const struct input *input)
{
    struct fw_npy *npy = NULL;
    if (fw_npy_open(input->npz, "stack", &npy) != FW_OK) {
        return NAN;
    }
    const struct fw_npy_header *header = fw_npy_header(npy);
    size_t bytes = header->n_items / header->shape[0] * header->item_bytes;
    uint64_t at_once = bytes < 1 << 17 ? (1 << 17) / bytes : 1;
    char *buffer = malloc(at_once * bytes);
    uint64_t done = 0;
    while (buffer != NULL && done < header->shape[0]) {
        uint64_t n = header->shape[0] - done < at_once ? header->shape[0] - done : at_once;
        if (fw_npy_read(npy, done, n, buffer) != FW_OK) {
            break;
        }
        done += n;
    }
    free(buffer);
    fw_npy_close(npy);
    return (double)done;
}

static const struct {
    const char *name;
    double (*run)(const struct input *input);
} operations[] = {
    {"ssim", run_ssim},         {"ms_ssim", run_ms_ssim}, {"frc", run_frc},
    {"register", run_register}, {"stitch", run_stitch},   {"read", run_read},
};

static double now(clockid_t clock)
{
    struct timespec time;
    clock_gettime(clock, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

int main(int argc, char **argv)
{
    struct input input = {0};
    if (argc != 5 || fw_npz_open(&host, argv[2], &input.npz) != FW_OK) {
        fprintf(stderr, "usage: image_run OPERATION INPUT.npz THREADS REPS\n");
        return 2;
    }
    input.n_threads = (unsigned)strtoul(argv[3], NULL, 10);
    load_input(&input);
    for (size_t i = 0; i < sizeof operations / sizeof *operations; i++) {
        double value = NAN;
        if (strcmp(operations[i].name, argv[1]) != 0) {
            continue;
        }
        (void)operations[i].run(&input);
        for (unsigned long rep = strtoul(argv[4], NULL, 10); rep > 0; rep--) {
            double start = now(CLOCK_MONOTONIC), spent = now(CLOCK_PROCESS_CPUTIME_ID);
            value = operations[i].run(&input);
            spent = now(CLOCK_PROCESS_CPUTIME_ID) - spent;
            printf("%.6f %.6f\n", now(CLOCK_MONOTONIC) - start, spent);
        }
        printf("%.15g\n", value);
        return isnan(value);
    }
    fprintf(stderr, "image_run: there is no operation %s\n", argv[1]);
    return 2;
}

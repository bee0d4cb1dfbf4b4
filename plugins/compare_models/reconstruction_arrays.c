/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "reconstruction_outcome.h"
#include "sql/fault.h"

/* NAME_complex, NAME_amplitude and NAME_phase. */
static fw_status put_object(struct fw_npz_writer *writer, const struct fw_host *host,
                            const char *name, const double complex *pixels, const uint64_t shape[2])
{
    const size_t n = shape[0] * shape[1];
    static const char *const kinds[] = {"complex", "amplitude", "phase"};
    float *values = malloc(2 * n * sizeof *values);
    fw_status status = values == NULL ? fw_fault_nomem(host) : FW_OK;
    for (int kind = 0; status == FW_OK && kind < 3; kind++) {
        const size_t width = kind == 0 ? 2 : 1;
        char member[128];
        for (size_t i = 0; i < n; i++) {
            values[i * width] = (float)(kind == 0   ? creal(pixels[i])
                                        : kind == 1 ? cabs(pixels[i])
                                                    : carg(pixels[i]));
            values[i * width + width - 1] =
                kind == 0 ? (float)cimag(pixels[i]) : values[i * width + width - 1];
        }
        snprintf(member, sizeof member, "%s_%s", name, kinds[kind]);
        status = fw_npz_writer_begin(writer, member, kind == 0 ? FW_NPY_C8 : FW_NPY_F4, shape, 2);
        if (status == FW_OK) {
            status = fw_npz_writer_append(writer, values, n * width * sizeof *values);
        }
    }
    free(values);
    return status;
}

static fw_status put_stitched(struct fw_npz_writer *writer, const struct fw_host *host,
                              const char *name, const struct fw_stitch *stitch)
{
    const size_t side = stitch->canvas.side;
    const uint64_t shape[] = {side, side};
    float complex *single = malloc(side * side * sizeof *single);
    double complex *pixels = malloc(side * side * sizeof *pixels);
    fw_status status = single == NULL || pixels == NULL ? fw_fault_nomem(host) : FW_OK;
    if (status == FW_OK) {
        fw_stitch_result(stitch, single, NULL);
        for (size_t i = 0; i < side * side; i++) {
            pixels[i] = single[i];
        }
        status = put_object(writer, host, name, pixels, shape);
    }
    free(single);
    free(pixels);
    return status;
}

static fw_status put_raw(const struct recon_outcome *outcome, struct fw_npz_writer *writer)
{
    const struct recon *recon = outcome->recon;
    const uint64_t truth[] = {recon->scan.height, recon->scan.width};
    fw_status status = FW_OK;
    for (size_t i = 0; status == FW_OK && i < recon->named.n; i++) {
        const struct recon_arm *arm = &recon->arms[i];
        const uint64_t shape[] = {arm->height, arm->width};
        status =
            arm->is_given
                ? put_object(writer, recon->host, recon->named.items[i].name, arm->object, shape)
                : put_stitched(writer, recon->host, recon->named.items[i].name, &arm->stitch);
    }
    return status == FW_OK && recon->scan.object != NULL
               ? put_object(writer, recon->host, "ground_truth", recon->scan.object, truth)
               : status;
}

static fw_status put_number(struct fw_npz_writer *writer, const char *arm, const char *what,
                            double value)
{
    char member[128];
    snprintf(member, sizeof member, "%s_%s", arm, what);
    fw_status status = fw_npz_writer_begin(writer, member, FW_NPY_F8, NULL, 0);
    return status == FW_OK ? fw_npz_writer_append(writer, &value, sizeof value) : status;
}

static fw_status put_aligned(const struct recon_outcome *outcome, struct fw_npz_writer *writer)
{
    const struct recon *recon = outcome->recon;
    const struct recon_view *view = &outcome->view;
    const uint64_t shape[] = {view->height, view->width};
    fw_status status = FW_OK;
    for (size_t i = 0; status == FW_OK && i < view->n; i++) {
        const char *name = recon->named.items[i].name;
        status = put_object(writer, recon->host, name, view->arms[i].pixels, shape);
        if (status == FW_OK) {
            status = put_number(writer, name, "offset_dy", view->arms[i].shift[0]);
        }
        if (status == FW_OK) {
            status = put_number(writer, name, "offset_dx", view->arms[i].shift[1]);
        }
    }
    return status == FW_OK ? put_object(writer, recon->host, "ground_truth", view->truth, shape)
                           : status;
}

static fw_status write_arrays(const struct recon_outcome *outcome, const char *port,
                              fw_status (*put)(const struct recon_outcome *,
                                               struct fw_npz_writer *))
{
    const char *path = recon_output_path(outcome->recon, port);
    struct fw_npz_writer *writer = NULL;
    if (path == NULL) {
        return FW_OK;
    }
    fw_status status = fw_npz_writer_create(outcome->recon->host, path, &writer);
    if (status != FW_OK) {
        return status;
    }
    status = put(outcome, writer);
    if (status == FW_OK) {
        return fw_npz_writer_finish(writer);
    }
    fw_npz_writer_destroy(writer);
    return status;
}

fw_status recon_arrays_write_raw(const struct recon_outcome *outcome)
{
    return write_arrays(outcome, "reconstructions", put_raw);
}

fw_status recon_arrays_write_aligned(const struct recon_outcome *outcome)
{
    return write_arrays(outcome, "aligned", put_aligned);
}

/* SPDX-License-Identifier: MIT */
#ifndef MONITORS_CURVATURE_H
#define MONITORS_CURVATURE_H

#include <stdint.h>

#include <stdbool.h>

#include <fw/service/cancel.h>

#include "analysis/eigen.h"
#include "analysis/trace.h"
#include "monitors.h"

/** Neighbouring parameters that are looked at. */
struct curvature_range {
    uint64_t first, n;
};

struct curvature {
    const struct fw_host *host;
    const struct fw_callback_task *task;
    const struct fw_cancel *cancel; /* or NULL */
    bool is_off;                    /* for good; each event says NaN */
    bool by_lanczos;

    /* what `relax` changes and the state keeps */
    struct curvature_effort {
        uint64_t n_probes, batch, interval;
    } effort;
    uint64_t n_steps; /* of the whole run */

    struct fw_training_probe *probe;
    void (*close)(struct fw_training_probe *probe);
    fw_status (*product)(struct fw_training_probe *probe, const double *v, double *ret);
    fw_status (*bend)(struct fw_training_probe *probe, const double *v, uint64_t seed,
                      double *ret_bend); /* NULL: the trainer has none */
    uint64_t probe_batch;                /* of the open one */

    struct curvature_range *ranges;
    uint64_t n_ranges, n;        /* n: parameters in the ranges */
    double *full, *full_product; /* all parameters, where the ranges are not all; otherwise NULL */
    uint32_t n_eigen;            /* products for the eigenvalues */
    uint64_t *seeds;
    double *room, *start;
    float *vector; /* the eigenvector of the event before, as the state keeps it */
    bool has_vector;

    fw_status status; /* of the products of an event */
};

/* curvature_room.c */

/** The ranges of the option `scope`. */
fw_status curvature_ranges_find(struct curvature *c, const struct fw_training_info *info);
/** Memory of the events; Lanczos only if it may. FW_E_NOMEM leaves it to the destroyer. */
fw_status curvature_room_take(struct curvature *c, const struct fw_training_info *info);
void curvature_room_finish(struct curvature *c);

/* curvature_event.c */

struct curvature_found {
    struct fw_trace trace;
    struct fw_eigen_ends ends;
};

/** Trace and eigenvalues of the Hessian where the probe is; what is not finite is NaN. */
fw_status curvature_measure(struct curvature *c, uint64_t global_step, struct curvature_found *ret);

#endif

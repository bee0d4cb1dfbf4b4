/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "analysis/probe.h"
#include "curvature.h"
#include "sql/fault.h"

/* Of the start of the eigenvalues' search; far behind those of the probes. */
enum { START_INDEX = 0xfffff };

static void scatter(const struct curvature *c, const double *v, double *ret_full)
{
    for (uint64_t i = 0; i < c->n_ranges; i++) {
        memcpy(ret_full + c->ranges[i].first, v, c->ranges[i].n * sizeof *v);
        v += c->ranges[i].n;
    }
}

static void gather(const struct curvature *c, const double *full, double *ret)
{
    for (uint64_t i = 0; i < c->n_ranges; i++) {
        memcpy(ret, full + c->ranges[i].first, c->ranges[i].n * sizeof *ret);
        ret += c->ranges[i].n;
    }
}

/* An operator cannot fail: after the first product that did, all are NaN, and cost nothing. */
static bool goes_on(struct curvature *c)
{
    if (c->status == FW_OK && c->cancel != NULL && c->cancel->requested(c->host)) {
        c->status = fw_faultf(c->host, FW_E_CANCELLED, NULL, NULL, "the host asked to stop");
    }
    return c->status == FW_OK;
}

/* Signs of the ranges alone have to be laid out; those of all parameters are made by the trainer.
 */
static double bend(void *self, uint64_t seed)
{
    struct curvature *c = self;
    double value = NAN;

    if (goes_on(c) && c->full != NULL) {
        fw_probe_fill(seed, c->n, c->room);
        scatter(c, c->room, c->full);
    }
    if (c->status == FW_OK) {
        c->status = c->bend(c->probe, c->full, seed, &value);
    }
    return c->status == FW_OK ? value : NAN;
}

static void multiply(void *self, const double *v, double *ret)
{
    struct curvature *c = self;

    if (goes_on(c) && c->full == NULL) {
        c->status = c->product(c->probe, v, ret);
    } else if (c->status == FW_OK) {
        scatter(c, v, c->full);
        c->status = c->product(c->probe, c->full, c->full_product);
        gather(c, c->full_product, ret);
    }
    for (uint64_t i = 0; i < c->n && c->status != FW_OK; i++) {
        ret[i] = NAN;
    }
}

/*
 * Power iteration goes on from the vector that it ended with. Lanczos would find nothing but that
 * one eigenvalue there if little has changed: half of its start is new, which leads to the other
 * end as well.
 */
static void choose_start(struct curvature *c, uint64_t global_step)
{
    const double fresh = c->by_lanczos || !c->has_vector ? 1 / sqrt((double)c->n) : 0;

    fw_probe_fill(fw_probe_seed(c->task->seed, global_step, START_INDEX), c->n, c->start);
    for (uint64_t i = 0; i < c->n; i++) {
        c->start[i] = fresh * c->start[i] + (c->has_vector ? (double)c->vector[i] : 0);
    }
}

static void keep_vector(struct curvature *c)
{
    c->has_vector = true;
    for (uint64_t i = 0; i < c->n; i++) {
        c->vector[i] = (float)c->room[i];
        c->has_vector = c->has_vector && isfinite(c->vector[i]);
    }
    if (!c->has_vector) {
        memset(c->vector, 0, c->n * sizeof *c->vector);
    }
}

static void find_ends(struct curvature *c, const struct fw_operator *h, uint64_t global_step,
                      struct fw_eigen_ends *ret)
{
    const struct fw_power power = {.tolerance = fw_callback_value(c->task, "eig_tolerance")->real,
                                   .max = c->n_eigen};
    enum fw_outcome outcome;

    choose_start(c, global_step);
    if (c->by_lanczos) {
        outcome = fw_eigen_by_lanczos(h, power.max, power.tolerance, c->start, c->room, ret);
    } else {
        outcome = fw_eigen_by_power(h, &power, c->start, c->room, ret);
    }
    if (outcome == FW_OUTCOME_OK || outcome == FW_OUTCOME_INSUFFICIENT) {
        keep_vector(c);
    }
}

fw_status curvature_measure(struct curvature *c, uint64_t global_step, struct curvature_found *ret)
{
    const struct fw_operator h = {
        .n = c->n, .self = c, .apply = multiply, .bend = c->bend != NULL ? bend : NULL};
    const struct fw_trace_rules rules = {
        .relative_error = fw_callback_value(c->task, "trace_relative_error")->real};

    c->status = FW_OK;
    for (uint64_t i = 0; i < c->effort.n_probes; i++) {
        c->seeds[i] = fw_probe_seed(c->task->seed, global_step, i);
    }
    fw_trace_estimate(&h, c->seeds, c->effort.n_probes, &rules, c->room, &ret->trace);
    if (c->status == FW_OK) {
        find_ends(c, &h, global_step, &ret->ends);
    }
    return c->status;
}

/* SPDX-License-Identifier: MIT */
#include "trace.h"

#include <math.h>
#include <stdbool.h>

#include "probe.h"

void fw_trace_add(struct fw_trace *trace, double value)
{
    if (!isfinite(value)) {
        trace->n_dropped++;
        return;
    }
    double off = value - trace->mean;
    trace->mean += off / (double)++trace->n;
    trace->squares += off * (value - trace->mean);
}

double fw_trace_mean(const struct fw_trace *trace)
{
    return trace->n == 0 || trace->n_dropped > trace->n ? NAN : trace->mean;
}

double fw_trace_deviation(const struct fw_trace *trace)
{
    bool is_told = trace->n >= 2 && trace->n_dropped <= trace->n;

    return is_told ? sqrt(trace->squares / (double)(trace->n - 1)) : NAN;
}

double fw_trace_error(const struct fw_trace *trace)
{
    return fw_trace_deviation(trace) / sqrt((double)trace->n);
}

static bool is_enough(const struct fw_trace_rules *rules, const struct fw_trace *trace,
                      double mean_before)
{
    if (rules == NULL || trace->n < 2) {
        return false;
    }
    double change = fabs(trace->mean - mean_before) / (fabs(mean_before) + 1e-6);
    return (rules->tolerance > 0 && change < rules->tolerance) ||
           (rules->relative_error > 0 &&
            fw_trace_error(trace) <= rules->relative_error * fabs(trace->mean));
}

/* z'Hz; `room` is for z and for Hz. */
static double bend_along(const struct fw_operator *h, uint64_t seed, double *room)
{
    double *z = room, *product = room + h->n, value = 0;

    if (h->bend != NULL) {
        return h->bend(h->self, seed);
    }
    fw_probe_fill(seed, h->n, z);
    h->apply(h->self, z, product);
    for (size_t k = 0; k < h->n; k++) {
        value += z[k] * product[k];
    }
    return value;
}

enum fw_outcome fw_trace_estimate(const struct fw_operator *h, const uint64_t *seeds,
                                  size_t n_seeds, const struct fw_trace_rules *rules, double *room,
                                  struct fw_trace *ret)
{
    if (h == NULL || room == NULL || ret == NULL || (seeds == NULL && n_seeds > 0)) {
        return FW_OUTCOME_BAD_ARGUMENT;
    }
    *ret = (struct fw_trace){0};
    for (size_t i = 0; i < n_seeds; i++) {
        double mean_before = ret->mean;
        fw_trace_add(ret, bend_along(h, seeds[i], room));
        if (is_enough(rules, ret, mean_before)) {
            break;
        }
    }
    return n_seeds == 0                ? FW_OUTCOME_INSUFFICIENT
           : isnan(fw_trace_mean(ret)) ? FW_OUTCOME_NUMERIC
                                       : FW_OUTCOME_OK;
}

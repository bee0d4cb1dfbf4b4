/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include <fw/service/log.h>

#include "curvature.h"
#include "sql/fault.h"

/* Whether a tensor's layer has a matrix or a kernel: not the scales and shifts of a norm. */
static bool is_dense(const struct fw_training_info *info, uint64_t tensor)
{
    for (uint64_t i = 0; i < info->n_tensors; i++) {
        if (info->tensors[i]->rank >= 2 &&
            strcmp(info->tensors[i]->layer, info->tensors[tensor]->layer) == 0) {
            return true;
        }
    }
    return false;
}

static void add_range(struct curvature *c, uint64_t first, uint64_t n)
{
    struct curvature_range *last = c->n_ranges > 0 ? &c->ranges[c->n_ranges - 1] : NULL;

    if (last != NULL && last->first + last->n == first) {
        last->n += n;
    } else {
        c->ranges[c->n_ranges++] = (struct curvature_range){first, n};
    }
    c->n += n;
}

fw_status curvature_ranges_find(struct curvature *c, const struct fw_training_info *info)
{
    bool all = strcmp(fw_callback_value(c->task, "scope")->text, "all") == 0;

    c->ranges = calloc(info->n_tensors + 1, sizeof *c->ranges);
    if (c->ranges == NULL) {
        return fw_fault_nomem(c->host);
    }
    if (all) {
        add_range(c, 0, info->n_parameters);
    }
    for (uint64_t i = 0; i < info->n_tensors && !all; i++) {
        if (is_dense(info, i)) {
            add_range(c, info->tensors[i]->offset, info->tensors[i]->count);
        }
    }
    return c->n > 0 ? FW_OK
                    : fw_faultf(c->host, FW_E_CONFIG, "scope", "set scope to \"all\"",
                                "the model has no layer with a matrix or a kernel");
}

/* Rows of c->n doubles that the eigenvalues need. */
static uint64_t rows_of(const struct curvature *c)
{
    return c->by_lanczos ? c->n_eigen + (uint64_t)1 : 2;
}

static void choose_method(struct curvature *c)
{
    const uint64_t allowed = (uint64_t)fw_callback_value(c->task, "lanczos_mem_mb")->integer << 20;

    c->n_eigen = (uint32_t)fw_callback_value(c->task, "eig_products")->integer;
    c->by_lanczos = strcmp(fw_callback_value(c->task, "eig_method")->text, "lanczos") == 0;
    if (c->by_lanczos && c->n_eigen > c->n) {
        c->n_eigen = (uint32_t)c->n;
    }
    if (c->by_lanczos && rows_of(c) > allowed / sizeof(double) / c->n) {
        monitors_say(c->host, c->task, FW_LOG_INFO,
                     "Lanczos with %u products of %llu parameters needs %llu MB, lanczos_mem_mb "
                     "allows %llu: power iteration instead",
                     (unsigned)c->n_eigen, (unsigned long long)c->n,
                     (unsigned long long)(rows_of(c) * c->n * sizeof(double) >> 20),
                     (unsigned long long)(allowed >> 20));
        c->by_lanczos = false;
    }
}

fw_status curvature_room_take(struct curvature *c, const struct fw_training_info *info)
{
    choose_method(c);
    uint64_t rows = rows_of(c) > 2 ? rows_of(c) : 2;
    c->room = calloc(c->n, rows * sizeof *c->room);
    c->start = calloc(c->n, sizeof *c->start);
    c->vector = calloc(c->n, sizeof *c->vector);
    c->seeds = calloc(c->effort.n_probes, sizeof *c->seeds);
    bool done = c->room != NULL && c->start != NULL && c->vector != NULL && c->seeds != NULL;
    if (c->n < info->n_parameters) {
        c->full = calloc(info->n_parameters, sizeof *c->full);
        c->full_product = calloc(info->n_parameters, sizeof *c->full_product);
        done = done && c->full != NULL && c->full_product != NULL;
    }
    return done ? FW_OK : FW_E_NOMEM;
}

void curvature_room_finish(struct curvature *c)
{
    free(c->ranges);
    free(c->full);
    free(c->full_product);
    free(c->seeds);
    free(c->room);
    free(c->start);
    free(c->vector);
}

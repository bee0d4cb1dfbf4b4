/* SPDX-License-Identifier: MIT */
#include "group.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What one group is drawn from. */
struct draw {
    const struct fw_scan *scan;
    const struct fw_grouping *how;
    const struct fw_neighbours *neighbours;
    uint32_t *candidates;
    double *distances;
};

static void draw_members(const struct draw *draw, uint32_t centre, uint32_t *members)
{
    uint32_t per_group = draw->how->per_group;
    struct fw_pcg32 rng;

    if (per_group == 1) {
        members[0] = centre;
        return;
    }
    uint32_t n = fw_neighbours_of(draw->neighbours, centre, draw->how->n_neighbours,
                                  draw->candidates, draw->distances);
    if (n < per_group) {
        draw->candidates[n++] = centre;
    }
    fw_pcg32_init(&rng, draw->how->seed, 1 + (uint64_t)centre);
    for (uint32_t i = 0; i < per_group; i++) {
        uint32_t other = i + fw_pcg32_below(&rng, n - i);
        members[i] = draw->candidates[other];
        draw->candidates[other] = draw->candidates[i];
    }
}

static void place(const struct fw_scan *scan, const uint32_t *members, uint32_t n, double *offset,
                  double *relative)
{
    double x = 0, y = 0;

    for (uint32_t i = 0; i < n; i++) {
        x += scan->x[members[i]];
        y += scan->y[members[i]];
    }
    offset[0] = x / n;
    offset[1] = y / n;
    for (uint32_t i = 0; i < n; i++) {
        relative[i] = n == 1 ? 0 : offset[0] - scan->x[members[i]];
        relative[n + i] = n == 1 ? 0 : offset[1] - scan->y[members[i]];
    }
}

static int allocate(struct fw_groups *groups, uint32_t n, uint32_t per_group)
{
    size_t size = (size_t)n * per_group;

    *groups = (struct fw_groups){.n = n,
                                 .per_group = per_group,
                                 .members = calloc(size, sizeof *groups->members),
                                 .offsets = calloc(2 * (size_t)n, sizeof *groups->offsets),
                                 .relative = calloc(2 * size, sizeof *groups->relative)};
    return groups->members == NULL || groups->offsets == NULL || groups->relative == NULL ? -ENOMEM
                                                                                          : 0;
}

static int fill(struct fw_groups *groups, const struct fw_scan *scan, const struct fw_grouping *how)
{
    struct draw draw = {.scan = scan,
                        .how = how,
                        .candidates = calloc(how->n_neighbours + 1u, sizeof *draw.candidates),
                        .distances = calloc(how->n_neighbours + 1u, sizeof *draw.distances)};
    uint32_t *centres = calloc(groups->n, sizeof *centres);
    struct fw_neighbours *neighbours = NULL;
    int rc = draw.candidates == NULL || draw.distances == NULL || centres == NULL ? -ENOMEM : 0;

    if (rc == 0) {
        rc = fw_scan_select(groups->n, scan->n, how->seed, centres);
    }
    if (rc == 0) {
        rc = fw_neighbours_create(scan, &neighbours);
    }
    draw.neighbours = neighbours;
    for (uint32_t i = 0; rc == 0 && i < groups->n; i++) {
        uint32_t *members = groups->members + (size_t)i * how->per_group;
        draw_members(&draw, centres[i], members);
        place(scan, members, how->per_group, groups->offsets + 2 * (size_t)i,
              groups->relative + 2 * (size_t)i * how->per_group);
    }
    fw_neighbours_destroy(neighbours);
    free(centres);
    free(draw.candidates);
    free(draw.distances);
    return rc;
}

int fw_groups_init(struct fw_groups *ret_groups, const struct fw_scan *scan,
                   const struct fw_grouping *how)
{
    uint32_t n = how->n_groups == 0 || how->n_groups > scan->n ? scan->n : how->n_groups;
    struct fw_groups groups;

    if (scan->n == 0 || how->per_group == 0 || how->per_group > scan->n ||
        (how->per_group > 1 && how->n_neighbours < how->per_group)) {
        return -EINVAL;
    }
    int rc = allocate(&groups, n, how->per_group);
    if (rc == 0) {
        rc = fill(&groups, scan, how);
    }
    if (rc != 0) {
        fw_groups_finish(&groups);
        return rc;
    }
    *ret_groups = groups;
    return 0;
}

void fw_groups_finish(struct fw_groups *groups)
{
    free(groups->members);
    free(groups->offsets);
    free(groups->relative);
    *groups = (struct fw_groups){0};
}

double fw_scan_power(const float *image, size_t n_pixels)
{
    enum { LANES = 8 };
    double lanes[LANES] = {0}, sum = 0;

    for (size_t i = 0; i < n_pixels; i++) {
        lanes[i % LANES] += (double)image[i] * (double)image[i];
    }
    for (unsigned i = 0; i < LANES; i++) {
        sum += lanes[i];
    }
    return sum;
}

void fw_scan_mean_add(struct fw_scan_mean *mean, double power)
{
    double next = power - mean->lost, sum = mean->sum + next;

    mean->lost = (sum - mean->sum) - next;
    mean->sum = sum;
    mean->n++;
}

double fw_scan_scale(const struct fw_scan_mean *mean, uint32_t n_side)
{
    double half = (double)n_side / 2;

    return sqrt(half * half / (mean->sum / (double)mean->n));
}

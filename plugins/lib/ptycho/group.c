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

static bool has_member(const uint32_t *members, uint32_t n, uint32_t wanted)
{
    for (uint32_t i = 0; i < n; i++) {
        if (members[i] == wanted) {
            return true;
        }
    }
    return false;
}

static bool is_same_choice(const uint32_t *a, const uint32_t *b, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        if (!has_member(a, n, b[i])) {
            return false;
        }
    }
    return true;
}

/* Whether group `at` is one that its centre, whose groups are n positions apart, has had. */
static bool is_had(const struct draw *draw, const uint32_t *members, size_t at)
{
    const size_t n = draw->scan->n, per_group = draw->how->per_group;
    for (size_t other = at % n; other < at; other += n) {
        if (is_same_choice(members + other * per_group, members + at * per_group,
                           (uint32_t)per_group)) {
            return true;
        }
    }
    return false;
}

static void choose(const struct draw *draw, struct fw_pcg32 *rng, uint32_t n, uint32_t *members)
{
    for (uint32_t i = 0; i < draw->how->per_group; i++) {
        uint32_t other = i + fw_pcg32_below(rng, n - i);
        members[i] = draw->candidates[other];
        draw->candidates[other] = draw->candidates[i];
        draw->candidates[i] = members[i]; /* none is lost for another choice */
    }
}

/* Group number `at`, of those before it. */
static void draw_members(const struct draw *draw, uint32_t centre, size_t at, uint32_t *members)
{
    uint32_t per_group = draw->how->per_group;
    struct fw_pcg32 rng;

    if (per_group == 1) {
        members[at] = centre;
        return;
    }
    uint32_t n = fw_neighbours_of(draw->neighbours, centre, draw->how->n_neighbours,
                                  draw->candidates, draw->distances);
    if (n < per_group) {
        draw->candidates[n++] = centre;
    }
    const uint64_t turn = at / draw->scan->n;
    fw_pcg32_init(&rng, draw->how->seed, 1 + turn * draw->scan->n + centre);
    do {
        choose(draw, &rng, n, members + at * per_group);
    } while (turn > 0 && is_had(draw, members, at));
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
        rc = fw_scan_select(groups->n < scan->n ? groups->n : scan->n, scan->n, how->seed, centres);
    }
    for (uint32_t i = scan->n; i < groups->n; i++) {
        centres[i] = centres[i - scan->n];
    }
    if (rc == 0) {
        rc = fw_neighbours_create(scan, &neighbours);
    }
    draw.neighbours = neighbours;
    for (uint32_t i = 0; rc == 0 && i < groups->n; i++) {
        draw_members(&draw, centres[i], i, groups->members);
        place(scan, groups->members + (size_t)i * how->per_group, how->per_group,
              groups->offsets + 2 * (size_t)i, groups->relative + 2 * (size_t)i * how->per_group);
    }
    fw_neighbours_destroy(neighbours);
    free(centres);
    free(draw.candidates);
    free(draw.distances);
    return rc;
}

/* Whether each position can have a group in so many turns. */
static bool has_choices(const struct fw_scan *scan, const struct fw_grouping *how, uint32_t turns)
{
    uint32_t k = how->n_neighbours < scan->n - 1 ? how->n_neighbours : scan->n - 1;
    double choices = 1;

    k = k < how->per_group ? how->per_group : k;
    for (uint32_t i = 0; i < how->per_group; i++) {
        choices *= (double)(k - i) / (i + 1);
    }
    return turns <= 1 ||
           (how->per_group > 1 && turns <= FW_GROUPS_A_POSITION && turns <= choices + 0.5);
}

int fw_groups_init(struct fw_groups *ret_groups, const struct fw_scan *scan,
                   const struct fw_grouping *how)
{
    const bool is_more = how->n_groups > scan->n && !how->is_oversampled;
    uint32_t n = how->n_groups == 0 || is_more ? scan->n : how->n_groups;
    struct fw_groups groups;

    if (scan->n == 0 || how->per_group == 0 || how->per_group > scan->n ||
        (how->per_group > 1 && how->n_neighbours < how->per_group) ||
        !has_choices(scan, how, (n - 1) / scan->n + 1)) {
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

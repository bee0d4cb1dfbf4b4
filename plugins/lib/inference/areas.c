/* SPDX-License-Identifier: MIT */
#include "areas.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "scores/scores.h"

/* Of an entry of an order: its row's probability is that of the entry before. */
#define TIED (UINT32_C(1) << 31)

struct fw_areas {
    uint32_t n, n_classes;
    uint32_t *classes; /* of each row */
    uint32_t *orders;  /* [class][n]: rows by the class's probability, upwards */
    bool *present;
};

static bool make_order(const double *p, uint32_t n, uint32_t *ret_order)
{
    if (!fw_scores_order(p, n, ret_order)) {
        return false;
    }
    for (uint32_t i = n; i-- > 1;) {
        ret_order[i] |= p[ret_order[i]] == p[ret_order[i - 1]] ? TIED : 0;
    }
    return true;
}

static bool make_orders(const double *p, struct fw_areas *areas)
{
    bool done = true;

    for (uint32_t k = 0; done && k < areas->n_classes; k++) {
        const size_t first = (size_t)k * areas->n;
        done = !areas->present[k] || make_order(p + first, areas->n, areas->orders + first);
    }
    return done;
}

fw_status fw_areas_create(const double *p, const uint32_t *classes, uint32_t n, uint32_t n_classes,
                          struct fw_areas **ret)
{
    struct fw_areas *areas = calloc(1, sizeof *areas);

    if (areas == NULL) {
        return FW_E_NOMEM;
    }
    areas->n = n;
    areas->n_classes = n_classes;
    areas->classes = reallocarray(NULL, n, sizeof *areas->classes);
    areas->orders = reallocarray(NULL, (size_t)n * n_classes, sizeof *areas->orders);
    areas->present = calloc(n_classes, sizeof *areas->present);
    bool done = areas->classes != NULL && areas->orders != NULL && areas->present != NULL;
    for (uint32_t i = 0; done && i < n; i++) {
        areas->classes[i] = classes[i];
        areas->present[classes[i]] = true;
    }
    if (!done || !make_orders(p, areas)) {
        fw_areas_destroy(areas);
        return FW_E_NOMEM;
    }
    *ret = areas;
    return FW_OK;
}

void fw_areas_destroy(struct fw_areas *areas)
{
    if (areas != NULL) {
        free(areas->classes);
        free(areas->orders);
        free(areas->present);
        free(areas);
    }
}

/* A replicate: rows of each class, and over how many rows of the others rows of a class rank. All
 * are whole numbers, below 2^61, so that sums are exact in any order. */
struct tally {
    uint64_t *totals; /* of a class */
    uint64_t *below;  /* of a class, below where the walk stands */
    uint64_t *tied;   /* of a class, where it stands */
    uint64_t *over;   /* [class][other]: twice the pairs that are right, ties once */
};

static bool tally_init(uint32_t n_classes, struct tally *tally)
{
    tally->totals = calloc(((size_t)n_classes + 3) * n_classes, sizeof *tally->totals);
    if (tally->totals == NULL) {
        return false;
    }
    tally->below = tally->totals + n_classes;
    tally->tied = tally->below + n_classes;
    tally->over = tally->tied + n_classes;
    return true;
}

/* What stands at one probability: rows of class k are over what is below and half over what is
 * tied.
 */
static void close_tie(uint32_t n_classes, uint32_t k, struct tally *tally)
{
    const uint64_t own = tally->tied[k];

    for (uint32_t other = 0; other < n_classes; other++) {
        tally->over[(size_t)k * n_classes + other] +=
            own * (2 * tally->below[other] + tally->tied[other]);
        tally->below[other] += tally->tied[other];
        tally->tied[other] = 0;
    }
}

static void walk(const struct fw_areas *areas, const uint32_t *counts, uint32_t k,
                 struct tally *tally)
{
    const uint32_t *order = areas->orders + (size_t)k * areas->n;
    uint64_t *over = tally->over + (size_t)k * areas->n_classes;

    memset(tally->below, 0, areas->n_classes * sizeof *tally->below);
    for (uint32_t i = 0; i < areas->n; i++) {
        const uint32_t row = order[i] & ~TIED, own = areas->classes[row];
        const bool is_tied = i + 1 < areas->n && (order[i + 1] & TIED) != 0;
        if (is_tied || (order[i] & TIED) != 0) {
            tally->tied[own] += counts[row];
            if (!is_tied) {
                close_tie(areas->n_classes, k, tally);
            }
            continue;
        }
        tally->below[own] += counts[row];
        for (uint32_t other = 0; own == k && other < areas->n_classes; other++) {
            over[other] += 2 * counts[row] * tally->below[other];
        }
    }
}

/* Whether each class that the rows have is in the replicate, and a second one. */
static bool count(const struct fw_areas *areas, const uint32_t *counts, struct tally *tally,
                  uint64_t *ret_n)
{
    uint32_t n_present = 0;

    *ret_n = 0;
    for (uint32_t i = 0; i < areas->n; i++) {
        tally->totals[areas->classes[i]] += counts[i];
        *ret_n += counts[i];
    }
    for (uint32_t k = 0; k < areas->n_classes; k++) {
        n_present += tally->totals[k] > 0;
        if (areas->present[k] && tally->totals[k] == 0) {
            return false;
        }
    }
    return n_present > 1;
}

static double share(uint64_t twice, uint64_t a, uint64_t b)
{
    return (double)twice / (2.0 * (double)a * (double)b);
}

static void add_class(const struct fw_areas *areas, const struct tally *tally, uint32_t k,
                      uint64_t n, struct fw_area_means *sums)
{
    const uint64_t *over = tally->over + (size_t)k * areas->n_classes;
    const uint64_t own = tally->totals[k];
    uint64_t over_rest = 0;

    for (uint32_t other = 0; other < areas->n_classes; other++) {
        if (other != k && tally->totals[other] > 0) {
            over_rest += over[other];
            sums->pairs += share(over[other], own, tally->totals[other]);
        }
    }
    const double area = share(over_rest, own, n - own);
    sums->rest += area;
    sums->weighted += area * (double)own / (double)n;
}

fw_status fw_areas_measure(const struct fw_areas *areas, const uint32_t *counts,
                           struct fw_area_means *ret)
{
    struct fw_area_means sums = {0, 0, 0};
    struct tally tally;
    uint64_t n;
    uint32_t n_present = 0;

    if (!tally_init(areas->n_classes, &tally)) {
        return FW_E_NOMEM;
    }
    const bool all = count(areas, counts, &tally, &n);
    for (uint32_t k = 0; all && k < areas->n_classes; k++) {
        if (areas->present[k]) {
            walk(areas, counts, k, &tally);
            add_class(areas, &tally, k, n, &sums);
            n_present++;
        }
    }
    free(tally.totals);
    *ret = all ? (struct fw_area_means){sums.rest / n_present, sums.weighted,
                                        sums.pairs / n_present / (n_present - 1)}
               : (struct fw_area_means){NAN, NAN, NAN};
    return FW_OK;
}

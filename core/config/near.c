/* SPDX-License-Identifier: MIT */
#include "config/near.h"

#include <string.h>

enum { MAX_LENGTH = 63 };

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

unsigned fw_near_distance(const char *a, const char *b)
{
    size_t a_len = strnlen(a, MAX_LENGTH), b_len = strnlen(b, MAX_LENGTH);
    unsigned cost[MAX_LENGTH + 1][MAX_LENGTH + 1];
    for (size_t i = 0; i <= a_len; i++) {
        for (size_t k = 0; k <= b_len; k++) {
            if (i == 0 || k == 0) {
                cost[i][k] = (unsigned)(i + k);
                continue;
            }
            unsigned best = least(cost[i - 1][k], cost[i][k - 1]) + 1;
            best = least(best, cost[i - 1][k - 1] + (a[i - 1] != b[k - 1]));
            if (i > 1 && k > 1 && a[i - 1] == b[k - 2] && a[i - 2] == b[k - 1]) {
                best = least(best, cost[i - 2][k - 2] + 1);
            }
            cost[i][k] = best;
        }
    }
    return cost[a_len][b_len];
}

const char *fw_near(const char *name, const char *const *candidates, size_t n_candidates)
{
    const char *nearest = NULL;
    unsigned limit = least(3, 1 + (unsigned)strlen(name) / 4);
    for (size_t i = 0; i < n_candidates; i++) {
        unsigned distance = fw_near_distance(name, candidates[i]);
        /* Replacing a whole short word is no slip. */
        if (distance <= limit && distance < strlen(candidates[i])) {
            nearest = candidates[i];
            limit = distance - (distance > 0);
            if (distance == 0) {
                break;
            }
        }
    }
    return nearest;
}

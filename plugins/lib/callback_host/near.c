/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "internal.h"

enum { LENGTH_MOST = 40 };

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* Letters to insert, delete, replace or swap until `a` is `b`. */
static unsigned distance(const char *a, const char *b)
{
    unsigned cost[LENGTH_MOST + 1][LENGTH_MOST + 1];
    size_t n = strnlen(a, LENGTH_MOST), m = strnlen(b, LENGTH_MOST);

    for (size_t i = 0; i <= n; i++) {
        for (size_t k = 0; k <= m; k++) {
            if (i == 0 || k == 0) {
                cost[i][k] = (unsigned)(i + k);
                continue;
            }
            cost[i][k] = least(least(cost[i - 1][k], cost[i][k - 1]) + 1,
                               cost[i - 1][k - 1] + (a[i - 1] != b[k - 1]));
            if (i > 1 && k > 1 && a[i - 1] == b[k - 2] && a[i - 2] == b[k - 1]) {
                cost[i][k] = least(cost[i][k], cost[i - 2][k - 2] + 1);
            }
        }
    }
    return cost[n][m];
}

void hub_near_append(struct fw_text *text, const char *name, const char *const *names, uint64_t n)
{
    const char *nearest = NULL;
    unsigned limit = least(3, 1 + (unsigned)strlen(name) / 4);

    for (uint64_t i = 0; i < n; i++) {
        unsigned d = distance(name, names[i]);
        if (d <= limit && d < strlen(names[i]) && (nearest == NULL || d < limit)) {
            nearest = names[i];
            limit = d;
        }
    }
    if (nearest != NULL) {
        fw_text_appendf(text, "did you mean \"%s\"? ", nearest);
    }
    fw_text_append(text, n == 0 ? "there is none" : "one of ");
    for (uint64_t i = 0; i < n; i++) {
        fw_text_appendf(text, "%s%s", i == 0 ? "" : ", ", names[i]);
    }
}

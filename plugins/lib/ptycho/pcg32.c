/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>

#include "group.h"

void fw_pcg32_init(struct fw_pcg32 *rng, uint64_t seed, uint64_t stream)
{
    *rng = (struct fw_pcg32){.increment = stream << 1 | 1};
    (void)fw_pcg32_next(rng);
    rng->state += seed;
    (void)fw_pcg32_next(rng);
}

uint32_t fw_pcg32_next(struct fw_pcg32 *rng)
{
    uint64_t old = rng->state;
    uint32_t shifted = (uint32_t)((old >> 18 ^ old) >> 27), turn = (uint32_t)(old >> 59);

    rng->state = old * UINT64_C(6364136223846793005) + rng->increment;
    return shifted >> turn | shifted << (-turn & 31);
}

uint32_t fw_pcg32_below(struct fw_pcg32 *rng, uint32_t limit)
{
    uint32_t least = -limit % limit, number; /* below it some remainders would come once more */

    do {
        number = fw_pcg32_next(rng);
    } while (number < least);
    return number % limit;
}

static int compare(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return x < y ? -1 : x > y;
}

int fw_scan_select(uint32_t k, uint32_t n, uint64_t seed, uint32_t *ret_chosen)
{
    struct fw_pcg32 rng;

    if (k > n) {
        return -EINVAL;
    }
    uint32_t *all = malloc((n + 1u) * sizeof *all);
    if (all == NULL) {
        return -ENOMEM;
    }
    for (uint32_t i = 0; i < n; i++) {
        all[i] = i;
    }
    fw_pcg32_init(&rng, seed, 0);
    for (uint32_t i = 0; i < k; i++) { /* the first k steps of a Fisher-Yates shuffle */
        uint32_t other = i + fw_pcg32_below(&rng, n - i);
        ret_chosen[i] = all[other];
        all[other] = all[i];
    }
    free(all);
    qsort(ret_chosen, k, sizeof *ret_chosen, compare);
    return 0;
}

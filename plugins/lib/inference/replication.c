/* SPDX-License-Identifier: MIT */
#include "replication.h"

#include <math.h>

void fw_consistency(const double *here, const double *there, size_t n, struct fw_consistency *ret)
{
    size_t consistent = 0, total = 0;

    for (size_t i = 0; i < n; i++) {
        if (!isnan(here[i]) && !isnan(there[i])) {
            total++;
            consistent += (here[i] > 0 && there[i] > 0) || (here[i] < 0 && there[i] < 0);
        }
    }
    *ret = (struct fw_consistency){
        .consistent = consistent,
        .total = total,
        .rate = total > 0 ? (double)consistent / (double)total : NAN,
        .verdict = total == 0                    ? FW_REPLICATION_NONE
                   : 4 * consistent >= 3 * total ? FW_REPLICATED
                   : 4 * consistent <= total     ? FW_NOT_REPLICATED
                                                 : FW_REPLICATION_OPEN,
    };
}

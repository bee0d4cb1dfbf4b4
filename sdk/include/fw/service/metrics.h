/* SPDX-License-Identifier: MIT */
#ifndef FW_SERVICE_METRICS_H
#define FW_SERVICE_METRICS_H

#include "fw/host.h"

FW_BEGIN_DECLS

#define FW_METRICS_ID "fw.metrics/1"

/** Numbers for the event log and the report. From the host. */
struct fw_metrics {
    uint32_t struct_size;
    uint32_t reserved;

    /**
     * Records `value` of `name` ("loss/train") at `ordinal` (an epoch, a part, a row count).
     * `unit` may be NULL. Names are lower_snake ASCII with slashes. [any thread]
     */
    void (*record)(const struct fw_host *host, const char *name, uint64_t ordinal, double value,
                   const char *unit);
};
FW_ASSERT_NO_TAIL(struct fw_metrics, record);

FW_END_DECLS

#endif

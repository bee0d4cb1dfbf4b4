/* SPDX-License-Identifier: MIT */
#ifndef FW_SERVICE_PROGRESS_H
#define FW_SERVICE_PROGRESS_H

#include "fw/host.h"

FW_BEGIN_DECLS

#define FW_PROGRESS_ID "fw.progress/1"

/**
 * Progress inside a long step; between steps the host reads `struct fw_step`. From the host.
 */
struct fw_progress {
    uint32_t struct_size;
    uint32_t reserved;

    /**
     * `fraction` of the running step, 0 to 1, or negative when unknown; `text` says what is
     * being done, or NULL; it is copied. Each call is a message: some in a
     * second are plenty. Also tells the watchdog that the stage is alive. [any thread]
     */
    void (*report)(const struct fw_host *host, double fraction, const char *text);
};
FW_ASSERT_NO_TAIL(struct fw_progress, report);

FW_END_DECLS

#endif

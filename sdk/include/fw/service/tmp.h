/* SPDX-License-Identifier: MIT */
#ifndef FW_SERVICE_TMP_H
#define FW_SERVICE_TMP_H

#include "fw/host.h"

FW_BEGIN_DECLS

#define FW_TMP_ID "fw.tmp/1"

/** Scratch space. From the host. */
struct fw_tmp {
    uint32_t struct_size;
    uint32_t reserved;

    /**
     * Absolute path of a folder of this attempt alone, made on first use, removed with all it
     * holds when the attempt ends or is taken over; it does not outlive a restart, so state
     * that a checkpoint refers to belongs beside the outputs. NULL when it cannot be made (the
     * fault is then recorded). Valid as long as the host. [stage thread]
     */
    const char *(*dir)(const struct fw_host *host);
};
FW_ASSERT_NO_TAIL(struct fw_tmp, dir);

FW_END_DECLS

#endif

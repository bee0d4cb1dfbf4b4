/* SPDX-License-Identifier: MIT */
#ifndef FW_SERVICE_CANCEL_H
#define FW_SERVICE_CANCEL_H

#include "fw/host.h"

FW_BEGIN_DECLS

#define FW_CANCEL_ID "fw.cancel/1"

/** Whether the host wants the running step to end. From the host. */
struct fw_cancel {
    uint32_t struct_size;
    uint32_t reserved;

    /**
     * Non-zero once the stage should stop. A step that can take longer than a second asks at
     * least every 50 ms and answers with FW_E_CANCELLED. Costs a load. [any thread]
     */
    int32_t (*requested)(const struct fw_host *host);

    /**
     * Has `interrupt(arg)` called, from another thread, at the moment cancelling is requested;
     * for code that blocks in a library which can be interrupted. At once if it already is.
     * Any number of hooks, told apart by `arg`: a stage's sessions have one each. NULL takes
     * the hook of `arg` away; when this returns no call of it is running any more.
     * [stage thread]
     */
    void (*on_request)(const struct fw_host *host, void (*interrupt)(void *arg), void *arg);
};
FW_ASSERT_NO_TAIL(struct fw_cancel, on_request);

FW_END_DECLS

#endif

/* SPDX-License-Identifier: MIT */
#ifndef FW_SERVICE_GATE_H
#define FW_SERVICE_GATE_H

#include "fw/host.h"

FW_BEGIN_DECLS

#define FW_GATE_ID "fw.gate/1"

/** A gate's verdict. Only FW_GATE_TRUE lets a pipeline go on. */
enum {
    FW_GATE_FALSE = 0,
    FW_GATE_TRUE = 1,
    FW_GATE_UNDECIDED = 2 /**< what it needs to decide is not there; the reason says what */
};

/**
 * For stages that check: what they find is a result, not a failure. Their outputs, the reports,
 * are published whatever the verdict, and MANIFEST.json lists the gates. Unless all of them are
 * true the stage then ends the run with exit code 7, nothing that needs it runs, and the next run
 * checks again. From the host.
 */
struct fw_gate {
    uint32_t struct_size;
    uint32_t reserved;

    /**
     * Gives the verdict of the gate `name` (lower_snake ASCII; a stage may have several). `reason`
     * is one sentence with the figures, also when it is true. To be said by the last step, before
     * it returns FW_OK: what was said before a restore is gone. A second call with the name
     * replaces; texts are copied. FW_E_ARG for another verdict. [stage thread]
     */
    fw_status (*verdict)(const struct fw_host *host, const char *name, int32_t verdict,
                         const char *reason);
};
FW_ASSERT_NO_TAIL(struct fw_gate, verdict);

FW_END_DECLS

#endif

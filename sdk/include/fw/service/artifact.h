/* SPDX-License-Identifier: MIT */
#ifndef FW_SERVICE_ARTIFACT_H
#define FW_SERVICE_ARTIFACT_H

#include "fw/host.h"

FW_BEGIN_DECLS

#define FW_ARTIFACT_ID "fw.artifact/1"

/**
 * What the stage wants to have on record beside its outputs. From the host. To be said by the last
 * step, before it returns FW_OK: what was said before a restore is gone.
 */
struct fw_artifact {
    uint32_t struct_size;
    uint32_t reserved;

    /**
     * Sets a top-level field of the stage's MANIFEST.json to `json`, any valid JSON text. The
     * names that the host itself writes are refused (FW_E_ARG); a second call replaces. Both texts
     * are copied. [stage thread]
     */
    fw_status (*field)(const struct fw_host *host, const char *name, const char *json);

    /**
     * Says how many rows an output holds in all, for the manifest and the summary; the last word
     * counts. [stage thread]
     */
    fw_status (*rows)(const struct fw_host *host, const char *port, uint64_t n_rows);
};
FW_ASSERT_NO_TAIL(struct fw_artifact, rows);

FW_END_DECLS

#endif

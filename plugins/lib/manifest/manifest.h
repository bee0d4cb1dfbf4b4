/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_MANIFEST_MANIFEST_H
#define FW_LIB_MANIFEST_MANIFEST_H

#include <cjson/cJSON.h>

#include <fw/host.h>

/**
 * Reads the MANIFEST.json of the stage that made the file or folder `path`: the one in the same
 * folder. *ret_manifest is NULL when there is none, else the caller's to delete. FW_E_DATA when it
 * is no JSON object. [stage thread]
 */
fw_status fw_manifest_beside(const struct fw_host *host, const char *path, cJSON **ret_manifest);

#endif

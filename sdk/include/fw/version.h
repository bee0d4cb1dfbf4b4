/* SPDX-License-Identifier: MIT */
#ifndef FW_VERSION_H
#define FW_VERSION_H

#include "fw/macros.h"

/**
 * The version of the binary contract between host and plugin.
 *
 * A host loads a plugin if the majors are equal and the plugin's minor is not above the
 * host's. Within a major the contract only grows at the end of its structs (sdk/ABI.md).
 *
 * While FW_ABI_DRAFT is not 0 the contract may still change without a new major: the host
 * then also demands the same draft number, so that a plugin built against other headers is
 * refused instead of misread. It becomes 0, for good, when v1 is frozen.
 */
#define FW_ABI_MAJOR 1
#define FW_ABI_MINOR 0
#define FW_ABI_DRAFT 4

/** First member of `fw_plugin_v1` and of the ELF note: "FWR1" in little-endian bytes. */
#define FW_MAGIC 0x31525746u

#endif

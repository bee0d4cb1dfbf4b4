/* SPDX-License-Identifier: MIT */
#ifndef FW_SERVICE_RNG_H
#define FW_SERVICE_RNG_H

#include "fw/host.h"

FW_BEGIN_DECLS

#define FW_RNG_ID "fw.rng/1"

/** Seeds that do not depend on order, threads or time. From the host. */
struct fw_rng {
    uint32_t struct_size;
    uint32_t reserved;

    /**
     * 64 well-mixed bits derived from the pipeline's seed, the stage's name and `ordinal`:
     * the same for every run, thread count and order of calls. [any thread]
     */
    uint64_t (*seed)(const struct fw_host *host, uint64_t ordinal);
};
FW_ASSERT_NO_TAIL(struct fw_rng, seed);

FW_END_DECLS

#endif

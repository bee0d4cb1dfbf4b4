/* SPDX-License-Identifier: MIT */
#ifndef FUZZ_HOST_H
#define FUZZ_HOST_H

#include "fuzz.h"
#include "fw/sdk.h"

/** A host that has no services and keeps the first fault; ready for the next input. */
const struct fw_host *fuzz_host(void);

/** There was a fault, it has a sentence, and of bad data it says the place. */
void fuzz_host_check_fault(fw_status status);

#endif

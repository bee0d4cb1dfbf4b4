/* SPDX-License-Identifier: MIT */
#ifndef FW_CORE_BASE_MACHINE_H
#define FW_CORE_BASE_MACHINE_H

#include <stdint.h>

#include "base/error.h"

/* What this machine, or the part of it that a container was given, has to offer. */

/* Processors that this process may use: its affinity mask, within the cgroup's quota. At least 1.
 */
unsigned fw_machine_cpus(void);

/* min(memory limits of the cgroups (v1 and v2) from here up, MemTotal), in bytes. */
uint64_t fw_machine_memory(void);

/* How often the kernel has killed for memory: in this process's cgroup, or, where the cgroup does
 * not say, on the whole system. Only the growth between two calls means something. */
uint64_t fw_machine_oom_kills(void);

/* Changes with every boot; NUL-terminated, at most 39 characters; "" when it cannot be read. */
void fw_machine_boot_id(char ret_text[40]);

/* The name of the host, at most 255 characters. */
void fw_machine_host(char ret_text[256]);

#endif

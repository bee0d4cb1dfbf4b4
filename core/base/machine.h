/* SPDX-License-Identifier: MIT */
#ifndef FW_CORE_BASE_MACHINE_H
#define FW_CORE_BASE_MACHINE_H

#include <stdint.h>

/* What this machine, or the part of it that a container was given, has to offer. */
struct fw_machine {
    unsigned cpus;         /* affinity mask, within the cgroup's quota; at least 1 */
    uint64_t memory_bytes; /* the least of the cgroups' limits (v1 and v2) and MemTotal */
    uint64_t oom_kills;    /* of this cgroup, else of the system; only its growth means something */
    char oom_file[4096];   /* that counts them */
    char boot_id[40];      /* "" when it cannot be read */
    char host[256];
};

/* Reads it all, in some 100 µs and without asking for memory. */
void fw_machine_look(struct fw_machine *ret_machine);

/* The same with the files of /proc and /sys looked for under another root ("" is the real one). */
void fw_machine_look_under(const char *root, struct fw_machine *ret_machine);

/*
 * Which kernels OpenBLAS shall take, "SkylakeX" for example: the user's OPENBLAS_CORETYPE, else
 * those for the processor's instructions, since an OpenBLAS that does not know a newer processor
 * takes its slowest. "" where it is left to choose by itself.
 */
const char *fw_machine_blas_core(void);

/* The kills by now, in some 10 µs. */
uint64_t fw_machine_oom_kills(const struct fw_machine *machine);

#endif

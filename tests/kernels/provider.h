/* SPDX-License-Identifier: MIT */
#ifndef FW_TESTS_KERNELS_PROVIDER_H
#define FW_TESTS_KERNELS_PROVIDER_H

#include <stdbool.h>

#include <fw/service/kernels.h>

/*
 * A provider of fw.kernels/1 out of a shared object, and a host with nothing but a budget: needs a
 * C compiler and the C library, so that it can be built on a bare machine with a GPU.
 */
struct provider {
    void *library;
    const struct fw_kernels *kernels;
    struct fw_host host;
    uint32_t threads;
    uint64_t memory_bytes;
    char fault[512];    /* of the last failure: what, where, value, expected */
    fw_status recorded; /* its class; FW_OK when there was none */
};

/* Ends the program with a sentence when there is no such provider. */
void provider_open(struct provider *provider, const char *path);
void provider_close(struct provider *provider);

#endif

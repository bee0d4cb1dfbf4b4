/* SPDX-License-Identifier: MIT */
#ifndef FW_HOST_H
#define FW_HOST_H

#include "fw/status.h"

FW_BEGIN_DECLS

/**
 * The host as one stage instance sees it. Each instance gets its own; it stays valid until
 * the instance's `destroy` has returned. Services of plugins get the host of the stage that
 * uses them.
 */
struct fw_host {
    uint32_t struct_size;
    uint16_t abi_major;
    uint16_t abi_minor;
    void *self; /**< the host's own; plugins pass it back untouched */

    /**
     * The function table of a service ("fw.log/1"), or NULL when nothing provides it. A
     * service listed in the stage's `services_required` is never NULL. The table is constant
     * and valid as long as the host.
     * [any thread]
     */
    const void *(*service)(const struct fw_host *host, const char *id);

    /**
     * Records why a call is about to fail, and returns `status`, so that a plugin writes
     * `return host->fail(host, FW_E_DATA, &fault);`. The strings are copied. The first fault
     * of a failing call wins: the deepest layer knows the cause. A negative return without a
     * fault is reported as the plugin's defect.
     * [any thread]
     */
    fw_status (*fail)(const struct fw_host *host, fw_status status, const struct fw_fault *fault);
};
FW_ASSERT_NO_TAIL(struct fw_host, fail);

/**
 * Records a fault and gives `status` back, for `return`:
 *
 *     return FW_FAIL(host, FW_E_IO, .what = strerror(errno), .where = path);
 *
 * The members of `struct fw_fault`, in declared order; needs C11 or C++20.
 */
#ifdef __cplusplus
#    define FW_FAIL(host_, status_, ...)                                                           \
        [&] {                                                                                      \
            const struct fw_fault fw_fault_ = {                                                    \
                .struct_size = (uint32_t)sizeof(struct fw_fault), .reserved = 0, __VA_ARGS__};     \
            return (host_)->fail((host_), (status_), &fw_fault_);                                  \
        }()
#else
#    define FW_FAIL(host_, status_, ...)                                                           \
        (host_)->fail((host_), (status_),                                                          \
                      &(const struct fw_fault){.struct_size = (uint32_t)sizeof(struct fw_fault),   \
                                               __VA_ARGS__})
#endif

FW_END_DECLS

#endif

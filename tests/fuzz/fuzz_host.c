/* SPDX-License-Identifier: MIT */
#include "fuzz_host.h"

#include <stdbool.h>
#include <string.h>

static struct {
    int n;
    fw_status status;
    bool what, where;
} first;

static const void *service(const struct fw_host *host, const char *id)
{
    (void)host;
    (void)id;
    return NULL;
}

static fw_status fail(const struct fw_host *host, fw_status status, const struct fw_fault *fault)
{
    (void)host;
    if (first.n++ == 0) {
        first.status = status;
        first.what = fault->what != NULL && strlen(fault->what) > 0;
        first.where = fault->where != NULL && strlen(fault->where) > 0;
    }
    return status;
}

const struct fw_host *fuzz_host(void)
{
    static const struct fw_host host = {.struct_size = sizeof host,
                                        .abi_major = FW_ABI_MAJOR,
                                        .abi_minor = FW_ABI_MINOR,
                                        .service = service,
                                        .fail = fail};
    memset(&first, 0, sizeof first);
    return &host;
}

void fuzz_host_check_fault(fw_status status)
{
    FUZZ_CHECK(first.n > 0 && first.status == status && first.what);
    FUZZ_CHECK(first.where || status == FW_E_NOMEM);
}

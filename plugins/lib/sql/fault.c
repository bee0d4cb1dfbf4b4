/* SPDX-License-Identifier: MIT */
#include "fault.h"

#include <stdarg.h>

#include <stdio.h>
#include <stdlib.h>

static fw_status fail(const struct fw_host *host, fw_status status, const char *what,
                      const char *where, const char *remedy)
{
    struct fw_fault fault = {
        .struct_size = (uint32_t)sizeof fault, .what = what, .where = where, .remedy = remedy};

    return host->fail(host, status, &fault);
}

fw_status fw_faultf(const struct fw_host *host, fw_status status, const char *where,
                    const char *remedy, const char *format, ...)
{
    char *what = NULL;
    va_list args;

    va_start(args, format);
    int written = vasprintf(&what, format, args);
    va_end(args);
    if (written < 0) {
        return fail(host, status, format, where, remedy);
    }
    fail(host, status, what, where, remedy);
    free(what);
    return status;
}

fw_status fw_fault_nomem(const struct fw_host *host)
{
    return fail(host, FW_E_NOMEM, "an allocation of the stage's own failed", NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
#include "fault.h"

#include <stdarg.h>

#include <stdio.h>

fw_status exec_fault(const struct fw_host *host, fw_status status, const char *remedy,
                     const char *format, ...)
{
    char what[4096];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    const struct fw_fault fault = {
        .struct_size = (uint32_t)sizeof fault, .what = what, .remedy = remedy};
    return host->fail(host, status, &fault);
}

fw_status exec_fault_nomem(const struct fw_host *host)
{
    return exec_fault(host, FW_E_NOMEM, NULL, "no memory for the stage's own bookkeeping");
}

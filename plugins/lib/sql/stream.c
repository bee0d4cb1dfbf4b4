/* SPDX-License-Identifier: MIT */
#include "stream.h"

#include <errno.h>

#include "fault.h"

static const struct {
    fw_status status;
    int code;
} classes[] = {
    {FW_E_NOMEM, ENOMEM}, {FW_E_NOSPACE, ENOSPC},      {FW_E_CANCELLED, ECANCELED},
    {FW_E_DATA, EINVAL},  {FW_E_UNSUPPORTED, ENOTSUP}, {FW_E_MISSING, ENOENT},
    {FW_E_CONFIG, EDOM},  {FW_E_ARG, EBADF},           {FW_E_INTERNAL, EPROTO},
};

int fw_status_to_errno(fw_status status)
{
    for (size_t i = 0; i < FW_COUNT(classes); i++) {
        if (classes[i].status == status) {
            return classes[i].code;
        }
    }
    return EIO;
}

fw_status fw_status_from_errno(int code)
{
    for (size_t i = 0; i < FW_COUNT(classes); i++) {
        if (classes[i].code == code) {
            return classes[i].status;
        }
    }
    return FW_E_IO;
}

fw_status fw_stream_fault(const struct fw_host *host, struct ArrowArrayStream *stream, int code)
{
    const char *text = stream->get_last_error(stream);

    return fw_faultf(host, fw_status_from_errno(code), NULL, NULL, "reading a table failed: %s",
                     text != NULL ? text : "its producer gives no reason");
}

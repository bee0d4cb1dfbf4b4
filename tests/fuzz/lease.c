/* SPDX-License-Identifier: MIT */
#include "base/lease.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "fuzz.h"

/* Input: what lies where a lease should. A holder is believed alive only if it is, and nothing that
 * is stale has to be removed by hand. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *path = fuzz_path("lease");
    struct fw_lease lease = {0};
    struct fw_lease_holder holder;
    enum fw_lease_state state;
    struct fw_error err = {0};
    fuzz_write(path, data, size);
    FUZZ_CHECK(fw_lease_inspect(path, &state, &holder, &err) == 0);
    FUZZ_CHECK(state != FW_LEASE_FREE && holder.token[0] != '\0' && holder.pid >= 0);
    if (state == FW_LEASE_HELD) {
        FUZZ_CHECK(kill(holder.pid, 0) == 0 || errno == EPERM);
    }
    if (fw_lease_take(&lease, path, NULL, &err) < 0) {
        FUZZ_CHECK(state != FW_LEASE_STALE && err.code == FW_EXIT_REFUSED && err.text[0] != '\0');
        FUZZ_CHECK(unlink(path) == 0);
        return 0;
    }
    FUZZ_CHECK(state == FW_LEASE_STALE);
    FUZZ_CHECK(fw_lease_inspect(path, &state, &holder, &err) == 0 && state == FW_LEASE_HELD);
    FUZZ_CHECK(holder.pid == getpid() && strcmp(holder.token, lease.token) == 0);
    FUZZ_CHECK(fw_lease_drop(&lease, &err) == 0 && access(path, F_OK) < 0);
    return 0;
}

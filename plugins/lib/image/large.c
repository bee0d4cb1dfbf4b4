/* SPDX-License-Identifier: MIT */
#include "large.h"

#include <stdint.h>

#include <stdlib.h>
#include <sys/mman.h>

void *fw_large_alloc(size_t n, size_t item_bytes)
{
    const size_t page = 2u << 20;
    void *bytes = NULL;

    if (item_bytes != 0 && n > (SIZE_MAX - page) / item_bytes) {
        return NULL;
    }
    size_t size = n * item_bytes;
    if (size < page) {
        return malloc(size > 0 ? size : 1);
    }
    size = (size + page - 1) / page * page;
    if (posix_memalign(&bytes, page, size) != 0) {
        return NULL;
    }
    (void)madvise(bytes, size, MADV_HUGEPAGE); /* advice: ordinary pages do as well */
    /* Each page is had now: of threads that come to one together, each would clear it. */
    for (size_t i = 0; i < size; i += page) {
        *((volatile char *)bytes + i) = 0;
    }
    return bytes;
}

/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_IMAGE_LARGE_H
#define FW_LIB_IMAGE_LARGE_H

#include <stddef.h>

/**
 * malloc for whole images, on huge pages where the system has them: columns are walked across
 * pages, and an image's life is short beside the time that thousands of page faults take. NULL;
 * free() frees.
 */
void *fw_large_alloc(size_t n, size_t item_bytes);

#endif

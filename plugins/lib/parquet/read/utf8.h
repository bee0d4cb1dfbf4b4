/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_PARQUET_READ_UTF8_H
#define FW_LIB_PARQUET_READ_UTF8_H

#include <stddef.h>
#include <stdint.h>

#include <stdbool.h>

/** Whether these are whole characters, the shortest form of each, no surrogates. */
bool parquet_is_utf8(const uint8_t *bytes, size_t size);

#endif

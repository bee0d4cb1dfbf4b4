/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_DELTA_Z85_H
#define FW_LIB_DELTA_Z85_H

#include <stddef.h>

#include <stdbool.h>

/**
 * Decodes n_chars characters of Z85 (ZeroMQ RFC 32), a multiple of five, to four bytes for every
 * five of them. False: another character or count, or a group above 2^32 - 1.
 */
bool fw_delta_z85(const char *text, size_t n_chars, unsigned char *bytes);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_SQL_STREAM_H
#define FW_LIB_SQL_STREAM_H

#include <fw/arrow.h>
#include <fw/host.h>

/*
 * Arrow streams speak errno, the SDK speaks status classes. Producers in this house turn a
 * class into its errno and consumers turn it back, so that "out of memory" keeps its meaning
 * (and its retry) across a stream.
 */
int fw_status_to_errno(fw_status status);
fw_status fw_status_from_errno(int code);

/**
 * The fault of a stream's call that returned `code`, not 0. A producer that recorded one
 * itself keeps it: the first fault wins.
 */
fw_status fw_stream_fault(const struct fw_host *host, struct ArrowArrayStream *stream, int code);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef FW_KERNELS_CUDA_BUFFER_H
#define FW_KERNELS_CUDA_BUFFER_H

#include "session.h"

/* Buffers of the service, and what goes in and out of them. */
fw_status buffer_create(struct fw_kernels_session *session, uint64_t bytes,
                        struct fw_kernels_buffer **ret_buffer);
fw_status buffer_borrow(struct fw_kernels_session *session, void *memory, uint64_t bytes,
                        struct fw_kernels_buffer **ret_buffer);
void buffer_destroy(struct fw_kernels_buffer *buffer);
void *buffer_host(const struct fw_kernels_buffer *buffer);
fw_status buffer_upload(struct fw_kernels_session *session, struct fw_operand to,
                        const void *source, uint64_t bytes);
fw_status buffer_download(struct fw_kernels_session *session, struct fw_operand from,
                          void *ret_target, uint64_t bytes);

#endif

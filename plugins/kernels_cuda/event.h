/* SPDX-License-Identifier: MIT */
#ifndef FW_KERNELS_CUDA_EVENT_H
#define FW_KERNELS_CUDA_EVENT_H

#include <fw/service/kernels.h>

fw_status event_create(struct fw_kernels_session *session, struct fw_kernels_event **ret_event);
void event_destroy(struct fw_kernels_event *event);
fw_status event_record(struct fw_kernels_event *event);
fw_status event_elapsed(const struct fw_kernels_event *first, const struct fw_kernels_event *last,
                        double *ret_ms);

#endif

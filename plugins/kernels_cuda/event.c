/* SPDX-License-Identifier: MIT */
#include "event.h"

#include <stdlib.h>

#include "session.h"

struct fw_kernels_event {
    struct fw_kernels_session *session;
    void *event;
    bool recorded;
};

fw_status event_create(struct fw_kernels_session *session, struct fw_kernels_event **ret_event)
{
    struct fw_kernels_event *event;
    fw_status status = session_enter(session, "event_create");

    if (status != FW_OK) {
        return status;
    }
    event = calloc(1, sizeof *event);
    if (event == NULL) {
        return FW_FAIL(session->host, FW_E_NOMEM, .what = "out of memory for an event");
    }
    event->session = session;
    status = CUDA_CALL(session, PART_DRIVER, cuEventCreate, &event->event, 0);
    if (status != FW_OK) {
        free(event);
        return status;
    }
    *ret_event = event;
    return FW_OK;
}

void event_destroy(struct fw_kernels_event *event)
{
    if (event != NULL) {
        (void)event->session->api->cuCtxSetCurrent(event->session->context);
        (void)event->session->api->cuEventDestroy_v2(event->event);
        free(event);
    }
}

fw_status event_record(struct fw_kernels_event *event)
{
    struct fw_kernels_session *session = event->session;

    CUDA_TRY(session_enter(session, "event_record"));
    CUDA_TRY(CUDA_CALL(session, PART_DRIVER, cuEventRecord, event->event, session->stream));
    event->recorded = true;
    return FW_OK;
}

fw_status event_elapsed(const struct fw_kernels_event *first, const struct fw_kernels_event *last,
                        double *ret_ms)
{
    struct fw_kernels_session *session = first->session;
    float ms = 0;

    if (!first->recorded || !last->recorded) {
        return FW_FAIL(session->host, FW_E_ARG, .what = "an event was never recorded",
                       .where = "event_elapsed");
    }
    CUDA_TRY(session_enter(session, "event_elapsed"));
    CUDA_TRY(CUDA_CALL(session, PART_DRIVER, cuEventSynchronize, last->event));
    CUDA_TRY(CUDA_CALL(session, PART_DRIVER, cuEventElapsedTime, &ms, first->event, last->event));
    *ret_ms = (double)ms;
    return FW_OK;
}

/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <fw/plugin.h>

#include "kernels/call.h"
#include "kernels/ops.h"
#include "session.h"

struct fw_kernels_event {
    struct fw_kernels_session *session;
    struct timespec at;
    bool recorded;
};

static fw_status available(char *ret_reason, uint64_t reason_size)
{
    (void)ret_reason;
    (void)reason_size;
    return FW_OK;
}

/* Operations end before their call returns, so that the queue is always empty. */
static fw_status synchronize(struct fw_kernels_session *session)
{
    (void)session;
    return FW_OK;
}

static fw_status upload(struct fw_kernels_session *session, struct fw_operand to,
                        const void *source, uint64_t bytes)
{
    struct fw_call call = {.host = session->host, .session = session, .op = "upload"};
    void *target = fw_call_operand(&call, "to", to, bytes, 1);

    if (call.status == FW_OK && bytes > 0) {
        memcpy(target, source, bytes);
    }
    return call.status;
}

static fw_status download(struct fw_kernels_session *session, struct fw_operand from,
                          void *ret_target, uint64_t bytes)
{
    struct fw_call call = {.host = session->host, .session = session, .op = "download"};
    const void *source = fw_call_operand(&call, "from", from, bytes, 1);

    if (call.status == FW_OK && bytes > 0) {
        memcpy(ret_target, source, bytes);
    }
    return call.status;
}

static fw_status event_create(struct fw_kernels_session *session,
                              struct fw_kernels_event **ret_event)
{
    struct fw_kernels_event *event = calloc(1, sizeof *event);

    if (event == NULL) {
        return FW_FAIL(session->host, FW_E_NOMEM, .what = "out of memory for an event");
    }
    event->session = session;
    *ret_event = event;
    return FW_OK;
}

static void event_destroy(struct fw_kernels_event *event)
{
    free(event);
}

static fw_status event_record(struct fw_kernels_event *event)
{
    event->recorded = clock_gettime(CLOCK_MONOTONIC, &event->at) == 0;
    return event->recorded ? FW_OK
                           : FW_FAIL(event->session->host, FW_E_INTERNAL, .what = "no clock");
}

static fw_status event_elapsed(const struct fw_kernels_event *first,
                               const struct fw_kernels_event *last, double *ret_ms)
{
    if (!first->recorded || !last->recorded) {
        return FW_FAIL(first->session->host, FW_E_ARG, .what = "an event was never recorded",
                       .where = "event_elapsed");
    }
    *ret_ms = (double)(last->at.tv_sec - first->at.tv_sec) * 1e3 +
              (double)(last->at.tv_nsec - first->at.tv_nsec) * 1e-6;
    return FW_OK;
}

static const struct fw_kernels table = {
    .struct_size = (uint32_t)sizeof(struct fw_kernels),
    .device = FW_KERNELS_CPU,
    .engine = "own tiles for v1, v3 and v4 of x86-64; FFTW",
    .available = available,
    .open = session_open,
    .close = session_close,
    .describe = session_describe,
    .buffer_create = buffer_create,
    .buffer_borrow = buffer_borrow,
    .buffer_destroy = buffer_destroy,
    .buffer_host = buffer_host,
    .upload = upload,
    .download = download,
    .synchronize = synchronize,
    .event_create = event_create,
    .event_destroy = event_destroy,
    .event_record = event_record,
    .event_elapsed = event_elapsed,
    .gemm = op_gemm,
    .conv2d = op_conv2d,
    .norm = op_norm,
    .pool = op_pool,
    .softmax = op_softmax,
    .update = op_update,
    .map = op_map,
    .affine = op_affine,
    .reduce = op_reduce,
    .copy = op_copy,
    .random = op_random,
    .fft = op_fft,
    .box_sum = op_box_sum,
    .patches = op_patches,
    .ranks = op_ranks,
    .bootstrap = op_bootstrap,
};

static const char *const libraries[] = {"libfftw3.so.3", "libfftw3f.so.3"};

static const struct fw_service service = {
    .struct_size = (uint32_t)sizeof(struct fw_service),
    .n_libraries = FW_COUNT(libraries),
    .id = FW_KERNELS_ID,
    .doc = "Dense numeric operations on the processor",
    .libraries = libraries,
    .table = &table,
};

static const struct fw_service *const services[] = {&service};

FW_PLUGIN("org.fwrun.kernels_cpu", "0.1.0", "MIT",
          .doc = "Dense numeric operations on the processor", .services = services,
          .n_services = FW_COUNT(services));

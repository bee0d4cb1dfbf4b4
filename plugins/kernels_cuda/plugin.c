/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include <fw/plugin.h>

#include "buffer.h"
#include "event.h"
#include "kernels/ops.h"
#include "libraries.h"

static fw_status available(char *ret_reason, uint64_t reason_size)
{
    char reason[192] = "";

    if (cuda_api_open(reason, sizeof reason) != NULL) {
        return FW_OK;
    }
    (void)snprintf(ret_reason, reason_size, "no CUDA device: %s", reason);
    return FW_E_MISSING;
}

static fw_status synchronize(struct fw_kernels_session *session)
{
    CUDA_TRY(session_enter(session, "synchronize"));
    return CUDA_CALL(session, PART_DRIVER, cuStreamSynchronize, session->stream);
}

static const struct fw_kernels table = {
    .struct_size = (uint32_t)sizeof(struct fw_kernels),
    .device = FW_KERNELS_CUDA,
    .engine = "CUDA: cuBLAS, cuDNN, cuFFT, and own kernels for sm_80 and sm_90",
    .available = available,
    .open = session_open,
    .close = session_close,
    .describe = session_describe,
    .buffer_create = buffer_create,
    .buffer_borrow = buffer_borrow,
    .buffer_destroy = buffer_destroy,
    .buffer_host = buffer_host,
    .upload = buffer_upload,
    .download = buffer_download,
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

static const char *const libraries[] = {LIBRARIES_DRIVER, LIBRARIES_BLAS, LIBRARIES_WITH_BLAS,
                                        LIBRARIES_FFT, LIBRARIES_DNN};

static const struct fw_service service = {
    .struct_size = (uint32_t)sizeof(struct fw_service),
    .n_libraries = FW_COUNT(libraries),
    .id = FW_KERNELS_ID,
    .doc = "Dense numeric operations on a CUDA device",
    .libraries = libraries,
    .table = &table,
};

static const struct fw_service *const services[] = {&service};

FW_PLUGIN("org.fwrun.kernels_cuda", "0.1.0", "MIT",
          .doc = "Dense numeric operations on a CUDA device", .services = services,
          .n_services = FW_COUNT(services));

/* SPDX-License-Identifier: MIT */
#include "session.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <fw/service/budget.h>

#include "binary.h"
#include "convolution.h"
#include "transform.h"

/* What cuBLAS computes in must not change, or its sums would: as much as it asks for on Hopper. */
#define BLAS_WORK (UINT64_C(32) << 20)

/* Blocks of a kernel over elements: more than any device runs at once. */
#define MOST_BLOCKS 16384

#define TYPED_NAME(name) #name "_f32", #name "_f64",
#define BARE_NAME(name)  #name,
static const char *const kernel_names[] = {KERNELS_TYPED(TYPED_NAME) KERNELS_BARE(BARE_NAME)};

static fw_status open_kernels(struct fw_kernels_session *s)
{
    CUDA_TRY(CUDA_CALL(s, PART_DRIVER, cuModuleLoadData, &s->module, fw_kernels_binary));
    for (int i = 0; i < KERNEL_COUNT; i++) {
        CUDA_TRY(CUDA_CALL(s, PART_DRIVER, cuModuleGetFunction, &s->functions[i], s->module,
                           kernel_names[i]));
    }
    return FW_OK;
}

/* The workspace comes after the stream, which would take it away. */
static fw_status open_libraries(struct fw_kernels_session *s)
{
    CUDA_TRY(CUDA_CALL(s, PART_BLAS, cublasCreate_v2, &s->blas));
    CUDA_TRY(CUDA_CALL(s, PART_BLAS, cublasSetStream_v2, s->blas, s->stream));
    CUDA_TRY(CUDA_CALL(s, PART_DRIVER, cuMemAlloc_v2, &s->blas_work, BLAS_WORK));
    CUDA_TRY(CUDA_CALL(s, PART_BLAS, cublasSetWorkspace_v2, s->blas,
                       (void *)(uintptr_t)s->blas_work, BLAS_WORK)); /* NOLINT: an address */
    CUDA_TRY(CUDA_CALL(s, PART_BLAS, cublasSetMathMode, s->blas, CUBLAS_PEDANTIC));
    if (s->api->has_dnn) {
        CUDA_TRY(CUDA_CALL(s, PART_DNN, cudnnCreate, &s->dnn));
        CUDA_TRY(CUDA_CALL(s, PART_DNN, cudnnSetStream, s->dnn, s->stream));
    }
    return FW_OK;
}

static fw_status describe(struct fw_kernels_session *s)
{
    char name[96] = "", dnn[32] = "no cuDNN";
    int driver = 0, blas = 0, fft = 0, major = 0, minor = 0;
    size_t version = s->api->has_dnn ? s->api->cudnnGetVersion() : 0;

    CUDA_TRY(CUDA_CALL(s, PART_DRIVER, cuDeviceGetName, name, (int)sizeof name, s->device));
    CUDA_TRY(
        CUDA_CALL(s, PART_DRIVER, cuDeviceGetAttribute, &major, CUDA_ATTRIBUTE_MAJOR, s->device));
    CUDA_TRY(
        CUDA_CALL(s, PART_DRIVER, cuDeviceGetAttribute, &minor, CUDA_ATTRIBUTE_MINOR, s->device));
    CUDA_TRY(CUDA_CALL(s, PART_DRIVER, cuDriverGetVersion, &driver));
    CUDA_TRY(CUDA_CALL(s, PART_BLAS, cublasGetVersion_v2, s->blas, &blas));
    CUDA_TRY(CUDA_CALL(s, PART_FFT, cufftGetVersion, &fft));
    if (version > 0) {
        (void)snprintf(dnn, sizeof dnn, "cuDNN %zu", version);
    }
    (void)snprintf(s->text, sizeof s->text, "cuda %s, sm_%d%d, driver %d, cuBLAS %d, cuFFT %d, %s",
                   name, major, minor, driver, blas, fft, dnn);
    return FW_OK;
}

/* What is left undone by a failure is seen by session_close in what is still NULL. */
static fw_status open_device(struct fw_kernels_session *s)
{
    CUDA_TRY(CUDA_CALL(s, PART_DRIVER, cuDeviceGet, &s->device, 0));
    CUDA_TRY(CUDA_CALL(s, PART_DRIVER, cuDevicePrimaryCtxRetain, &s->context, s->device));
    CUDA_TRY(session_enter(s, "open"));
    CUDA_TRY(CUDA_CALL(s, PART_DRIVER, cuStreamCreate, &s->stream, CUDA_STREAM_APART));
    CUDA_TRY(open_kernels(s));
    CUDA_TRY(open_libraries(s));
    return describe(s);
}

fw_status session_open(const struct fw_host *host, struct fw_kernels_session **ret_session)
{
    const struct fw_budget *budget = host->service(host, FW_BUDGET_ID);
    const struct fw_limits *limits = budget ? budget->limits(host) : NULL;
    char reason[192] = "";
    const struct cuda_api *api = cuda_api_open(reason, sizeof reason);
    struct fw_kernels_session *session;
    fw_status status;

    if (api == NULL) {
        return FW_FAIL(host, FW_E_MISSING, .what = "no CUDA device", .where = "open",
                       .value = reason, .expected = "a device, its driver, cuBLAS and cuFFT",
                       .remedy = "set resources { compute = \"cpu\"; }");
    }
    session = calloc(1, sizeof *session);
    if (session == NULL) {
        return FW_FAIL(host, FW_E_NOMEM, .what = "out of memory for a session", .where = "open");
    }
    session->host = host;
    session->api = api;
    session->op = "open";
    session->memory_limit = limits && limits->memory_bytes > 0 ? limits->memory_bytes : UINT64_MAX;
    status = open_device(session);
    if (status != FW_OK) {
        session_close(session);
        return status;
    }
    *ret_session = session;
    return FW_OK;
}

static void close_device(struct fw_kernels_session *s)
{
    const struct cuda_api *api = s->api;

    (void)api->cuCtxSetCurrent(s->context);
    if (s->stream != NULL) {
        (void)api->cuStreamSynchronize(s->stream);
    }
    transforms_forget(s);
    convolutions_forget(s);
    if (s->dnn != NULL) {
        (void)api->cudnnDestroy(s->dnn);
    }
    if (s->blas != NULL) {
        (void)api->cublasDestroy_v2(s->blas);
    }
    if (s->blas_work != 0) {
        (void)api->cuMemFree_v2(s->blas_work);
    }
    if (s->scratch != 0) {
        (void)api->cuMemFree_v2(s->scratch);
    }
    if (s->module != NULL) {
        (void)api->cuModuleUnload(s->module);
    }
    if (s->stream != NULL) {
        (void)api->cuStreamDestroy_v2(s->stream);
    }
    (void)api->cuDevicePrimaryCtxRelease_v2(s->device);
}

void session_close(struct fw_kernels_session *session)
{
    if (session == NULL) {
        return;
    }
    if (session->context != NULL) {
        close_device(session);
    }
    free(session);
}

const char *session_describe(const struct fw_kernels_session *session)
{
    return session->text;
}

fw_status session_enter(struct fw_kernels_session *session, const char *op)
{
    session->op = op;
    return CUDA_CALL(session, PART_DRIVER, cuCtxSetCurrent, session->context);
}

struct fw_call session_call(struct fw_kernels_session *session, const char *op,
                            uint32_t struct_size, uint64_t size)
{
    struct fw_call call = fw_call_begin(session->host, session, op, struct_size, size);

    if (call.status == FW_OK) {
        call.status = session_enter(session, op);
    }
    return call;
}

fw_status session_launch(struct fw_kernels_session *session, int kernel, uint64_t blocks,
                         void *args)
{
    void *arguments[] = {args};

    if (blocks == 0) {
        return FW_OK;
    }
    if (blocks > INT32_MAX) {
        return session_unsupported(session, "the shape", blocks, "at most 2^31 - 1 blocks");
    }
    return CUDA_CALL(session, PART_DRIVER, cuLaunchKernel, session->functions[kernel],
                     (unsigned)blocks, 1, 1, BLOCK_THREADS, 1, 1, 0, session->stream, arguments,
                     NULL);
}

fw_status session_each(struct fw_kernels_session *session, int kernel, uint64_t n, void *args)
{
    uint64_t blocks = ceiling(n, BLOCK_THREADS);

    return session_launch(session, kernel, blocks < MOST_BLOCKS ? blocks : MOST_BLOCKS, args);
}

fw_status session_scratch(struct fw_kernels_session *s, uint64_t bytes, void **ret_memory)
{
    if (bytes > s->scratch_bytes || s->scratch == 0) {
        uint64_t old = s->scratch;
        CUDA_TRY(CUDA_CALL(s, PART_DRIVER, cuStreamSynchronize, s->stream));
        s->scratch = 0;
        s->scratch_bytes = 0;
        if (old != 0) {
            CUDA_TRY(CUDA_CALL(s, PART_DRIVER, cuMemFree_v2, old));
        }
        CUDA_TRY(CUDA_CALL(s, PART_DRIVER, cuMemAlloc_v2, &s->scratch, bytes > 0 ? bytes : 1));
        s->scratch_bytes = bytes;
    }
    *ret_memory = (void *)(uintptr_t)s->scratch; /* NOLINT: an address of the device */
    return FW_OK;
}

fw_status session_unsupported(struct fw_kernels_session *session, const char *what, uint64_t value,
                              const char *expected)
{
    char text[24];

    (void)snprintf(text, sizeof text, "%" PRIu64, value);
    return FW_FAIL(session->host, FW_E_UNSUPPORTED, .what = what, .where = session->op,
                   .value = text, .expected = expected,
                   .remedy = "cut the work into smaller calls, or set resources { compute = "
                             "\"cpu\"; }");
}

static bool is_memory(int part, int result)
{
    switch (part) {
    case PART_DRIVER:
        return result == CUDA_ERROR_MEMORY;
    case PART_BLAS:
        return result == CUBLAS_NO_MEMORY;
    case PART_FFT:
        return result == CUFFT_NO_MEMORY;
    default:
        return result == CUDNN_NO_HOST_MEMORY || result == CUDNN_NO_DEVICE_MEMORY;
    }
}

fw_status session_result(struct fw_kernels_session *session, int part, const char *call, int result)
{
    static const char *const names[] = {"the CUDA driver", "cuBLAS", "cuFFT", "cuDNN"};
    const char *error = NULL;
    char what[64], value[160];

    if (result == 0) {
        return FW_OK;
    }
    if (part == PART_DRIVER) {
        (void)session->api->cuGetErrorName(result, &error);
    }
    (void)snprintf(value, sizeof value, "%s: %s%s%d", call, error != NULL ? error : "",
                   error != NULL ? " " : "status ", result);
    if (is_memory(part, result)) {
        return FW_FAIL(session->host, FW_E_NOMEM, .what = "out of memory on the CUDA device",
                       .where = session->op, .value = value,
                       .remedy = "take a smaller batch, or end what else uses the device");
    }
    (void)snprintf(what, sizeof what, "%s reports a failure", names[part]);
    return FW_FAIL(session->host, FW_E_INTERNAL, .what = what, .where = session->op, .value = value,
                   .remedy = "run the stage again: a failed kernel leaves the context unusable; "
                             "`nvidia-smi` shows the device");
}

/* SPDX-License-Identifier: MIT */
/*
 * faults KERNELS_CUDA.so: every call of CUDA that a tour of the operations makes fails in turn,
 * once for want of memory and once otherwise; the library path leads to the stand-in. The operation
 * must say so, in the right class and with the call's name, and nothing may be left behind. Prints
 * TAP.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../provider.h"
#include "standin.h"

enum { BUFFERS = 3, FLOATS = 8192 };

struct tour {
    struct provider provider;
    const struct fw_kernels *k;
    struct fw_kernels_session *session;
    struct fw_kernels_buffer *buffers[BUFFERS];
    struct fw_kernels_buffer *lent;
    struct fw_kernels_event *events[2];
    float memory[64]; /* that is lent */
};

static unsigned number, failures;

static bool claim(bool good, const char *what, const char *detail)
{
    if (!good && failures++ < 10) {
        (void)printf("# %s: %s\n", what, detail);
    }
    return good;
}

static void report(unsigned before, const char *name)
{
    (void)printf("%s %u - %s\n", failures == before ? "ok" : "not ok", ++number, name);
}

/* Somewhere in a buffer; `shift` elements away from what cuFFT would like. */
static struct fw_operand at(const struct tour *t, int buffer, uint64_t shift)
{
    return (struct fw_operand){t->buffers[buffer], shift * sizeof(float)};
}

static fw_status step_dense(const struct tour *t)
{
    struct fw_gemm gemm = {.struct_size = sizeof gemm,
                           .dtype = FW_F32,
                           .m = 4,
                           .n = 5,
                           .k = 6,
                           .lda = 6,
                           .ldb = 5,
                           .ldc = 5,
                           .outer = 2,
                           .inner = 2,
                           .stride_a_outer = 100,
                           .stride_c_outer = 90,
                           .stride_c_inner = 20,
                           .alpha = 1,
                           .a = at(t, 0, 0),
                           .b = at(t, 1, 0),
                           .bias = at(t, 1, 100),
                           .c = at(t, 2, 0)};
    struct fw_conv2d conv = {.struct_size = sizeof conv,
                             .dtype = FW_F32,
                             .post = FW_POST_RELU,
                             .batch = 1,
                             .in_channels = 2,
                             .in_rows = 4,
                             .in_cols = 4,
                             .out_channels = 2,
                             .kernel_rows = 3,
                             .kernel_cols = 3,
                             .stride_rows = 1,
                             .stride_cols = 1,
                             .pad_rows = 1,
                             .pad_cols = 1,
                             .alpha = 1,
                             .input = at(t, 0, 0),
                             .filter = at(t, 1, 0),
                             .output = at(t, 2, 0)};
    fw_status status = t->k->gemm(t->session, &gemm);

    for (; conv.direction < 3 && status == FW_OK; conv.direction++) {
        status = t->k->conv2d(t->session, &conv);
        conv.post = 0;
    }
    return status;
}

static fw_status step_layer(const struct tour *t)
{
    struct fw_norm norm = {.struct_size = sizeof norm,
                           .dtype = FW_F32,
                           .outer = 3,
                           .channels = 2,
                           .inner = 700,
                           .epsilon = 1e-5,
                           .x = at(t, 0, 0),
                           .mean = at(t, 1, 0),
                           .variance = at(t, 1, 2),
                           .y = at(t, 2, 0),
                           .dy = at(t, 0, 0),
                           .dx = at(t, 2, 0),
                           .dgamma = at(t, 1, 4),
                           .dbeta = at(t, 1, 6)};
    struct fw_softmax softmax = {.struct_size = sizeof softmax,
                                 .dtype = FW_F32,
                                 .rows = 3,
                                 .cols = 7,
                                 .scale = 1,
                                 .x = at(t, 0, 0),
                                 .y = at(t, 2, 0)};
    fw_status status = t->k->norm(t->session, &norm);

    norm.backward = 1;
    status = status == FW_OK ? t->k->norm(t->session, &norm) : status;
    return status == FW_OK ? t->k->softmax(t->session, &softmax) : status;
}

static fw_status step_array(const struct tour *t)
{
    struct fw_reduce reduce = {.struct_size = sizeof reduce,
                               .dtype = FW_F32,
                               .out_type = FW_F64,
                               .outer = 1,
                               .channels = 1,
                               .inner = FLOATS,
                               .alpha = 1,
                               .a = at(t, 0, 0),
                               .out = at(t, 2, 0)};
    struct fw_copy copy = {.struct_size = sizeof copy,
                           .in_type = FW_F32,
                           .out_type = FW_F32,
                           .shape = {1, 1, 8, 9},
                           .in_stride = {0, 0, 9, 1},
                           .out_stride = {0, 0, 9, 1},
                           .in = at(t, 0, 0),
                           .out = at(t, 2, 0)};
    fw_status status = t->k->reduce(t->session, &reduce);

    reduce.kind = FW_REDUCE_MAX;
    status = status == FW_OK ? t->k->reduce(t->session, &reduce) : status;
    return status == FW_OK ? t->k->copy(t->session, &copy) : status;
}

static fw_status step_image(const struct tour *t)
{
    struct fw_fft fft = {.struct_size = sizeof fft,
                         .dtype = FW_F32,
                         .batch = 2,
                         .rows = 6,
                         .cols = 5,
                         .scale = 0.5,
                         .in = at(t, 0, 1),
                         .out = at(t, 2, 1)};
    struct fw_bootstrap bootstrap = {.struct_size = sizeof bootstrap,
                                     .models = 2,
                                     .n = 20,
                                     .block = 3,
                                     .resamples = 4,
                                     .score = at(t, 0, 0),
                                     .label = at(t, 1, 0),
                                     .out = at(t, 2, 0)};
    struct fw_ranks ranks = {.struct_size = sizeof ranks,
                             .dtype = FW_F32,
                             .rows = 2,
                             .n = 30,
                             .x = at(t, 0, 0),
                             .out = at(t, 2, 0)};
    fw_status status = FW_OK;

    for (; fft.kind <= FW_FFT_TO_REAL && status == FW_OK; fft.kind++) {
        status = t->k->fft(t->session, &fft);
    }
    status = status == FW_OK ? t->k->bootstrap(t->session, &bootstrap) : status;
    return status == FW_OK ? t->k->ranks(t->session, &ranks) : status;
}

static fw_status step_events(struct tour *t)
{
    double ms;
    fw_status status = FW_OK;

    for (int i = 0; i < 2 && status == FW_OK; i++) {
        status = t->k->event_create(t->session, &t->events[i]);
        status = status == FW_OK ? t->k->event_record(t->events[i]) : status;
    }
    return status == FW_OK ? t->k->event_elapsed(t->events[0], t->events[1], &ms) : status;
}

static fw_status step_memory(struct tour *t)
{
    fw_status status = FW_OK;
    float values[16] = {0};

    for (int i = 0; i < BUFFERS && status == FW_OK; i++) {
        status = t->k->buffer_create(t->session, 2 * FLOATS * sizeof(float), &t->buffers[i]);
    }
    if (status == FW_OK) {
        status = t->k->buffer_borrow(t->session, t->memory, sizeof t->memory, &t->lent);
    }
    status =
        status == FW_OK ? t->k->upload(t->session, at(t, 0, 0), values, sizeof values) : status;
    return status == FW_OK ? t->k->download(t->session, at(t, 0, 0), values, sizeof values)
                           : status;
}

static fw_status go(struct tour *t)
{
    fw_status status = t->k->open(&t->provider.host, &t->session);

    status = status == FW_OK ? step_memory(t) : status;
    status = status == FW_OK ? step_dense(t) : status;
    status = status == FW_OK ? step_layer(t) : status;
    status = status == FW_OK ? step_array(t) : status;
    status = status == FW_OK ? step_image(t) : status;
    status = status == FW_OK ? step_events(t) : status;
    return status == FW_OK ? t->k->synchronize(t->session) : status;
}

static void come_home(struct tour *t)
{
    for (int i = 0; i < BUFFERS; i++) {
        t->k->buffer_destroy(t->buffers[i]);
        t->buffers[i] = NULL;
    }
    t->k->buffer_destroy(t->lent);
    t->lent = NULL;
    for (int i = 0; i < 2; i++) {
        t->k->event_destroy(t->events[i]);
        t->events[i] = NULL;
    }
    t->k->close(t->session);
    t->session = NULL;
}

static void nothing_is_left(const struct standin *s, const char *when)
{
    char text[256];
    bool gone = s->contexts == 0 && s->modules == 0 && s->streams == 0 && s->events == 0 &&
                s->allocations == 0 && s->registrations == 0 && s->handles == 0;

    (void)snprintf(text, sizeof text,
                   "%s: contexts %d, modules %d, streams %d, events %d, allocations %d, "
                   "registrations %d, handles %d, overruns %d, misuses %d",
                   when, (int)s->contexts, (int)s->modules, (int)s->streams, (int)s->events,
                   (int)s->allocations, (int)s->registrations, (int)s->handles, (int)s->overruns,
                   (int)s->misuses);
    (void)claim(gone && s->overruns == 0 && s->misuses == 0, "something is left", text);
}

/* The first calls of all tell whether there is a device; borrowing may be refused for other
 * reasons than memory. */
static fw_status wanted_class(const struct standin *s)
{
    if (strcmp(s->failed, "cuInit") == 0 || strcmp(s->failed, "cuDeviceGetCount") == 0) {
        return FW_E_MISSING;
    }
    if (s->fail_with == STANDIN_MEMORY) {
        return FW_E_NOMEM;
    }
    return strcmp(s->failed, "cuMemHostRegister_v2") == 0 ? FW_E_UNSUPPORTED : FW_E_INTERNAL;
}

static void the_fault_is_told(const struct tour *t, const struct standin *s, fw_status status)
{
    const char *dots = strstr(t->provider.fault, "...");
    char name[64], text[700];

    (void)snprintf(name, sizeof name, "%.*s", dots != NULL ? 16 : 63, s->failed);
    (void)snprintf(text, sizeof text, "%s gave %d, \"%s\"", s->failed, status, t->provider.fault);
    (void)claim(status == wanted_class(s) && t->provider.recorded == status, "the wrong class",
                text);
    (void)claim(status == FW_E_MISSING || strstr(t->provider.fault, name) != NULL,
                "the call is not named", text);
}

/* False when the tour has no call of that number. */
static bool fail_once(struct tour *t, struct standin *s, uint64_t n)
{
    uint64_t tour_calls;
    fw_status status;

    s->calls = 0;
    s->fail_at = n;
    s->failed = NULL;
    t->provider.recorded = FW_OK;
    t->provider.fault[0] = '\0';
    status = go(t);
    tour_calls = s->calls;
    come_home(t);
    if (n <= tour_calls) {
        the_fault_is_told(t, s, status);
    } else {
        (void)claim(status == FW_OK, "the tour failed by itself", t->provider.fault);
    }
    nothing_is_left(s, s->failed != NULL ? s->failed : "no failure");
    s->fail_at = 0;
    return s->calls >= n;
}

static void every_call_fails_in_turn(struct tour *t, struct standin *s)
{
    static const char *const names[] = {[STANDIN_MEMORY] = "out of memory at every call in turn",
                                        [STANDIN_FAILURE] = "a failure of every call in turn"};

    for (int kind = STANDIN_MEMORY; kind <= STANDIN_FAILURE; kind++) {
        unsigned before = failures;
        uint64_t n = 1;
        s->fail_with = kind;
        while (fail_once(t, s, n)) {
            n++;
        }
        (void)claim(n > 100, "too short a tour", "there are more calls than that");
        (void)printf("# %d calls\n", (int)n - 1);
        report(before, names[kind]);
    }
}

static void no_device(struct tour *t)
{
    char reason[256] = "";
    unsigned before = failures;

    (void)setenv("FWRUN_STANDIN_NO_DEVICE", "1", 1);
    (void)claim(t->k->available(reason, sizeof reason) == FW_E_MISSING, "available", reason);
    (void)claim(strcmp(reason, "no CUDA device: the driver says: no CUDA-capable device is "
                               "detected") == 0,
                "the reason", reason);
    (void)claim(t->k->open(&t->provider.host, &t->session) == FW_E_MISSING, "open",
                t->provider.fault);
    (void)claim(strstr(t->provider.fault, "no CUDA device; open; the driver says") != NULL,
                "the sentence", t->provider.fault);
    (void)unsetenv("FWRUN_STANDIN_NO_DEVICE");
    report(before, "without a device that is said");
}

static void too_large(struct tour *t, const struct standin *s)
{
    struct fw_gemm op = {.struct_size = sizeof op,
                         .dtype = FW_F32,
                         .m = 1,
                         .n = 1,
                         .k = 1,
                         .lda = UINT64_C(1) << 31,
                         .ldb = 1,
                         .ldc = 1,
                         .alpha = 1};
    unsigned before = failures;

    (void)claim(t->k->open(&t->provider.host, &t->session) == FW_OK && step_memory(t) == FW_OK,
                "the tour did not begin", t->provider.fault);
    op.a = op.b = at(t, 0, 0);
    op.c = at(t, 1, 0);
    (void)claim(t->k->gemm(t->session, &op) == FW_E_UNSUPPORTED &&
                    strstr(t->provider.fault, "2147483648") != NULL,
                "a matrix too large for cuBLAS", t->provider.fault);
    come_home(t);
    nothing_is_left(s, "after it");
    report(before, "what is too large for a library is refused");
}

int main(int argc, char **argv)
{
    struct tour tour = {0};
    struct standin *counts;
    void *library;

    if (argc < 2) {
        (void)fprintf(stderr, "usage: faults KERNELS_CUDA.so\n");
        return 2;
    }
    library = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
    counts = library != NULL ? dlsym(library, "standin") : NULL;
    if (counts == NULL) {
        (void)fprintf(stderr, "libcuda.so.1 is not the stand-in: set LD_LIBRARY_PATH\n");
        return 2;
    }
    provider_open(&tour.provider, argv[1]);
    tour.k = tour.provider.kernels;
    no_device(&tour);
    every_call_fails_in_turn(&tour, counts);
    too_large(&tour, counts);
    (void)printf("1..%u\n", number);
    provider_close(&tour.provider);
    return failures > 0;
}

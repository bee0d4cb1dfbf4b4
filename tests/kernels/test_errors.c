/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "check.h"

/* A failure must be of this class, recorded, and say `part`. */
static void refused(struct check *check, fw_status status, fw_status wanted, const char *part)
{
    check_that(check, status == wanted, "status %d instead of %d", status, wanted);
    check_that(check, check->provider->recorded == wanted, "no fault was recorded");
    check_that(check, strstr(check->provider->fault, part) != NULL, "\"%s\" does not say \"%s\"",
               check->provider->fault, part);
    check->provider->recorded = FW_OK;
}

static struct fw_gemm good_gemm(const struct check *check, const struct array *a)
{
    return (struct fw_gemm){.struct_size = sizeof(struct fw_gemm),
                            .dtype = check->dtype,
                            .m = 4,
                            .n = 4,
                            .k = 4,
                            .lda = 4,
                            .ldb = 4,
                            .ldc = 4,
                            .alpha = 1,
                            .a = a->on,
                            .b = a->on,
                            .c = a->on};
}

static void mistakes_in_arguments_are_refused(struct check *check)
{
    struct array a = array_random(check, 16);
    struct fw_gemm op = good_gemm(check, &a);

    op.a.buffer = NULL;
    refused(check, check->k->gemm(check->session, &op), FW_E_ARG, "operand a");
    op = good_gemm(check, &a);
    op.b.offset += check->dtype == FW_F64 ? 8 : 4;
    refused(check, check->k->gemm(check->session, &op), FW_E_ARG, "operand b");
    op = good_gemm(check, &a);
    op.m = UINT64_MAX / 2;
    refused(check, check->k->gemm(check->session, &op), FW_E_ARG, "operand a");
    op = good_gemm(check, &a);
    op.c.offset = 1;
    refused(check, check->k->gemm(check->session, &op), FW_E_ARG, "operand c");
    op = good_gemm(check, &a);
    op.dtype = FW_I32;
    refused(check, check->k->gemm(check->session, &op), FW_E_ARG, "dtype");
    op = good_gemm(check, &a);
    op.lda = 3;
    refused(check, check->k->gemm(check->session, &op), FW_E_ARG, "lda");
    op = good_gemm(check, &a);
    op.struct_size = 8;
    refused(check, check->k->gemm(check->session, &op), FW_E_ARG, "struct_size");
    op = good_gemm(check, &a);
    op.post = 9;
    refused(check, check->k->gemm(check->session, &op), FW_E_ARG, "post");
    array_free(&a);
}

static void impossible_shapes_are_refused(struct check *check)
{
    struct array a = array_random(check, 64);
    struct fw_conv2d conv = {.struct_size = sizeof conv,
                             .dtype = check->dtype,
                             .batch = 1,
                             .in_channels = 1,
                             .in_rows = 4,
                             .in_cols = 4,
                             .out_channels = 1,
                             .kernel_rows = 5,
                             .kernel_cols = 3,
                             .stride_rows = 1,
                             .stride_cols = 1,
                             .alpha = 1,
                             .input = a.on,
                             .filter = a.on,
                             .output = a.on};
    struct fw_pool pool = {.struct_size = sizeof pool,
                           .dtype = check->dtype,
                           .planes = 1,
                           .in_rows = 4,
                           .in_cols = 4,
                           .kernel_rows = 2,
                           .kernel_cols = 2,
                           .stride_rows = 1,
                           .stride_cols = 0,
                           .x = a.on,
                           .y = a.on};
    struct fw_box_sum box = {.struct_size = sizeof box,
                             .dtype = check->dtype,
                             .out_type = FW_F64,
                             .window = 7,
                             .batch = 1,
                             .rows = 6,
                             .cols = 8,
                             .a = a.on,
                             .out = a.on};
    struct fw_map map = {
        .struct_size = sizeof map, .dtype = check->dtype, .kind = 9999, .out = a.on};

    refused(check, check->k->conv2d(check->session, &conv), FW_E_ARG, "kernel_rows");
    conv.kernel_rows = 3;
    conv.stride_cols = 0;
    refused(check, check->k->conv2d(check->session, &conv), FW_E_ARG, "stride_cols");
    refused(check, check->k->pool(check->session, &pool), FW_E_ARG, "stride_cols");
    refused(check, check->k->box_sum(check->session, &box), FW_E_ARG, "window");
    refused(check, check->k->map(check->session, &map), FW_E_ARG, "kind");
    array_free(&a);
}

static void memory_beyond_the_budget_is_refused(struct check *check)
{
    struct fw_kernels_buffer *buffer = NULL;

    refused(check, check->k->buffer_create(check->session, UINT64_C(1) << 60, &buffer), FW_E_NOMEM,
            "memory");
    refused(check, check->k->buffer_create(check->session, UINT64_MAX, &buffer), FW_E_NOMEM,
            "memory");
    refused(check,
            check->k->buffer_create(check->session, check->provider->memory_bytes + 1, &buffer),
            FW_E_NOMEM, "memory");
    check_that(check, buffer == NULL, "the result was written on failure");
}

static void buffers_of_another_session_are_refused(struct check *check)
{
    struct fw_kernels_session *other = NULL;
    struct array a = array_random(check, 16);
    struct fw_map op = {.struct_size = sizeof op, .dtype = check->dtype, .n = 4, .out = a.on};

    if (check_ok(check, check->k->open(&check->provider->host, &other), "open")) {
        refused(check, check->k->map(other, &op), FW_E_ARG, "session");
        check->k->close(other);
    }
    array_free(&a);
}

static void borrowed_memory_is_worked_on_in_place(struct check *check)
{
    double mine[8] = {0};
    struct fw_kernels_buffer *buffer = NULL;
    struct fw_map op = {.struct_size = sizeof op, .dtype = FW_F64, .n = 8, .alpha = 3};

    if (!check_ok(check, check->k->buffer_borrow(check->session, mine, sizeof mine, &buffer),
                  "buffer_borrow")) {
        return;
    }
    op.out.buffer = buffer;
    (void)check_ok(check, check->k->map(check->session, &op), "map");
    (void)check_ok(check, check->k->synchronize(check->session), "synchronize");
    check_that(check, mine[0] == 3 && mine[7] == 3, "the memory holds %g", mine[7]);
    check->k->buffer_destroy(buffer);
}

static void events_measure_time(struct check *check)
{
    struct fw_kernels_event *first = NULL, *last = NULL;
    double ms = -1;

    if (!check_ok(check, check->k->event_create(check->session, &first), "event_create") ||
        !check_ok(check, check->k->event_create(check->session, &last), "event_create")) {
        return;
    }
    refused(check, check->k->event_elapsed(first, last, &ms), FW_E_ARG, "event");
    (void)check_ok(check, check->k->event_record(first), "event_record");
    (void)check_ok(check, check->k->event_record(last), "event_record");
    (void)check_ok(check, check->k->event_elapsed(first, last, &ms), "event_elapsed");
    check_that(check, ms >= 0, "%g ms have passed", ms);
    check->k->event_destroy(first);
    check->k->event_destroy(last);
}

static void nothing_can_be_destroyed(struct check *check)
{
    check->k->buffer_destroy(NULL);
    check->k->event_destroy(NULL);
    check->k->close(NULL);
    check_that(check, check->k->describe(check->session)[0] != '\0', "there is no description");
}

const struct test tests_errors[] = {
    {"mistakes_in_arguments_are_refused", mistakes_in_arguments_are_refused},
    {"impossible_shapes_are_refused", impossible_shapes_are_refused},
    {"memory_beyond_the_budget_is_refused", memory_beyond_the_budget_is_refused},
    {"buffers_of_another_session_are_refused", buffers_of_another_session_are_refused},
    {"borrowed_memory_is_worked_on_in_place", borrowed_memory_is_worked_on_in_place},
    {"events_measure_time", events_measure_time},
    {"nothing_can_be_destroyed", nothing_can_be_destroyed},
    {NULL, NULL},
};

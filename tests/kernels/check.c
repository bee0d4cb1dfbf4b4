/* SPDX-License-Identifier: MIT */
#include "check.h"

#include <stdarg.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

uint64_t check_random(struct check *check, uint64_t limit)
{
    check->random = check->random * UINT64_C(6364136223846793005) + 1442695040888963407U;
    return (check->random >> 33) % limit;
}

double check_uniform(struct check *check, double a, double b)
{
    return (double)(float)(a + (b - a) * (double)check_random(check, 1U << 24) / (1U << 24));
}

void check_that(struct check *check, bool good, const char *format, ...)
{
    va_list list;

    if (good) {
        return;
    }
    if (check->failures++ == 0) {
        va_start(list, format);
        (void)vsnprintf(check->finding, sizeof check->finding, format, list);
        va_end(list);
    }
}

bool check_ok(struct check *check, fw_status status, const char *what)
{
    if (status == FW_E_UNSUPPORTED) {
        check->skipped = true;
        return false;
    }
    check_that(check, status == FW_OK, "%s: %d: %s", what, status, check->provider->fault);
    return status == FW_OK;
}

static uint64_t size_of(uint32_t type)
{
    return type == FW_F64 ? 8 : type == FW_U8 ? 1 : 4;
}

static void *allocate(uint64_t n, uint64_t size)
{
    void *memory = calloc(n + 1, size);

    if (memory == NULL) {
        (void)fprintf(stderr, "out of memory\n");
        exit(2);
    }
    return memory;
}

struct array array_zero(struct check *check, uint32_t type, uint64_t n)
{
    struct array array = {.check = check, .n = n, .type = type, .v = allocate(n, sizeof(double))};
    uint64_t offset = size_of(type) * check_random(check, 4);

    /* Not always at the beginning: an operation must not count on alignment beyond the element's.
     */
    array.on.offset = offset;
    (void)check_ok(
        check,
        check->k->buffer_create(check->session, offset + n * size_of(type), &array.on.buffer),
        "buffer_create");
    return array;
}

struct array array_random(struct check *check, uint64_t n)
{
    struct array array = array_zero(check, check->dtype, n);

    for (uint64_t i = 0; i < n; i++) {
        array.v[i] = check_uniform(check, -1, 1);
    }
    array_send(&array);
    return array;
}

struct array array_of(struct check *check, uint32_t type, const double *values, uint64_t n)
{
    struct array array = array_zero(check, type, n);

    memcpy(array.v, values, n * sizeof *values);
    array_send(&array);
    return array;
}

void array_free(struct array *array)
{
    array->check->k->buffer_destroy(array->on.buffer);
    free(array->v);
}

static void set(void *bytes, uint32_t type, uint64_t i, double value)
{
    switch (type) {
    case FW_F64:
        ((double *)bytes)[i] = value;
        break;
    case FW_F32:
        ((float *)bytes)[i] = (float)value;
        break;
    case FW_I32:
        ((int32_t *)bytes)[i] = (int32_t)value;
        break;
    default:
        ((uint8_t *)bytes)[i] = (uint8_t)value;
        break;
    }
}

static double get(const void *bytes, uint32_t type, uint64_t i)
{
    switch (type) {
    case FW_F64:
        return ((const double *)bytes)[i];
    case FW_F32:
        return (double)((const float *)bytes)[i];
    case FW_I32:
        return ((const int32_t *)bytes)[i];
    default:
        return ((const uint8_t *)bytes)[i];
    }
}

void array_send(struct array *array)
{
    void *bytes = allocate(array->n, size_of(array->type));

    for (uint64_t i = 0; i < array->n; i++) {
        set(bytes, array->type, i, array->v[i]);
    }
    (void)check_ok(array->check,
                   array->check->k->upload(array->check->session, array->on, bytes,
                                           array->n * size_of(array->type)),
                   "upload");
    free(bytes);
}

void array_fetch(struct array *array)
{
    uint64_t size = array->n * size_of(array->type);
    unsigned char *bytes = allocate(array->n, size_of(array->type));

    (void)check_ok(array->check,
                   array->check->k->download(array->check->session, array->on, bytes, size),
                   "download");
    for (uint64_t i = 0; i < array->n; i++) {
        array->v[i] = get(bytes, array->type, i);
    }
    for (uint64_t i = 0; i < size; i++) {
        array->check->digest = (array->check->digest ^ bytes[i]) * UINT64_C(0x100000001b3);
    }
    free(bytes);
}

void array_expect(struct array *array, const double *want, const double *scale, double steps,
                  const char *what)
{
    double epsilon = array->type == FW_F32 || array->check->dtype == FW_F32 ? 0x1p-23 : 0x1p-52;

    array_fetch(array);
    for (uint64_t i = 0; i < array->n; i++) {
        double got = array->v[i],
               bound = epsilon * steps * ((scale ? scale[i] : 1) + fabs(want[i]));
        bool same = isnan(want[i]) ? isnan(got) : got == want[i] || fabs(got - want[i]) <= bound;
        check_that(array->check, same, "%s[%llu]: %.17g, should be %.17g within %.3g", what,
                   (unsigned long long)i, got, want[i], bound);
    }
}

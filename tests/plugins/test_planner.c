/* SPDX-License-Identifier: MIT */
/* FFTW's planner is one for the process, and plugins that know nothing of each other use it: the
 * images' library, linked into this program as it is into stages, and the kernels for the
 * processor, a shared object of their own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdlib.h>

#include <fw/service/kernels.h>
#include <fw/testkit.h>

#include "image/image.h"
#include "image_fixture.h"

enum { SIDES = 60, ROUNDS = 12, PAIRS = 3 };

static void *measure_images(void *arg)
{
    double *pixels = arg;
    for (size_t i = 0; i < ROUNDS * (size_t)SIDES; i++) {
        const struct fw_image image = {pixels, 4 + i % SIDES, 4 + i % SIDES};
        struct fw_frc frc;
        if (fw_frc(&image, &image, 0, 1, &frc) != 0) {
            return NULL;
        }
        fw_frc_finish(&frc);
    }
    return arg;
}

struct user {
    const struct fw_kernels *kernels;
    struct fake_task *task; /* whose host it is */
};

static fw_status transform(const struct fw_kernels *k, struct fw_kernels_session *session,
                           struct fw_kernels_buffer *buffer, uint32_t dtype)
{
    fw_status status = FW_OK;
    for (uint64_t side = 4; status == FW_OK && side < 4 + SIDES; side++) {
        const struct fw_fft op = {.struct_size = (uint32_t)sizeof op,
                                  .dtype = dtype,
                                  .kind = FW_FFT_FORWARD,
                                  .batch = 1,
                                  .rows = side,
                                  .cols = side,
                                  .scale = 1,
                                  .in = {buffer, 0},
                                  .out = {buffer, sizeof(double) * 2 * 64 * 64}};
        status = k->fft(session, &op);
    }
    return status;
}

/* Plans are a session's: each new one makes its own, and gives them up at the end. */
static void *use_kernels(void *arg)
{
    const struct user *user = arg;
    const struct fw_kernels *k = user->kernels;
    fw_status status = FW_OK;
    for (unsigned i = 0; status == FW_OK && i < ROUNDS; i++) {
        struct fw_kernels_session *session = NULL;
        struct fw_kernels_buffer *buffer = NULL;
        status = k->open(fake_task_host(user->task), &session);
        if (status == FW_OK) {
            status = k->buffer_create(session, sizeof(double) * 4 * 64 * 64, &buffer);
        }
        if (status == FW_OK) {
            status = transform(k, session, buffer, i % 2 == 0 ? FW_F64 : FW_F32);
        }
        k->buffer_destroy(buffer);
        k->close(session);
    }
    return status == FW_OK ? arg : NULL;
}

static void serves_threads_of_several_plugins(void **state)
{
    struct fake_kit *kit = fake_kit_open(KERNELS_CPU_SO, NULL);
    double *pixels = lcg_sequence((SIDES + 4) * (SIDES + 4), 3);
    struct user users[PAIRS];
    pthread_t threads[2 * PAIRS];
    (void)state;
    for (size_t i = 0; i < PAIRS; i++) {
        users[i] = (struct user){fake_kit_service(kit, FW_KERNELS_ID), fake_task_create(kit, NULL)};
        fake_task_limits(users[i].task)->threads = 1;
    }
    for (size_t i = 0; i < PAIRS; i++) {
        assert_int_equal(pthread_create(&threads[2 * i], NULL, measure_images, pixels), 0);
        assert_int_equal(pthread_create(&threads[2 * i + 1], NULL, use_kernels, &users[i]), 0);
    }
    for (size_t i = 0; i < 2 * (size_t)PAIRS; i++) {
        void *result = NULL;
        assert_int_equal(pthread_join(threads[i], &result), 0);
        assert_non_null(result);
    }
    for (size_t i = 0; i < PAIRS; i++) {
        fake_task_destroy(users[i].task);
    }
    fake_kit_close(kit);
    free(pixels);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(serves_threads_of_several_plugins)};
    return cmocka_run_group_tests_name("planner", tests, NULL, NULL);
}

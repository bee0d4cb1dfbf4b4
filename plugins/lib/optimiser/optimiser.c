/* SPDX-License-Identifier: MIT */
#include "optimiser/optimiser.h"

#include <math.h>
#include <stdbool.h>

static struct fw_operand start_of(struct fw_kernels_buffer *buffer)
{
    return (struct fw_operand){.buffer = buffer};
}

static fw_status make_state(struct fw_optimiser *optimiser)
{
    const struct fw_optimiser_settings *settings = &optimiser->settings;
    const uint64_t bytes = settings->n * fw_element_size(settings->dtype);
    const bool is_sgd = settings->kind == FW_UPDATE_SGD;
    fw_status status = FW_OK;

    if (!is_sgd || settings->momentum != 0) {
        status = optimiser->kernels->buffer_create(optimiser->session, bytes, &optimiser->m);
    }
    if (status == FW_OK && !is_sgd) {
        status = optimiser->kernels->buffer_create(optimiser->session, bytes, &optimiser->v);
    }
    return status;
}

fw_status fw_optimiser_init(struct fw_optimiser *optimiser, const struct fw_kernels *kernels,
                            struct fw_kernels_session *session,
                            const struct fw_optimiser_settings *settings)
{
    *optimiser =
        (struct fw_optimiser){.kernels = kernels, .session = session, .settings = *settings};
    fw_status status = make_state(optimiser);

    if (status == FW_OK) {
        status = kernels->buffer_create(session, sizeof(double), &optimiser->sum);
    }
    if (status != FW_OK) {
        fw_optimiser_finish(optimiser);
    }
    return status;
}

void fw_optimiser_finish(struct fw_optimiser *optimiser)
{
    if (optimiser->kernels != NULL) {
        optimiser->kernels->buffer_destroy(optimiser->m);
        optimiser->kernels->buffer_destroy(optimiser->v);
        optimiser->kernels->buffer_destroy(optimiser->sum);
    }
    *optimiser = (struct fw_optimiser){0};
}

fw_status fw_optimiser_norm(const struct fw_optimiser *optimiser, struct fw_operand array,
                            double *ret_norm)
{
    double sum = 0;
    fw_status status = optimiser->kernels->reduce(
        optimiser->session,
        &(const struct fw_reduce){.struct_size = (uint32_t)sizeof(struct fw_reduce),
                                  .dtype = optimiser->settings.dtype,
                                  .kind = FW_REDUCE_DOT,
                                  .out_type = FW_F64,
                                  .outer = 1,
                                  .channels = 1,
                                  .inner = optimiser->settings.n,
                                  .alpha = 1,
                                  .a = array,
                                  .b = array,
                                  .out = start_of(optimiser->sum)});

    if (status == FW_OK) {
        status = optimiser->kernels->download(optimiser->session, start_of(optimiser->sum), &sum,
                                              sizeof sum);
    }
    if (status == FW_OK) {
        *ret_norm = sqrt(sum);
    }
    return status;
}

double fw_clip_scale(double norm, double limit)
{
    const double scale = limit / (norm + 1e-6);

    /* A norm that is not a number leaves the gradients as they are: they would all become NaN. */
    return scale < 1 ? scale : 1;
}

fw_status fw_optimiser_clip(const struct fw_optimiser *optimiser, struct fw_operand gradients,
                            double scale)
{
    return scale == 1 ? FW_OK
                      : optimiser->kernels->map(
                            optimiser->session,
                            &(const struct fw_map){.struct_size = (uint32_t)sizeof(struct fw_map),
                                                   .dtype = optimiser->settings.dtype,
                                                   .kind = FW_MAP_LINEAR,
                                                   .n = optimiser->settings.n,
                                                   .alpha = scale,
                                                   .a = gradients,
                                                   .out = gradients});
}

fw_status fw_optimiser_step(struct fw_optimiser *optimiser, struct fw_operand weights,
                            struct fw_operand gradients, double rate)
{
    const struct fw_optimiser_settings *settings = &optimiser->settings;
    const bool is_sgd = settings->kind == FW_UPDATE_SGD;
    fw_status status = optimiser->kernels->update(
        optimiser->session,
        &(const struct fw_update){.struct_size = (uint32_t)sizeof(struct fw_update),
                                  .dtype = settings->dtype,
                                  .kind = settings->kind,
                                  .n = settings->n,
                                  .step = optimiser->step + 1,
                                  .rate = rate,
                                  .beta1 = is_sgd ? settings->momentum : settings->beta1,
                                  .beta2 = settings->beta2,
                                  .epsilon = settings->epsilon,
                                  .decay = settings->decay,
                                  .gradient_scale = 1,
                                  .w = weights,
                                  .g = gradients,
                                  .m = start_of(optimiser->m),
                                  .v = start_of(optimiser->v)});

    optimiser->step += status == FW_OK;
    return status;
}

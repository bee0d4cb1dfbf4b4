/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <fw/service/rng.h>

#include "softmax.h"
#include "splitmix/splitmix.h"
#include "sql/fault.h"

/* Nearly normal: twelve uniform numbers, whose bits no library of functions has a part in. */
static double deviate(uint64_t *state)
{
    double sum = -6;
    for (int i = 0; i < 12; i++) {
        sum += (double)(fw_splitmix_next(state) >> 11) * 0x1p-53;
    }
    return sum;
}

/* Each filter adds up to 0, so that it sees what differs within its window, and has length 1. */
static void draw_filter(float *filter, uint64_t n, uint64_t *state)
{
    double sum = 0, square = 0;
    for (uint64_t i = 0; i < n; i++) {
        filter[i] = (float)deviate(state);
        sum += filter[i];
    }
    for (uint64_t i = 0; i < n; i++) {
        filter[i] -= (float)(sum / (double)n);
        square += filter[i] * filter[i];
    }
    for (uint64_t i = 0; i < n; i++) {
        filter[i] /= (float)sqrt(square);
    }
}

static fw_status check_size(const struct softmax *softmax)
{
    const struct softmax_set *set = &softmax->train;
    const bool fits = set->rows >= softmax->filter_size && set->cols >= softmax->filter_size &&
                      set->rows >= softmax->pool && set->cols >= softmax->pool &&
                      softmax->filter_size % 2 == 1 && softmax->filter_size > 1;
    return fits ? FW_OK
                : fw_faultf(softmax->host, FW_E_CONFIG, "features",
                            "set features = \"pixels\", or another filter_size or pool",
                            "filters of %u x %u and windows of %u do not suit images of %u x %u "
                            "(filters have an odd size above 1)",
                            softmax->filter_size, softmax->filter_size, softmax->pool, set->rows,
                            set->cols);
}

fw_status softmax_filters_make(struct softmax *softmax)
{
    const struct softmax_set *set = &softmax->train;
    const uint64_t each = (uint64_t)set->channels * softmax->filter_size * softmax->filter_size;
    const uint64_t bytes = softmax->n_filters * each * sizeof(float);
    const struct fw_rng *rng = softmax->host->service(softmax->host, FW_RNG_ID);
    uint64_t state = rng->seed(softmax->host, 0);
    if (softmax->n_filters == 0) {
        softmax->n_features = (uint64_t)set->channels * set->rows * set->cols;
        return FW_OK;
    }
    fw_status status = check_size(softmax);
    softmax->filters = status == FW_OK ? malloc(bytes) : NULL;
    if (softmax->filters == NULL) {
        return status == FW_OK ? fw_fault_nomem(softmax->host) : status;
    }
    for (uint32_t i = 0; i < softmax->n_filters; i++) {
        draw_filter(softmax->filters + i * each, each, &state);
    }
    softmax->n_features =
        (uint64_t)softmax->n_filters * (set->rows / softmax->pool) * (set->cols / softmax->pool);
    status = softmax->kernels->buffer_create(softmax->session, bytes, &softmax->filter_buffer);
    return status == FW_OK
               ? softmax->kernels->upload(softmax->session, softmax_at(softmax->filter_buffer, 0),
                                          softmax->filters, bytes)
               : status;
}

/* What a chunk is on its way from pixels to features. */
struct passage {
    struct fw_kernels_buffer *images, *seen;
};

static fw_status convolve(const struct softmax *softmax, const struct softmax_set *shape,
                          const struct passage *passage, uint64_t n)
{
    return softmax->kernels->conv2d(
        softmax->session,
        &(const struct fw_conv2d){.struct_size = (uint32_t)sizeof(struct fw_conv2d),
                                  .dtype = FW_F32,
                                  .direction = FW_CONV_FORWARD,
                                  .post = FW_POST_RELU,
                                  .batch = (uint32_t)n,
                                  .in_channels = shape->channels,
                                  .in_rows = shape->rows,
                                  .in_cols = shape->cols,
                                  .out_channels = softmax->n_filters,
                                  .kernel_rows = softmax->filter_size,
                                  .kernel_cols = softmax->filter_size,
                                  .stride_rows = 1,
                                  .stride_cols = 1,
                                  .pad_rows = softmax->filter_size / 2,
                                  .pad_cols = softmax->filter_size / 2,
                                  .alpha = 1,
                                  .input = softmax_at(passage->images, 0),
                                  .filter = softmax_at(softmax->filter_buffer, 0),
                                  .output = softmax_at(passage->seen, 0)});
}

static fw_status pool(const struct softmax *softmax, const struct softmax_set *shape,
                      const struct passage *passage, uint64_t n, struct fw_operand to)
{
    return softmax->kernels->pool(
        softmax->session, &(const struct fw_pool){.struct_size = (uint32_t)sizeof(struct fw_pool),
                                                  .dtype = FW_F32,
                                                  .kind = FW_POOL_AVERAGE,
                                                  .direction = FW_POOL_FORWARD,
                                                  .planes = n * softmax->n_filters,
                                                  .in_rows = shape->rows,
                                                  .in_cols = shape->cols,
                                                  .kernel_rows = softmax->pool,
                                                  .kernel_cols = softmax->pool,
                                                  .stride_rows = softmax->pool,
                                                  .stride_cols = softmax->pool,
                                                  .x = softmax_at(passage->seen, 0),
                                                  .y = to});
}

static fw_status see(const struct softmax *softmax, const float *images, uint64_t n,
                     const struct softmax_set *shape, struct fw_operand to)
{
    const struct fw_kernels *kernels = softmax->kernels;
    const uint64_t pixels = n * shape->rows * shape->cols;
    struct passage passage = {0};
    fw_status status = kernels->buffer_create(
        softmax->session, pixels * shape->channels * sizeof(float), &passage.images);
    if (status == FW_OK) {
        status = kernels->buffer_create(softmax->session,
                                        pixels * softmax->n_filters * sizeof(float), &passage.seen);
    }
    if (status == FW_OK) {
        status = kernels->upload(softmax->session, softmax_at(passage.images, 0), images,
                                 pixels * shape->channels * sizeof(float));
    }
    if (status == FW_OK) {
        status = convolve(softmax, shape, &passage, n);
    }
    if (status == FW_OK) {
        status = pool(softmax, shape, &passage, n, to);
    }
    kernels->buffer_destroy(passage.images);
    kernels->buffer_destroy(passage.seen);
    return status;
}

fw_status softmax_features(struct softmax *softmax, const float *images, uint64_t first, uint64_t n,
                           const struct softmax_set *shape, struct fw_kernels_buffer *to)
{
    const struct fw_operand target = softmax_at(to, first * softmax->n_features);
    return softmax->n_filters == 0
               ? softmax->kernels->upload(softmax->session, target, images,
                                          n * softmax->n_features * sizeof(float))
               : see(softmax, images, n, shape, target);
}

/* SPDX-License-Identifier: MIT */
#include "batches.h"

#include <stdio.h>

#include <fw/service/log.h>

#include "sql/fault.h"

enum { MAX_INPUTS = 16, MAX_RANK = 16 };

/* A part of the inputs of a chunk. */
struct part {
    struct fw_predictor_array arrays[MAX_INPUTS];
    int64_t shapes[MAX_INPUTS][MAX_RANK];
};

static void cut(struct part *part, const struct fw_predictor_array *inputs, uint64_t n_inputs,
                uint64_t at, uint64_t n)
{
    for (uint64_t i = 0; i < n_inputs; i++) {
        const struct fw_predictor_array *whole = &inputs[i];
        uint64_t bytes = fw_element_size(whole->element);
        for (uint32_t k = 0; k < whole->rank; k++) {
            part->shapes[i][k] = k == 0 ? (int64_t)n : whole->shape[k];
            bytes *= k == 0 ? 1 : (uint64_t)whole->shape[k];
        }
        part->arrays[i] = *whole;
        part->arrays[i].shape = part->shapes[i];
        part->arrays[i].data = (const char *)whole->data + at * bytes;
    }
}

static fw_status check_rows(const struct compare_batches *batches, uint64_t first, uint64_t n,
                            const struct fw_predictor_array *outputs, uint64_t n_outputs)
{
    for (uint64_t i = 0; i < n_outputs; i++) {
        long long rows = outputs[i].rank == 0 ? 1 : (long long)outputs[i].shape[0];
        if (outputs[i].rank == 0 || (uint64_t)rows != n) {
            return compare_trip(batches->trip, "shape",
                                "arm %s: the model gave %lld rows for the %llu samples from %llu",
                                batches->arm->name, rows, (unsigned long long)n,
                                (unsigned long long)first);
        }
    }
    return FW_OK;
}

static void say_halved(const struct compare_batches *batches)
{
    const struct fw_log *log = batches->host->service(batches->host, FW_LOG_ID);
    char text[160];
    snprintf(text, sizeof text, "arm %s: out of memory, going on with %llu samples at a time",
             batches->arm->name, (unsigned long long)batches->batch);
    log->write(batches->host, FW_LOG_WARNING, text);
}

static fw_status run_batch(const struct compare_batches *batches,
                           const struct fw_predictor_array *inputs, uint64_t first, uint64_t at,
                           uint64_t n)
{
    const struct fw_predictor_info *info = batches->arm->predictor->info(batches->model);
    const struct fw_predictor_array *outputs = NULL;
    struct part part;
    cut(&part, inputs, info->n_inputs, at, n);
    const struct fw_predictor_batch batch = {.struct_size = (uint32_t)sizeof batch,
                                             .first = first + at,
                                             .n_samples = n,
                                             .inputs = part.arrays};
    fw_status status = batches->arm->predictor->predict(batches->model, &batch, &outputs);
    if (status == FW_OK) {
        status = check_rows(batches, first + at, n, outputs, info->n_outputs);
    }
    return status == FW_OK ? batches->take(batches->self, first + at, n, outputs) : status;
}

/* What `struct part` has room for. */
static fw_status check_inputs(const struct compare_batches *batches,
                              const struct fw_predictor_array *inputs)
{
    const uint64_t n_inputs = batches->arm->predictor->info(batches->model)->n_inputs;
    uint32_t rank = 0;
    for (uint64_t i = 0; i < n_inputs && n_inputs <= MAX_INPUTS; i++) {
        rank = inputs[i].rank > rank ? inputs[i].rank : rank;
    }
    return n_inputs <= MAX_INPUTS && rank <= MAX_RANK
               ? FW_OK
               : fw_faultf(
                     batches->host, FW_E_UNSUPPORTED, batches->arm->path,
                     "give the samples fewer axes, or the model fewer inputs",
                     "arm %s: the model has %llu inputs, and an array %u axes; at most %d and "
                     "%d can be cut into batches",
                     batches->arm->name, (unsigned long long)n_inputs, rank, MAX_INPUTS, MAX_RANK);
}

fw_status compare_batches_run(struct compare_batches *batches,
                              const struct fw_predictor_array *inputs, uint64_t first, uint64_t n)
{
    fw_status status = check_inputs(batches, inputs);
    for (uint64_t at = 0; status == FW_OK && at < n;) {
        const uint64_t left = n - at, now = batches->batch < left ? batches->batch : left;
        status = run_batch(batches, inputs, first, at, now);
        if (status == FW_E_NOMEM && now > 1) {
            batches->batch = now / 2;
            say_halved(batches);
            status = FW_OK;
        } else {
            at += now;
        }
    }
    return status;
}

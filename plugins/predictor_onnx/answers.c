/* SPDX-License-Identifier: MIT */
#include "answers.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "element.h"

/* The shape of what came, before it is joined to what is there. */
struct came {
    uint32_t element;
    size_t rank;
    int64_t shape[ORT_MAX_RANK];
    uint64_t bytes;
};

fw_status ort_answers_init(const struct fw_host *host, struct ort_answers *answers, size_t n)
{
    answers->n = n;
    answers->items = calloc(n + 1, sizeof *answers->items);
    answers->arrays = calloc(n + 1, sizeof *answers->arrays);
    return answers->items != NULL && answers->arrays != NULL
               ? FW_OK
               : FW_FAIL(host, FW_E_NOMEM, .what = "no memory for the model's outputs");
}

void ort_answers_finish(struct ort_answers *answers)
{
    for (size_t i = 0; answers->items != NULL && i < answers->n; i++) {
        free(answers->items[i].data);
    }
    free(answers->items);
    free(answers->arrays);
    *answers = (struct ort_answers){0};
}

void ort_answers_clear(struct ort_answers *answers)
{
    for (size_t i = 0; i < answers->n; i++) {
        answers->items[i].bytes = 0;
        answers->arrays[i] = (struct fw_predictor_array){0};
    }
}

static fw_status read_info(const struct fw_host *host, const struct ort_api *api, const void *info,
                           const char *name, struct came *came)
{
    int number = 0;
    const char *what = "an output of the model cannot be read";
    fw_status status = ort_check(host, api, api->element_type(info, &number), what, name);
    if (status == FW_OK) {
        status = ort_check(host, api, api->rank(info, &came->rank), what, name);
    }
    came->element = ort_to_element(number);
    if (status == FW_OK && (came->element == 0 || came->rank > ORT_MAX_RANK)) {
        return FW_FAIL(host, FW_E_UNSUPPORTED,
                       .what = "an output of the model is of a kind that is not handled",
                       .where = name);
    }
    if (status == FW_OK) {
        status = ort_check(host, api, api->shape(info, came->shape, came->rank), what, name);
    }
    came->bytes = fw_element_size(came->element);
    for (size_t i = 0; status == FW_OK && i < came->rank; i++) {
        came->bytes *= (uint64_t)came->shape[i];
    }
    return status;
}

static fw_status look(const struct fw_host *host, const struct ort_api *api,
                      const struct ort_part *part, struct came *came)
{
    void *info = NULL;
    int tensor = 0;
    fw_status status = ort_check(host, api, api->is_tensor(part->value, &tensor),
                                 "an output of the model cannot be read", part->name);
    if (status == FW_OK && !tensor) {
        return FW_FAIL(host, FW_E_UNSUPPORTED, .what = "an output of the model is no tensor",
                       .where = part->name);
    }
    if (status == FW_OK) {
        status = ort_check(host, api, api->tensor_info(part->value, &info),
                           "an output of the model cannot be read", part->name);
    }
    if (status == FW_OK) {
        status = read_info(host, api, info, part->name, came);
        api->release_info(info);
    }
    return status;
}

static fw_status check_slice(const struct fw_host *host, const struct ort_part *part,
                             const struct fw_predictor_array *before, const struct came *came)
{
    char value[64], expected[64];
    const bool rows = came->rank > 0 && (uint64_t)came->shape[0] == part->slice;
    const bool same = before->data == NULL ||
                      (before->rank == came->rank &&
                       (came->rank < 2 || memcmp(before->shape + 1, came->shape + 1,
                                                 (came->rank - 1) * sizeof *came->shape) == 0));
    if (rows && same) {
        return FW_OK;
    }
    snprintf(value, sizeof value, "%zu dimensions, %lld rows", came->rank,
             came->rank > 0 ? (long long)came->shape[0] : 0LL);
    snprintf(expected, sizeof expected, "%llu rows, shaped alike in every run",
             (unsigned long long)part->slice);
    return FW_FAIL(host, FW_E_DATA,
                   .what = "the model takes a fixed number of samples at a time, and its output "
                           "cannot be put together by samples",
                   .where = part->name, .value = value, .expected = expected);
}

static fw_status append(const struct fw_host *host, struct ort_answer *answer, const void *data,
                        uint64_t bytes)
{
    if (answer->data == NULL || answer->bytes + bytes > answer->capacity) {
        size_t capacity = answer->bytes + bytes + answer->capacity / 2 + 1;
        unsigned char *grown = realloc(answer->data, capacity);
        if (grown == NULL) {
            return FW_FAIL(host, FW_E_NOMEM, .what = "no memory for the model's outputs");
        }
        answer->data = grown;
        answer->capacity = capacity;
    }
    if (bytes > 0) {
        memcpy(answer->data + answer->bytes, data, bytes);
    }
    answer->bytes += bytes;
    return FW_OK;
}

fw_status ort_answers_add(const struct fw_host *host, const struct ort_api *api,
                          struct ort_answers *answers, const struct ort_part *part)
{
    struct ort_answer *answer = &answers->items[part->index];
    struct fw_predictor_array *array = &answers->arrays[part->index];
    struct came came = {0};
    void *data = NULL;
    fw_status status = look(host, api, part, &came);
    if (status == FW_OK && part->slice > 0) {
        status = check_slice(host, part, array, &came);
    }
    if (status == FW_OK) {
        status = ort_check(host, api, api->tensor_data(part->value, &data),
                           "an output of the model cannot be read", part->name);
    }
    uint64_t bytes = part->slice > 0 ? came.bytes / part->slice * part->rows : came.bytes;
    if (status == FW_OK) {
        status = append(host, answer, data, bytes);
    }
    if (status == FW_OK) {
        int64_t rows = array->data != NULL ? answer->shape[0] : 0;
        memcpy(answer->shape, came.shape, sizeof answer->shape);
        if (part->slice > 0) {
            answer->shape[0] = rows + (int64_t)part->rows;
        }
        *array = (struct fw_predictor_array){.element = came.element,
                                             .rank = (uint32_t)came.rank,
                                             .shape = answer->shape,
                                             .data = answer->data};
    }
    return status;
}

/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "report/json.h"
#include "sql/fault.h"
#include "sql/text.h"
#include "weights/opened.h"

#define REMEDY "take a checkpoint of the same model and data, or change the parameters to its"

const cJSON *fw_weights_document(const struct fw_weights *weights)
{
    return weights->document;
}

size_t fw_weights_n(const struct fw_weights *weights)
{
    return weights->n;
}

const struct fw_weights_tensor *fw_weights_at(const struct fw_weights *weights, size_t i)
{
    return &weights->tensors[i];
}

const struct fw_weights_tensor *fw_weights_find(const struct fw_weights *weights, const char *name)
{
    for (size_t i = 0; i < weights->n; i++) {
        if (strcmp(weights->tensors[i].name, name) == 0) {
            return &weights->tensors[i];
        }
    }
    return NULL;
}

/* --- documents --- */

/* Where two trees part. */
struct difference {
    struct fw_text place;
    const cJSON *file, *wanted;
};

static bool differ(const cJSON *file, const cJSON *wanted, struct difference *difference);

static bool member_differs(const char *name, const cJSON *file, const cJSON *wanted,
                           struct difference *difference)
{
    const size_t before = difference->place.size;

    fw_text_appendf(&difference->place, "%s%s", before > 0 ? "." : "", name);
    if (differ(file, wanted, difference)) {
        return true;
    }
    difference->place.size = before;
    if (difference->place.data != NULL) {
        difference->place.data[before] = '\0';
    }
    return false;
}

static bool objects_differ(const cJSON *file, const cJSON *wanted, struct difference *difference)
{
    const cJSON *item;

    cJSON_ArrayForEach(item, wanted)
    {
        const cJSON *other = cJSON_GetObjectItemCaseSensitive(file, item->string);
        if (member_differs(item->string, other, item, difference)) {
            return true;
        }
    }
    cJSON_ArrayForEach(item, file)
    {
        if (!cJSON_HasObjectItem(wanted, item->string) &&
            member_differs(item->string, item, NULL, difference)) {
            return true;
        }
    }
    return false;
}

static bool lists_differ(const cJSON *file, const cJSON *wanted, struct difference *difference)
{
    char place[32];

    for (int i = 0; i < cJSON_GetArraySize(wanted); i++) {
        snprintf(place, sizeof place, "%d", i);
        if (member_differs(place, cJSON_GetArrayItem(file, i), cJSON_GetArrayItem(wanted, i),
                           difference)) {
            return true;
        }
    }
    return false;
}

static bool differ(const cJSON *file, const cJSON *wanted, struct difference *difference)
{
    difference->file = file;
    difference->wanted = wanted;
    if (file == NULL || wanted == NULL) {
        return true;
    }
    if (cJSON_IsObject(file) && cJSON_IsObject(wanted)) {
        return objects_differ(file, wanted, difference);
    }
    if (cJSON_IsArray(file) && cJSON_IsArray(wanted) &&
        cJSON_GetArraySize(file) == cJSON_GetArraySize(wanted)) {
        return lists_differ(file, wanted, difference);
    }
    return !cJSON_Compare(file, wanted, true);
}

static void append_value(struct fw_text *text, const cJSON *value)
{
    if (value == NULL) {
        fw_text_append(text, "absent");
    } else if (cJSON_IsArray(value)) {
        fw_text_appendf(text, "a list of %d", cJSON_GetArraySize(value));
    } else if (cJSON_IsObject(value)) {
        fw_text_append(text, "an object");
    } else {
        fw_json_scalar(text, value);
    }
}

static fw_status refuse(const struct fw_weights *weights, const struct difference *difference)
{
    struct fw_text text = {0};

    fw_text_appendf(&text, "%s is ", fw_text_get(&difference->place));
    append_value(&text, difference->file);
    fw_text_append(&text, " in the checkpoint, and ");
    append_value(&text, difference->wanted);
    fw_text_append(&text, " here");
    fw_status status = text.failed ? fw_fault_nomem(weights->host)
                                   : fw_faultf(weights->host, FW_E_DATA, weights->path, REMEDY,
                                               "%s", fw_text_get(&text));
    fw_text_finish(&text);
    return status;
}

static fw_status expect(const struct fw_weights *weights, const cJSON *wanted,
                        const char *const *members, size_t n_members)
{
    struct difference difference = {0};
    fw_status status = FW_OK;

    for (size_t i = 0; i < n_members && status == FW_OK; i++) {
        if (member_differs(members[i],
                           cJSON_GetObjectItemCaseSensitive(weights->document, members[i]),
                           cJSON_GetObjectItemCaseSensitive(wanted, members[i]), &difference)) {
            status = refuse(weights, &difference);
        }
    }
    fw_text_finish(&difference.place);
    return status;
}

fw_status fw_weights_expect(const struct fw_weights *weights, const cJSON *wanted,
                            const char *const *members, size_t n_members)
{
    struct fw_text text = {0};

    /* As it would stand in a file: integers that keep all their digits are texts in the tree. */
    fw_json_append(&text, wanted);
    cJSON *read = text.failed ? NULL : cJSON_Parse(fw_text_get(&text));
    fw_status status =
        read != NULL ? expect(weights, read, members, n_members) : fw_fault_nomem(weights->host);
    cJSON_Delete(read);
    fw_text_finish(&text);
    return status;
}

/* --- tensors --- */

static void append_shape(struct fw_text *text, const struct fw_weights_tensor *tensor)
{
    static const char *const names[] = {"?", "float32", "float64", "int32", "bytes", "int64"};

    fw_text_append(text, tensor->element < sizeof names / sizeof *names ? names[tensor->element]
                                                                        : names[0]);
    for (uint32_t i = 0; i < tensor->rank; i++) {
        fw_text_appendf(text, "%s%" PRIu64, i == 0 ? " " : " x ", tensor->shape[i]);
    }
}

fw_status fw_weights_expect_tensor(const struct fw_weights *weights,
                                   const struct fw_weights_tensor *wanted)
{
    const struct fw_weights_tensor *tensor = fw_weights_find(weights, wanted->name);
    struct fw_text text = {0};

    if (tensor != NULL && tensor->element == wanted->element && tensor->rank == wanted->rank &&
        memcmp(tensor->shape, wanted->shape, sizeof tensor->shape) == 0) {
        return FW_OK;
    }
    fw_text_appendf(&text, "tensor %s is ", wanted->name);
    if (tensor != NULL) {
        append_shape(&text, tensor);
    } else {
        fw_text_append(&text, "absent");
    }
    fw_text_append(&text, " in the checkpoint, and ");
    append_shape(&text, wanted);
    fw_text_append(&text, " here");
    fw_status status = text.failed ? fw_fault_nomem(weights->host)
                                   : fw_faultf(weights->host, FW_E_DATA, weights->path, REMEDY,
                                               "%s", fw_text_get(&text));
    fw_text_finish(&text);
    return status;
}

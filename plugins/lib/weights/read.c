/* SPDX-License-Identifier: MIT */
#include <stdarg.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "file/file.h"
#include "sql/fault.h"
#include "weights/layout.h"
#include "weights/opened.h"

#define REMEDY "take another checkpoint, or train again"

__attribute__((format(printf, 2, 3))) static fw_status damaged(const struct fw_weights *weights,
                                                               const char *format, ...)
{
    char sentence[256];
    va_list args;

    va_start(args, format);
    vsnprintf(sentence, sizeof sentence, format, args);
    va_end(args);
    return fw_faultf(weights->host, FW_E_DATA, weights->path, REMEDY, "%s", sentence);
}

static fw_status check_head(struct fw_weights *weights)
{
    struct layout_head head = {0};

    memcpy(&head, weights->bytes, weights->size < sizeof head ? weights->size : sizeof head);
    if (weights->size < sizeof head || memcmp(head.magic, "FWCK", sizeof head.magic) != 0) {
        return damaged(weights,
                       "this is no checkpoint: it does not begin with FWCK and a head of "
                       "%zu bytes",
                       sizeof head);
    }
    if (head.version != FW_WEIGHTS_VERSION) {
        return fw_faultf(weights->host, FW_E_DATA, weights->path, REMEDY,
                         "the checkpoint is of version %" PRIu32 ", this program reads %d",
                         head.version, FW_WEIGHTS_VERSION);
    }
    if (head.file_bytes != weights->size) {
        return damaged(weights, "the checkpoint has %zu bytes and says that it has %" PRIu64,
                       weights->size, head.file_bytes);
    }
    const uint64_t room = weights->size - sizeof head;
    if (head.document_bytes > room ||
        head.n_tensors > (room - head.document_bytes) / sizeof(struct layout_entry)) {
        return damaged(weights, "the checkpoint's table is longer than the file");
    }
    weights->n = head.n_tensors;
    weights->entries_at = sizeof head + head.document_bytes;
    weights->data_at = weights->entries_at + head.n_tensors * sizeof(struct layout_entry);
    return FW_OK;
}

/* The head counts with 0 in the place of its CRC. */
static fw_status check_head_crc(const struct fw_weights *weights)
{
    struct layout_head head;

    memcpy(&head, weights->bytes, sizeof head);
    const uint32_t expected = head.crc;
    head.crc = 0;
    const uint32_t crc = layout_crc(layout_crc(0, &head, sizeof head), weights->bytes + sizeof head,
                                    weights->data_at - sizeof head);
    return crc == expected ? FW_OK
                           : damaged(weights,
                                     "the checkpoint's head is damaged: its CRC is %08" PRIx32
                                     ", it says %08" PRIx32,
                                     crc, expected);
}

static fw_status read_entry(struct fw_weights *weights, size_t i, uint64_t *at)
{
    struct layout_entry entry;
    struct fw_weights_tensor *tensor = &weights->tensors[i];

    memcpy(&entry, weights->bytes + weights->entries_at + i * sizeof entry, sizeof entry);
    if (entry.name[FW_WEIGHTS_NAME - 1] != '\0' || entry.rank > FW_WEIGHTS_RANK ||
        entry.offset != *at || entry.bytes > weights->size - *at) {
        return damaged(weights, "entry %zu of the checkpoint's table is not as it must be", i);
    }
    memcpy(tensor->name, entry.name, sizeof tensor->name);
    memcpy(tensor->shape, entry.shape, sizeof tensor->shape);
    tensor->element = entry.element;
    tensor->rank = entry.rank;
    tensor->data = weights->bytes + entry.offset;
    if (fw_weights_bytes(tensor) != entry.bytes) {
        return damaged(weights, "tensor %s has %" PRIu64 " bytes, its shape says %" PRIu64,
                       tensor->name, entry.bytes, fw_weights_bytes(tensor));
    }
    if (layout_crc(0, tensor->data, entry.bytes) != entry.crc) {
        return damaged(weights, "the elements of tensor %s are damaged: their CRC differs",
                       tensor->name);
    }
    *at += entry.bytes;
    return FW_OK;
}

static fw_status read_tensors(struct fw_weights *weights)
{
    uint64_t at = weights->data_at;
    fw_status status = FW_OK;

    weights->tensors = calloc(weights->n + 1, sizeof *weights->tensors);
    if (weights->tensors == NULL) {
        return fw_fault_nomem(weights->host);
    }
    for (size_t i = 0; i < weights->n && status == FW_OK; i++) {
        status = read_entry(weights, i, &at);
    }
    if (status == FW_OK && at != weights->size) {
        status = damaged(weights, "there are bytes behind the checkpoint's last tensor");
    }
    return status;
}

static fw_status read_document(struct fw_weights *weights)
{
    weights->document = cJSON_ParseWithLength(weights->bytes + sizeof(struct layout_head),
                                              weights->entries_at - sizeof(struct layout_head));
    return cJSON_IsObject(weights->document)
               ? FW_OK
               : damaged(weights, "the checkpoint's document is no JSON object");
}

static fw_status read_all(struct fw_weights *weights)
{
    fw_status status = fw_file_read(weights->host, weights->path, &weights->bytes, &weights->size);

    if (status == FW_OK) {
        status = check_head(weights);
    }
    if (status == FW_OK) {
        status = check_head_crc(weights);
    }
    if (status == FW_OK) {
        status = read_document(weights);
    }
    return status == FW_OK ? read_tensors(weights) : status;
}

fw_status fw_weights_open(const struct fw_host *host, const char *path,
                          struct fw_weights **ret_weights)
{
    struct fw_weights *weights = calloc(1, sizeof *weights);

    if (weights == NULL || (weights->path = strdup(path)) == NULL) {
        free(weights);
        return fw_fault_nomem(host);
    }
    weights->host = host;
    fw_status status = read_all(weights);
    if (status != FW_OK) {
        fw_weights_close(weights);
        return status;
    }
    *ret_weights = weights;
    return FW_OK;
}

void fw_weights_close(struct fw_weights *weights)
{
    if (weights != NULL) {
        cJSON_Delete(weights->document);
        free(weights->tensors);
        free(weights->bytes);
        free(weights->path);
        free(weights);
    }
}

/* SPDX-License-Identifier: MIT */
/* An archive of stored members, one after the other. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"
#include "record.h"
#include "sql/fault.h"

enum { NAME_MAX_BYTES = 1 << 12 };

struct fw_npz_writer {
    const struct fw_host *host;
    struct npz_output output;
    struct npz_entry *entries;
    size_t n_entries, capacity;
    uint64_t left; /* bytes of the array begun */
};

static fw_status fail(const struct fw_npz_writer *writer, fw_status status, const char *what)
{
    return fw_faultf(writer->host, status, writer->output.path, NULL, "%s", what);
}

fw_status fw_npz_writer_create(const struct fw_host *host, const char *path,
                               struct fw_npz_writer **ret_writer)
{
    struct fw_npz_writer *writer = calloc(1, sizeof *writer);

    if (writer == NULL) {
        return fw_fault_nomem(host);
    }
    writer->host = host;
    fw_status status = npz_output_open(&writer->output, host, path);
    if (status != FW_OK) {
        fw_npz_writer_destroy(writer);
        return status;
    }
    *ret_writer = writer;
    return FW_OK;
}

static fw_status check_name(const struct fw_npz_writer *writer, const char *name)
{
    bool is_bad = name[0] == '\0' || strlen(name) > NAME_MAX_BYTES || name[0] == '/' ||
                  strstr(name, "..") != NULL;

    for (size_t i = 0; !is_bad && i < writer->n_entries; i++) {
        const char *other = writer->entries[i].name;
        is_bad = strlen(other) == strlen(name) + 4 && strncmp(other, name, strlen(name)) == 0;
    }
    return is_bad ? fw_faultf(writer->host, FW_E_ARG, writer->output.path, NULL,
                              "\"%s\" cannot be the name of another array", name)
                  : FW_OK;
}

static fw_status add_entry(struct fw_npz_writer *writer, const char *name)
{
    struct npz_entry entry = {.at = writer->output.at};

    if (writer->n_entries == writer->capacity) {
        size_t capacity = writer->capacity * 2 + 8;
        struct npz_entry *entries = reallocarray(writer->entries, capacity, sizeof *entries);
        if (entries == NULL) {
            return fw_fault_nomem(writer->host);
        }
        writer->entries = entries;
        writer->capacity = capacity;
    }
    if (asprintf(&entry.name, "%s.npy", name) < 0) {
        return fw_fault_nomem(writer->host);
    }
    writer->entries[writer->n_entries++] = entry;
    return FW_OK;
}

static struct npz_entry *last_entry(struct fw_npz_writer *writer)
{
    return &writer->entries[writer->n_entries - 1];
}

static fw_status put_content(struct fw_npz_writer *writer, const void *bytes, size_t size)
{
    struct npz_entry *entry = last_entry(writer);

    entry->crc = (uint32_t)crc32_z(entry->crc, bytes, size);
    entry->size += size;
    return npz_output_put(&writer->output, bytes, size);
}

/* Closes the array begun, if there is one. */
static fw_status end(struct fw_npz_writer *writer)
{
    if (writer->n_entries == 0) {
        return FW_OK;
    }
    if (writer->left > 0) {
        return fw_faultf(writer->host, FW_E_ARG, writer->output.path, NULL,
                         "%s lacks %llu bytes of items", last_entry(writer)->name,
                         (unsigned long long)writer->left);
    }
    uint64_t at = writer->output.at;
    fw_status status = npz_output_seek(&writer->output, last_entry(writer)->at);
    if (status == FW_OK) {
        status = npz_record_put_local(&writer->output, last_entry(writer));
    }
    return status == FW_OK ? npz_output_seek(&writer->output, at) : status;
}

static fw_status begin(struct fw_npz_writer *writer, const char *name,
                       const struct fw_npy_header *header)
{
    unsigned char bytes[NPY_HEADER_MAX];
    fw_status status = end(writer);

    if (status == FW_OK) {
        status = check_name(writer, name);
    }
    if (status == FW_OK) {
        status = add_entry(writer, name);
    }
    if (status == FW_OK) {
        status = npz_record_put_local(&writer->output, last_entry(writer));
    }
    writer->left = header->n_items * header->item_bytes;
    return status == FW_OK ? put_content(writer, bytes, npy_header_print(header, bytes)) : status;
}

fw_status fw_npz_writer_begin(struct fw_npz_writer *writer, const char *name, enum fw_npy_type type,
                              const uint64_t *shape, unsigned n_dims)
{
    struct fw_npy_header header;

    if (fw_npy_type_bytes(type) == 0 || n_dims > FW_NPY_MAX_DIMS ||
        !npy_header_of(&header, type, shape, n_dims)) {
        return fail(writer, FW_E_ARG, "an array of this type and shape cannot be written");
    }
    return begin(writer, name, &header);
}

fw_status fw_npz_writer_append(struct fw_npz_writer *writer, const void *bytes, size_t size)
{
    if (size > writer->left) {
        return fail(writer, FW_E_ARG, "more items were appended than the array's shape has");
    }
    writer->left -= size;
    return size == 0 ? FW_OK : put_content(writer, bytes, size);
}

fw_status fw_npz_writer_text(struct fw_npz_writer *writer, const char *name, const char *utf8)
{
    unsigned char *packed;
    size_t n;
    int rc = npy_text_pack(utf8, &packed, &n);

    if (rc != 0) {
        return rc == -ENOMEM ? fw_fault_nomem(writer->host)
                             : fail(writer, FW_E_ARG, "a text to be written is not UTF-8");
    }
    struct fw_npy_header header = {.type = FW_NPY_TEXT, .item_bytes = 4 * n, .n_items = 1};
    snprintf(header.descr, sizeof header.descr, "<U%zu", n);
    fw_status status = begin(writer, name, &header);
    if (status == FW_OK) {
        status = fw_npz_writer_append(writer, packed, 4 * n);
    }
    free(packed);
    return status;
}

fw_status fw_npz_writer_finish(struct fw_npz_writer *writer)
{
    fw_status status = end(writer);

    if (status == FW_OK) {
        status = npz_record_put_directory(&writer->output, writer->entries, writer->n_entries);
    }
    if (status == FW_OK) {
        status = npz_output_publish(&writer->output);
    }
    fw_npz_writer_destroy(writer);
    return status;
}

void fw_npz_writer_destroy(struct fw_npz_writer *writer)
{
    if (writer == NULL) {
        return;
    }
    npz_output_finish(&writer->output);
    for (size_t i = 0; i < writer->n_entries; i++) {
        free(writer->entries[i].name);
    }
    free(writer->entries);
    free(writer);
}

fw_status fw_npy_write(const struct fw_host *host, const char *path,
                       const struct fw_npy_header *header, const void *items)
{
    struct npz_output output = {0};
    struct fw_npy_header checked;
    unsigned char bytes[NPY_HEADER_MAX];

    if (fw_npy_type_bytes(header->type) == 0 || header->n_dims > FW_NPY_MAX_DIMS ||
        !npy_header_of(&checked, header->type, header->shape, header->n_dims)) {
        return fw_faultf(host, FW_E_ARG, path, NULL,
                         "an array of this type and shape cannot be written");
    }
    fw_status status = npz_output_open(&output, host, path);
    if (status == FW_OK) {
        status = npz_output_put(&output, bytes, npy_header_print(&checked, bytes));
    }
    if (status == FW_OK) {
        status = npz_output_put(&output, items, checked.n_items * checked.item_bytes);
    }
    if (status == FW_OK) {
        status = npz_output_publish(&output);
    }
    npz_output_finish(&output);
    return status;
}

/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file/paths.h"
#include "report/json.h"
#include "sql/fault.h"
#include "sql/text.h"
#include "weights/layout.h"

/* A file on its way: beside `path` until it is whole. */
struct draft {
    const struct fw_host *host;
    const char *path;
    struct fw_text name; /* of what is written */
    int fd;
};

static fw_status io_fault(const struct draft *draft, const char *what)
{
    const bool full = errno == ENOSPC || errno == EDQUOT;

    return fw_faultf(draft->host, full ? FW_E_NOSPACE : FW_E_IO, draft->path, NULL, "%s: %s", what,
                     strerror(errno));
}

static fw_status put(const struct draft *draft, const void *bytes, uint64_t size)
{
    const char *at = bytes;

    while (size > 0) {
        const ssize_t n = write(draft->fd, at, size < (1u << 30) ? size : 1u << 30);
        if (n < 0 && errno != EINTR) {
            return io_fault(draft, "a checkpoint cannot be written");
        }
        at += n > 0 ? n : 0;
        size -= n > 0 ? (uint64_t)n : 0;
    }
    return FW_OK;
}

/* Fills the head and the entries; the CRC of the head is over all of it. */
static void lay_out(struct layout_head *head, struct layout_entry *entries,
                    const struct fw_text *document, const struct fw_weights_tensor *tensors,
                    size_t n)
{
    uint64_t at = sizeof *head + document->size + n * sizeof *entries;

    *head = (struct layout_head){.magic = {'F', 'W', 'C', 'K'},
                                 .version = FW_WEIGHTS_VERSION,
                                 .document_bytes = document->size,
                                 .n_tensors = n};
    for (size_t i = 0; i < n; i++) {
        entries[i] = (struct layout_entry){.element = tensors[i].element,
                                           .rank = tensors[i].rank,
                                           .offset = at,
                                           .bytes = fw_weights_bytes(&tensors[i])};
        memcpy(entries[i].name, tensors[i].name, FW_WEIGHTS_NAME);
        memcpy(entries[i].shape, tensors[i].shape, sizeof entries[i].shape);
        entries[i].crc = layout_crc(0, tensors[i].data, entries[i].bytes);
        at += entries[i].bytes;
    }
    head->file_bytes = at;
    uint32_t crc = layout_crc(0, head, sizeof *head);
    crc = layout_crc(crc, document->data, document->size);
    head->crc = layout_crc(crc, entries, n * sizeof *entries);
}

static fw_status put_all(const struct draft *draft, const struct fw_text *document,
                         const struct fw_weights_tensor *tensors, size_t n)
{
    struct layout_head head;
    struct layout_entry *entries = calloc(n + 1, sizeof *entries);

    if (entries == NULL) {
        return fw_fault_nomem(draft->host);
    }
    lay_out(&head, entries, document, tensors, n);
    fw_status status = put(draft, &head, sizeof head);
    if (status == FW_OK) {
        status = put(draft, document->data, document->size);
    }
    if (status == FW_OK) {
        status = put(draft, entries, n * sizeof *entries);
    }
    for (size_t i = 0; i < n && status == FW_OK; i++) {
        status = put(draft, tensors[i].data, entries[i].bytes);
    }
    free(entries);
    return status;
}

static fw_status sync_folder(const struct draft *draft)
{
    char *folder = fw_path_folder(draft->path);

    if (folder == NULL) {
        return fw_fault_nomem(draft->host);
    }
    const int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    fw_status status = FW_OK;
    if (fd < 0 || fsync(fd) != 0) {
        status = io_fault(draft, "its folder cannot be flushed to the disk");
    }
    if (fd >= 0 && close(fd) != 0 && status == FW_OK) {
        status = io_fault(draft, "its folder cannot be closed");
    }
    free(folder);
    return status;
}

static fw_status publish(struct draft *draft, fw_status status)
{
    if (status == FW_OK && fsync(draft->fd) != 0) {
        status = io_fault(draft, "a checkpoint cannot be flushed to the disk");
    }
    if (close(draft->fd) != 0 && status == FW_OK) {
        status = io_fault(draft, "a checkpoint cannot be closed");
    }
    if (status == FW_OK && rename(fw_text_get(&draft->name), draft->path) != 0) {
        status = io_fault(draft, "a checkpoint cannot be put in its place");
    }
    if (status != FW_OK) {
        unlink(fw_text_get(&draft->name)); /* what failed is said already */
        return status;
    }
    return sync_folder(draft);
}

static fw_status write_draft(struct draft *draft, const struct fw_text *document,
                             const struct fw_weights_tensor *tensors, size_t n)
{
    fw_text_appendf(&draft->name, "%s.new", draft->path);
    if (draft->name.failed || document->failed) {
        return fw_fault_nomem(draft->host);
    }
    draft->fd = open(fw_text_get(&draft->name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (draft->fd < 0) {
        return io_fault(draft, "a checkpoint cannot be made");
    }
    return publish(draft, put_all(draft, document, tensors, n));
}

fw_status fw_weights_write(const struct fw_host *host, const char *path, const cJSON *document,
                           const struct fw_weights_tensor *tensors, size_t n)
{
    struct draft draft = {.host = host, .path = path};
    struct fw_text text = {0};

    fw_json_append(&text, document);
    fw_status status = write_draft(&draft, &text, tensors, n);
    fw_text_finish(&draft.name);
    fw_text_finish(&text);
    return status;
}

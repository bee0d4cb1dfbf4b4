/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "callbacks.h"

enum { STATE_VERSION = 1 };

/* Then the numbers of the runs that are done. */
struct head {
    uint64_t n_runs, next, size;
};

static void release(struct fw_blob *blob)
{
    free(blob->private_data);
}

fw_status callbacks_save(void *self, struct fw_blob *ret)
{
    const struct callbacks *c = self;
    const struct head head = {c->n_runs, c->next, sizeof(struct callbacks_numbers)};
    size_t size = sizeof head + c->next * sizeof(struct callbacks_numbers);
    char *bytes = malloc(size);

    if (bytes == NULL) {
        return fw_fault_nomem(c->host);
    }
    memcpy(bytes, &head, sizeof head);
    for (size_t i = 0; i < c->next; i++) {
        memcpy(bytes + sizeof head + i * sizeof c->runs[i].numbers, &c->runs[i].numbers,
               sizeof c->runs[i].numbers);
    }
    ret->version = STATE_VERSION;
    ret->bytes = ret->private_data = bytes;
    ret->size = size;
    ret->release = release;
    return FW_OK;
}

fw_status callbacks_restore(void *self, const struct fw_blob *blob)
{
    struct callbacks *c = self;
    const char *at = blob->bytes;
    struct head head = {0};

    if (blob->size >= sizeof head) {
        memcpy(&head, at, sizeof head);
    }
    if (blob->version != STATE_VERSION || head.n_runs != c->n_runs || head.next > c->n_runs ||
        head.size != sizeof(struct callbacks_numbers) ||
        blob->size != sizeof head + head.next * head.size) {
        return fw_faultf(c->host, FW_E_STATE, NULL, NULL,
                         "the checkpoint is of another version or another task");
    }
    for (at += sizeof head; c->next < head.next; at += head.size) {
        memcpy(&c->runs[c->next++].numbers, at, sizeof(struct callbacks_numbers));
    }
    return FW_OK;
}

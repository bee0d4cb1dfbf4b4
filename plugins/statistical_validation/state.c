/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "validation.h"

enum { STATE_VERSION = 1 };

/* Then the numbers of the tests that are done, then the replicates of the one that is not. */
struct head {
    uint64_t n_tests, next, n_done, numbers_size;
};

static void release(struct fw_blob *blob)
{
    free(blob->private_data);
}

fw_status validation_save(void *self, struct fw_blob *ret)
{
    const struct validation *v = self;
    struct head head = {v->n_tests, v->next, v->work.n_done, sizeof(struct validation_numbers)};
    size_t numbers = v->next * sizeof(struct validation_numbers);
    size_t replicates = v->work.n_done * sizeof *v->work.replicates;
    char *bytes = malloc(sizeof head + numbers + replicates);

    if (bytes == NULL) {
        return fw_fault_nomem(v->host);
    }
    memcpy(bytes, &head, sizeof head);
    for (size_t i = 0; i < v->next; i++) {
        memcpy(bytes + sizeof head + i * sizeof v->tests[i].numbers, &v->tests[i].numbers,
               sizeof v->tests[i].numbers);
    }
    if (replicates > 0) {
        memcpy(bytes + sizeof head + numbers, v->work.replicates, replicates);
    }
    ret->version = STATE_VERSION;
    ret->bytes = ret->private_data = bytes;
    ret->size = sizeof head + numbers + replicates;
    ret->release = release;
    return FW_OK;
}

static fw_status refuse(const struct validation *v)
{
    return fw_faultf(v->host, FW_E_STATE, NULL, NULL,
                     "the checkpoint is of another version or another task");
}

static bool is_of(const struct validation *v, const struct head *head, uint64_t size)
{
    return head->n_tests == v->n_tests && head->next <= v->n_tests &&
           head->n_done <= v->settings.n_replicates &&
           head->numbers_size == sizeof(struct validation_numbers) &&
           size == sizeof *head + head->next * sizeof(struct validation_numbers) +
                       head->n_done * sizeof(struct fw_replicate);
}

fw_status validation_restore(void *self, const struct fw_blob *blob)
{
    struct validation *v = self;
    const char *at = blob->bytes;
    struct head head;

    if (blob->version != STATE_VERSION || blob->size < sizeof head) {
        return refuse(v);
    }
    memcpy(&head, at, sizeof head);
    at += sizeof head;
    if (!is_of(v, &head, blob->size)) {
        return refuse(v);
    }
    v->work.replicates = malloc(v->settings.n_replicates * sizeof *v->work.replicates);
    if (v->work.replicates == NULL) {
        return fw_fault_nomem(v->host);
    }
    for (; v->next < head.next; v->next++) {
        memcpy(&v->tests[v->next].numbers, at, sizeof(struct validation_numbers));
        at += sizeof(struct validation_numbers);
    }
    memcpy(v->work.replicates, at, head.n_done * sizeof *v->work.replicates);
    v->work.n_done = head.n_done;
    return FW_OK;
}

/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "compare.h"
#include "sql/fault.h"

enum { STATE_VERSION = 2 };

/* Then the columns, the probabilities and the replicates, whole. */
struct head {
    uint64_t arm, at, batch, n_done, size;
    struct compare_seen seen;
};

struct piece {
    void *bytes;
    size_t size;
};

enum { N_PIECES = 3 };

static void pieces_of(const struct compare *compare, struct piece pieces[N_PIECES])
{
    const struct compare_scores *s = &compare->scores;
    pieces[0] = (struct piece){s->columns, s->n_arms * s->n_columns * s->n * sizeof(double)};
    pieces[1] = (struct piece){s->p, s->n_arms * s->n_p * s->n * sizeof(double)};
    pieces[2] =
        (struct piece){compare->intervals.replicates,
                       s->n_arms * s->n_metrics * compare->intervals.n_replicates * sizeof(double)};
}

static size_t size_of(const struct piece pieces[N_PIECES])
{
    size_t size = sizeof(struct head);
    for (int i = 0; i < N_PIECES; i++) {
        size += pieces[i].size;
    }
    return size;
}

static void release(struct fw_blob *blob)
{
    free(blob->private_data);
}

fw_status compare_save(void *self, struct fw_blob *ret)
{
    const struct compare *compare = self;
    struct piece pieces[N_PIECES];
    pieces_of(compare, pieces);
    const struct head head = {.arm = compare->arm,
                              .at = compare->at,
                              .batch = compare->batch,
                              .n_done = compare->intervals.n_done,
                              .size = size_of(pieces),
                              .seen = compare->seen};
    char *bytes = malloc(head.size), *at = bytes + sizeof head;
    if (bytes == NULL) {
        return fw_fault_nomem(compare->host);
    }
    memcpy(bytes, &head, sizeof head);
    for (int i = 0; i < N_PIECES; i++) {
        if (pieces[i].size > 0) {
            memcpy(at, pieces[i].bytes, pieces[i].size);
        }
        at += pieces[i].size;
    }
    ret->version = STATE_VERSION;
    ret->bytes = ret->private_data = bytes;
    ret->size = head.size;
    ret->release = release;
    return FW_OK;
}

fw_status compare_restore(void *self, const struct fw_blob *blob)
{
    struct compare *compare = self;
    const char *at = blob->bytes;
    struct piece pieces[N_PIECES];
    struct head head;
    pieces_of(compare, pieces);
    if (blob->version != STATE_VERSION || blob->size != size_of(pieces)) {
        return fw_faultf(compare->host, FW_E_STATE, NULL, NULL,
                         "the checkpoint is of another version or another task");
    }
    memcpy(&head, at, sizeof head);
    at += sizeof head;
    if (head.arm > compare->arms.n || head.at > compare->set.n || head.size != blob->size ||
        head.n_done > compare->intervals.n_replicates) {
        return fw_faultf(compare->host, FW_E_STATE, NULL, NULL, "the checkpoint is damaged");
    }
    for (int i = 0; i < N_PIECES; i++) {
        if (pieces[i].size > 0) {
            memcpy(pieces[i].bytes, at, pieces[i].size);
        }
        at += pieces[i].size;
    }
    compare->arm = head.arm;
    compare->at = head.at;
    compare->batch = head.batch;
    compare->intervals.n_done = head.n_done;
    compare->seen = head.seen;
    return FW_OK;
}

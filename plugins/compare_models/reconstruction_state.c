/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "reconstruction.h"
#include "sql/fault.h"

enum { STATE_VERSION = 3 };

/* Then the powers, and of each arm that is predicted its statistics, first answers, sums and
 * weights. */
struct head {
    uint64_t measured, arm, at, batch, size;
};

/* Each piece in its order, into the bytes or out of them. */
struct cursor {
    char *at;
    bool is_save;
};

static void carry(struct cursor *cursor, void *piece, size_t size)
{
    if (cursor->is_save) {
        memcpy(cursor->at, piece, size);
    } else {
        memcpy(piece, cursor->at, size);
    }
    cursor->at += size;
}

static size_t canvas_pixels(const struct recon_arm *arm)
{
    return arm->is_given ? 0 : arm->stitch.canvas.side * arm->stitch.canvas.side;
}

static size_t dump_size(const struct recon *recon, const struct recon_arm *arm)
{
    const size_t side = recon->scan.n_side;
    return arm->dump.room * arm->channels_out * side * side * sizeof *arm->dump.patches;
}

static size_t size_of(const struct recon *recon)
{
    size_t size = sizeof(struct head) + recon->scan.n * sizeof(double);
    for (size_t i = 0; i < recon->named.n; i++) {
        size += sizeof(struct fw_output_stats) + sizeof recon->arms[i].dump.n +
                dump_size(recon, &recon->arms[i]) +
                canvas_pixels(&recon->arms[i]) * (sizeof(double complex) + sizeof(double));
    }
    return size;
}

static void carry_all(struct recon *recon, struct cursor *cursor)
{
    carry(cursor, recon->scan.powers, recon->scan.n * sizeof(double));
    for (size_t i = 0; i < recon->named.n; i++) {
        struct recon_arm *arm = &recon->arms[i];
        const size_t n = canvas_pixels(arm);
        carry(cursor, &arm->stats, sizeof arm->stats);
        carry(cursor, &arm->dump.n, sizeof arm->dump.n);
        if (arm->dump.room > 0) {
            carry(cursor, arm->dump.patches, dump_size(recon, arm));
        }
        if (n > 0) {
            carry(cursor, arm->stitch.sum, n * sizeof *arm->stitch.sum);
            carry(cursor, arm->stitch.weight, n * sizeof *arm->stitch.weight);
        }
    }
}

static void release(struct fw_blob *blob)
{
    free(blob->private_data);
}

fw_status recon_save(void *self, struct fw_blob *ret)
{
    struct recon *recon = self;
    const struct head head = {.measured = recon->measured,
                              .arm = recon->arm,
                              .at = recon->at,
                              .batch = recon->batch,
                              .size = size_of(recon)};
    char *bytes = malloc(head.size);
    if (bytes == NULL) {
        return fw_fault_nomem(recon->host);
    }
    memcpy(bytes, &head, sizeof head);
    carry_all(recon, &(struct cursor){bytes + sizeof head, true});
    ret->version = STATE_VERSION;
    ret->bytes = ret->private_data = bytes;
    ret->size = head.size;
    ret->release = release;
    return FW_OK;
}

fw_status recon_restore(void *self, const struct fw_blob *blob)
{
    struct recon *recon = self;
    struct head head;
    if (blob->version != STATE_VERSION || blob->size != size_of(recon)) {
        return fw_faultf(recon->host, FW_E_STATE, NULL, NULL,
                         "the checkpoint is of another version or another task");
    }
    memcpy(&head, blob->bytes, sizeof head);
    if (head.size != blob->size || head.arm > recon->named.n || head.measured > recon->scan.n) {
        return fw_faultf(recon->host, FW_E_STATE, NULL, NULL, "the checkpoint is damaged");
    }
    char *bytes = malloc(blob->size);
    if (bytes == NULL) {
        return fw_fault_nomem(recon->host);
    }
    memcpy(bytes, blob->bytes, blob->size);
    carry_all(recon, &(struct cursor){bytes + sizeof head, false});
    free(bytes);
    recon->measured = head.measured;
    recon->arm = head.arm;
    recon->at = head.at;
    recon->batch = head.batch;
    return head.measured == recon->scan.n ? recon_scan_normalise(&recon->scan) : FW_OK;
}

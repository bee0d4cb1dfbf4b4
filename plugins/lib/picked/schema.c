/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "internal.h"

/* What a table's columns are: those of a batch, then where a row lies. */
struct owner {
    struct ArrowSchema read;
    struct ArrowSchema counted[2];
    struct ArrowSchema **children;
};

static void keep(struct ArrowSchema *schema)
{
    schema->release = NULL;
}

static void release(struct ArrowSchema *schema)
{
    struct owner *owner = schema->private_data;

    if (owner->read.release != NULL) {
        owner->read.release(&owner->read);
    }
    free(owner->children);
    free(owner);
    schema->release = NULL;
}

static void fill(struct owner *owner, struct ArrowSchema *ret_schema)
{
    size_t n = (size_t)owner->read.n_children;

    owner->counted[0] =
        (struct ArrowSchema){.format = "i", .name = FW_SOURCE_FILE, .release = keep};
    owner->counted[1] = (struct ArrowSchema){.format = "l", .name = FW_SOURCE_ROW, .release = keep};
    for (size_t i = 0; i < n; i++) {
        owner->children[i] = owner->read.children[i];
    }
    owner->children[n] = &owner->counted[0];
    owner->children[n + 1] = &owner->counted[1];
    *ret_schema = (struct ArrowSchema){.format = "+s",
                                       .name = "",
                                       .n_children = (int64_t)n + 2,
                                       .children = owner->children,
                                       .release = release,
                                       .private_data = owner};
}

fw_status picked_schema(const struct fw_picked *picked, struct ArrowSchema *ret_schema)
{
    struct owner *owner = calloc(1, sizeof *owner);
    fw_status status = owner != NULL && picked->batch != NULL
                           ? fw_parquet_batch_schema(picked->batch, &owner->read)
                           : FW_OK;

    if (owner != NULL && status == FW_OK) {
        owner->children = calloc((size_t)owner->read.n_children + 2, sizeof(struct ArrowSchema *));
    }
    if (owner == NULL || status != FW_OK || owner->children == NULL) {
        if (owner != NULL && owner->read.release != NULL) {
            owner->read.release(&owner->read);
        }
        free(owner);
        return fw_fault_nomem(picked->sql->host);
    }
    fill(owner, ret_schema);
    return FW_OK;
}

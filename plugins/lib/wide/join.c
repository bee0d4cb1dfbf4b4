/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"

/* What one step copies, or a part more. */
enum { STEP_BYTES = 1 << 28 };

static bool is_kept(const struct wide_file *file)
{
    return strcmp(file->digest, "-") != 0;
}

static fw_status add_part(struct fw_wide *wide, size_t output)
{
    struct fw_text path = {0};

    wide_place_part(wide, wide->next_joined, output, &path);
    fw_status status = path.failed ? fw_fault_nomem(wide->host)
                                   : fw_parquet_join_add(wide->join, fw_text_get(&path));
    fw_text_finish(&path);
    return status;
}

/* The row groups of all parts, which are of a size, as one file's. */
static fw_status join_parts(struct fw_wide *wide, size_t output)
{
    fw_status status = FW_OK;
    int64_t n_bytes = 0;

    if (wide->join == NULL) {
        wide->next_joined = 0;
        status = fw_parquet_join_open(wide->host, wide->plan.outputs[output].to->path, &wide->join);
    }
    for (; status == FW_OK && wide->next_joined < wide->n_parts; wide->next_joined++) {
        const struct wide_file *file = wide_part_file(wide, wide->next_joined, output);
        if (n_bytes >= STEP_BYTES) {
            return FW_MORE;
        }
        if (is_kept(file)) {
            status = add_part(wide, output);
            n_bytes += file->n_bytes;
        }
    }
    if (status == FW_OK) {
        status = fw_parquet_join_end(wide->join);
    }
    fw_parquet_join_close(wide->join);
    wide->join = NULL;
    return status;
}

/* A hard link leaves the part where a checkpoint says that it is. */
static fw_status link_part(struct fw_wide *wide, size_t output)
{
    const char *to = wide->plan.outputs[output].to->path;
    struct fw_text path = {0};

    wide_place_part(wide, 0, output, &path);
    fw_status status = path.failed ? fw_fault_nomem(wide->host) : FW_OK;
    if (status == FW_OK &&
        ((unlink(to) != 0 && errno != ENOENT) || link(fw_text_get(&path), to) != 0)) {
        status = fw_faultf(wide->host, FW_E_IO, to, NULL,
                           "the only part cannot be put in place: %s", strerror(errno));
    }
    fw_text_finish(&path);
    return status;
}

static fw_status make_single(struct fw_wide *wide, size_t output)
{
    return wide->n_parts == 1 ? link_part(wide, output) : join_parts(wide, output);
}

static fw_status clean_up(const struct fw_wide *wide)
{
    fw_status status = wide_place_remove_spread(wide);

    for (size_t i = 0; i < wide->plan.n_outputs && status == FW_OK; i++) {
        if (fw_wide_is_single(&wide->plan.outputs[i])) {
            status = wide_place_remove_parts(wide, i);
        }
    }
    return status;
}

fw_status wide_join_step(struct fw_wide *wide)
{
    while (wide->next_join < wide->plan.n_outputs) {
        fw_status status = FW_OK;
        if (fw_wide_is_single(&wide->plan.outputs[wide->next_join])) {
            status = make_single(wide, wide->next_join);
        }
        if (status != FW_OK) {
            return status;
        }
        wide->next_join++;
    }
    return clean_up(wide);
}

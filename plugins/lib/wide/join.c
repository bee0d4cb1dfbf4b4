/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"

enum { STEP_MS = 700 };

static void append_copy(const struct fw_wide *wide, size_t output, struct fw_text *copy)
{
    struct fw_text path = {0};
    bool first = true;

    fw_text_append(copy, "COPY (SELECT * FROM read_parquet([");
    for (size_t part = 0; part < wide->n_parts; part++) {
        if (strcmp(wide_part_file(wide, part, output)->digest, "-") != 0) {
            fw_text_clear(&path);
            wide_place_part(wide, part, output, &path);
            fw_text_append(copy, first ? "" : ", ");
            fw_text_literal(copy, fw_text_get(&path));
            first = false;
        }
    }
    fw_text_append(copy, "], hive_partitioning = false)) TO ");
    fw_text_literal(copy, wide->plan.outputs[output].to->path);
    fw_text_appendf(copy, " (FORMAT parquet, ROW_GROUP_SIZE %" PRId64 ")", wide->row_group_rows);
    copy->failed |= path.failed;
    fw_text_finish(&path);
}

/* The first lane has one thread, so that the row groups do not depend on timing. */
static fw_status copy_parts(struct fw_wide *wide, size_t output)
{
    const struct fw_sql_handle *sql = wide->plan.sql;
    struct fw_text copy = {0};
    double fraction;
    fw_status status = FW_OK;

    if (wide->job == NULL) {
        append_copy(wide, output, &copy);
        status = copy.failed ? fw_fault_nomem(wide->host)
                             : sql->api->begin(sql->session, fw_text_get(&copy), &wide->job);
        fw_text_finish(&copy);
    }
    if (status == FW_OK) {
        status = sql->api->advance(wide->job, STEP_MS, &fraction);
    }
    if (status != FW_MORE) {
        sql->api->finish(wide->job);
        wide->job = NULL;
    }
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
    return wide->n_parts == 1 ? link_part(wide, output) : copy_parts(wide, output);
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

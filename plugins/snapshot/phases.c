/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "snapshot.h"

enum { STATE_VERSION = 2, STEP_MS = 500 };

static fw_status begin_locating(struct snapshot *s)
{
    struct fw_text copy = {0};

    snapshot_choose_append_picks(s, &copy);
    fw_status status = copy.failed ? fw_fault_nomem(s->host)
                                   : s->sql.api->begin(s->sql.session, fw_text_get(&copy), &s->job);
    fw_text_finish(&copy);
    return status;
}

/*
 * Its state is not saved, but that of the choice, at its end. So after a restart it is done at one
 * go: pieces of it would get nowhere where every step is followed by a restart.
 */
static fw_status locate(struct snapshot *s, struct fw_step *ret)
{
    double fraction;
    fw_status status = s->job == NULL ? begin_locating(s) : FW_OK;

    while (status == FW_OK || status == FW_MORE) {
        status = s->sql.api->advance(s->job, STEP_MS, &fraction);
        if (status != FW_MORE || !s->is_restored) {
            break;
        }
    }
    ret->done = ret->items = (uint64_t)s->facts.rows_scanned;
    if (status == FW_MORE) {
        return FW_MORE;
    }
    s->sql.api->finish(s->job);
    s->job = NULL;
    if (status == FW_OK) {
        status = snapshot_gather_open(s);
        s->phase = SNAPSHOT_GATHER;
    }
    return status == FW_OK ? FW_MORE : status;
}

static fw_status choose(struct snapshot *s, struct fw_step *ret)
{
    fw_status status = fw_wide_make_folder(s->host, fw_text_get(&s->work));

    if (status == FW_OK) {
        status = fw_wide_step(s->choose, ret);
    }
    uint64_t rows = (uint64_t)fw_wide_rows_in(s->choose);
    ret->done /= 2; /* rows come by twice, in a chunk and in a part; of chunks deleted ones, too */
    ret->items = ret->done = ret->done < rows ? ret->done : rows;
    ret->total = 0; /* what comes after is not known */
    if (status == FW_OK) {
        s->facts.rows_scanned = fw_wide_rows_in(s->choose);
        s->facts.rows_dropped_null_key = fw_wide_rows_unnamed(s->choose);
        status = snapshot_facts_read(s);
        s->phase = SNAPSHOT_LOCATE;
        if (status == FW_OK) {
            status = s->is_restored ? locate(s, ret) : FW_MORE;
        }
    }
    return status;
}

static fw_status gather(struct snapshot *s, struct fw_step *ret)
{
    fw_status status = fw_wide_step(s->gather, ret);

    ret->items = (uint64_t)s->facts.rows_scanned;
    ret->done += ret->items;
    ret->total += ret->total > 0 ? ret->items : 0;
    if (status == FW_OK) {
        status = snapshot_manifest_write(s);
    }
    return status == FW_OK ? fw_wide_remove_folder(s->host, fw_text_get(&s->work)) : status;
}

fw_status snapshot_step(void *self, struct fw_step *ret)
{
    struct snapshot *s = self;
    fw_status status = FW_OK;

    *ret = (struct fw_step){.struct_size = ret->struct_size, .unit = "rows"};
    switch (s->phase) {
    case SNAPSHOT_CHOOSE:
        status = choose(s, ret);
        break;
    case SNAPSHOT_LOCATE:
        status = locate(s, ret);
        break;
    case SNAPSHOT_GATHER:
        status = gather(s, ret);
        break;
    }
    if (status < 0) {
        snapshot_blame(s, status);
    }
    return status;
}

static void release(struct fw_blob *blob)
{
    free(blob->private_data);
}

/* A line, then the state of the run of plugins/lib/wide. */
fw_status snapshot_save(void *self, struct fw_blob *ret)
{
    struct snapshot *s = self;
    struct fw_text text = {0};
    fw_status status = FW_OK;

    if (s->phase == SNAPSHOT_GATHER) {
        fw_text_appendf(&text, "gather %" PRId64 " %" PRId64 " ", s->facts.rows_scanned,
                        s->facts.rows_dropped_null_key);
        status = fw_wide_append_digest(s->host, fw_text_get(&s->picks_path), &text);
        fw_wide_save(s->gather, &text);
    } else {
        fw_text_append(&text, "choose\n");
        fw_wide_save(s->choose, &text);
    }
    if (status != FW_OK || text.failed) {
        fw_text_finish(&text);
        return status != FW_OK ? status : fw_fault_nomem(s->host);
    }
    ret->version = STATE_VERSION;
    ret->bytes = ret->private_data = text.data;
    ret->size = text.size;
    ret->release = release;
    return FW_OK;
}

static fw_status refuse(const struct snapshot *s, const char *why)
{
    return fw_faultf(s->host, FW_E_STATE, fw_text_get(&s->work), NULL,
                     "the checkpoint cannot be used: %s; starting anew is safe", why);
}

/* `line` without its end, which is what save() wrote before the state of `gather`. */
static fw_status restore_gather(struct snapshot *s, const char *line)
{
    struct fw_text digest = {0};
    int at = 0;

    if (sscanf(line, "gather %" SCNd64 " %" SCNd64 " %n", &s->facts.rows_scanned,
               &s->facts.rows_dropped_null_key, &at) != 2 ||
        at == 0) {
        return refuse(s, "it cannot be read");
    }
    fw_status status = fw_wide_append_digest(s->host, fw_text_get(&s->picks_path), &digest);
    bool same = digest.size > 0 && strncmp(line + at, digest.data, digest.size - 1) == 0;
    fw_text_finish(&digest);
    if (status != FW_OK || !same) {
        return refuse(s, "the list of picked rows is not as it was");
    }
    s->phase = SNAPSHOT_GATHER;
    status = snapshot_facts_read(s);
    return status == FW_OK ? snapshot_gather_open(s) : status;
}

fw_status snapshot_restore(void *self, const struct fw_blob *blob)
{
    struct snapshot *s = self;
    const char *bytes = blob->bytes;
    const char *end = blob->size > 0 ? memchr(bytes, '\n', blob->size) : NULL;

    if (blob->version != STATE_VERSION || end == NULL) {
        return refuse(s, "it is of another version");
    }
    char *line = strndup(bytes, (size_t)(end - bytes));
    fw_status status = line != NULL ? FW_OK : fw_fault_nomem(s->host);
    if (status == FW_OK && strcmp(line, "choose") != 0) {
        status = restore_gather(s, line);
    }
    free(line);
    s->is_restored = true;
    struct fw_wide *wide = s->phase == SNAPSHOT_GATHER ? s->gather : s->choose;
    return status == FW_OK ? fw_wide_restore(wide, end + 1, blob->size - (size_t)(end + 1 - bytes))
                           : status;
}

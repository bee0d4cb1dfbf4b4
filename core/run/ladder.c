/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/fs.h"
#include "run/run_internal.h"

static char *place_of(const struct fw_run *run, size_t index)
{
    fw_auto(free) char *path =
        fw_rundir_checkpoint(run->dir->path, run->plan->stages[index].spec->name);
    return path ? fw_text("%s.rung", path) : NULL; /* no stage has a dot in its name */
}

/* What must be the same for the rung to mean something. */
static char *card_of(const struct fw_run *run, size_t index)
{
    const struct fw_limits *first = &run->stages[index].first;
    return fw_text("key=%s threads=%u memory=%llu", run->plan->stages[index].key, first->threads,
                   (unsigned long long)first->memory_bytes);
}

int fw_run_keep_rung(const struct fw_run *run, size_t index, struct fw_error *err)
{
    const struct fw_run_stage *state = &run->stages[index];
    fw_auto(free) char *path = place_of(run, index);
    fw_auto(free) char *card = card_of(run, index);
    fw_auto(free) char *text =
        card ? fw_text("%s rung=%u kills=%u\n", card, state->rung.number, state->rung.kills) : NULL;
    return path && text ? fw_fs_write(path, text, strlen(text), run->dir->durability, err)
                        : fw_error_oom(err);
}

void fw_run_recall_rung(struct fw_run *run, size_t index)
{
    struct fw_run_stage *state = &run->stages[index];
    struct fw_rung rung;
    char text[256];
    fw_auto(free) char *path = place_of(run, index);
    fw_auto(free) char *card = card_of(run, index);
    size_t len = card ? strlen(card) : 0;
    if (!path || !fw_fs_peek(path, text, sizeof text)) {
        return;
    }
    if (len > 0 && strncmp(text, card, len) == 0 &&
        sscanf(text + len, " rung=%u kills=%u", &rung.number, &rung.kills) == 2) {
        state->rung = rung;
        state->limits = fw_limits_on(&state->first, &rung);
    } else {
        unlink(path);
    }
}

void fw_run_forget_rung(const struct fw_run *run, size_t index)
{
    fw_auto(free) char *path = place_of(run, index);
    if (path && run->stages[index].rung.number > 0) {
        unlink(path);
    }
}

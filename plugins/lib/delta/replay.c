/* SPDX-License-Identifier: MIT */
#include "delta/replay.h"

#include <stdarg.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static void action_finish(struct fw_delta_action *action)
{
    cJSON_Delete(action->json);
    free(action->where);
    *action = (struct fw_delta_action){0};
}

void fw_delta_replay_finish(struct fw_delta_replay *replay)
{
    fw_delta_file_set_finish(&replay->files);
    action_finish(&replay->metadata);
    action_finish(&replay->protocol);
}

fw_status fw_delta_fault(const struct fw_delta_replay *replay, fw_status status, const char *remedy,
                         const char *format, ...)
{
    struct fw_text where = {0}, what = {0};
    va_list args;
    va_start(args, format);
    fw_text_append_va(&what, format, args);
    va_end(args);
    fw_text_appendf(&where, "%s:%" PRIu64, replay->file, replay->line);
    fw_faultf(replay->sql->host, status, fw_text_get(&where), remedy, "%s", fw_text_get(&what));
    fw_text_finish(&where);
    fw_text_finish(&what);
    return status;
}

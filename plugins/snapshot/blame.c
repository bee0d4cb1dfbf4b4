/* SPDX-License-Identifier: MIT */
#include <fw/service/log.h>
#include <fw/service/progress.h>

#include "snapshot.h"

static bool is_readable(const struct snapshot *s, size_t file)
{
    bool chooses = s->phase == SNAPSHOT_CHOOSE;
    const struct fw_source_slice slice = {.columns = chooses ? s->choice_names : NULL,
                                          .n_columns = chooses ? s->n_choice_names : 0,
                                          .first_file = file,
                                          .n_files = 1};
    struct fw_text query = {0};

    fw_text_append(&query, "SELECT count(COLUMNS(*)) FROM ");
    fw_source_scan(s->source, &slice, &query);
    fw_status status = query.failed ? FW_E_NOMEM : fw_sql_exec(&s->sql, fw_text_get(&query));
    fw_text_finish(&query);
    return status >= FW_OK || status == FW_E_CANCELLED || status == FW_E_NOMEM;
}

static void tell(const struct snapshot *s, size_t file)
{
    const struct fw_log *log = s->host->service(s->host, FW_LOG_ID);
    struct fw_text text = {0};

    fw_text_appendf(&text, "this raw file cannot be read: %s", s->source->files[file].path);
    if (log != NULL && !text.failed) {
        log->write(s->host, FW_LOG_ERROR, fw_text_get(&text));
    }
    fw_text_finish(&text);
}

/* Reading a large table takes its time, and the watchdog must see that something is being done. */
static void report(const struct snapshot *s, size_t file)
{
    const struct fw_progress *progress = s->host->service(s->host, FW_PROGRESS_ID);

    if (progress != NULL) {
        progress->report(s->host, (double)file / (double)s->source->n_files,
                         "looking for the damaged file");
    }
}

void snapshot_blame(const struct snapshot *s, fw_status status)
{
    bool of_resources = status == FW_E_CANCELLED || status == FW_E_NOMEM || status == FW_E_NOSPACE;

    if (fw_picked_has_failed(s->nested) || fw_picked_has_failed(s->raw)) {
        return; /* the fault names it */
    }
    if (s->phase == SNAPSHOT_LOCATE || s->source->n_files < 2 || of_resources) {
        return;
    }
    for (size_t i = 0; i < s->source->n_files; i++) {
        report(s, i);
        if (!is_readable(s, i)) {
            tell(s, i);
            return;
        }
    }
}

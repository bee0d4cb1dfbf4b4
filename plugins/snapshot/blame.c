/* SPDX-License-Identifier: MIT */
#include "blame.h"

#include <fw/service/log.h>

#include "phases.h"

static bool is_readable(const struct snapshot *s, size_t file)
{
    const struct fw_source_slice slice = {.first_file = file, .n_files = 1};
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

void snapshot_blame(const struct snapshot *s, fw_status status)
{
    const struct fw_source_slice *slice =
        s->phase == SNAPSHOT_PHASE_KEYS     ? &s->slices.items[s->index]
        : s->phase == SNAPSHOT_PHASE_GATHER ? &s->units[s->index].slice
                                            : NULL;
    bool of_resources = status == FW_E_CANCELLED || status == FW_E_NOMEM || status == FW_E_NOSPACE;
    if (slice == NULL || slice->n_files < 2 || of_resources) {
        return;
    }
    for (size_t i = 0; i < slice->n_files; i++) {
        if (!is_readable(s, slice->first_file + i)) {
            tell(s, slice->first_file + i);
        }
    }
}

/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "edgar.h"
#include "wide/wide.h"

/* A file's line: year, number, size, digest. */
static fw_status append_file(const struct edgar *edgar, int32_t year, int32_t number,
                             struct fw_text *text)
{
    struct fw_text path = {0};

    edgar_part_path(edgar, year, number, &path);
    fw_text_appendf(text, "%" PRId32 " %" PRId32 " ", year, number);
    fw_status status = path.failed ? fw_fault_nomem(edgar->host)
                                   : fw_wide_append_digest(edgar->host, fw_text_get(&path), text);
    fw_text_finish(&path);
    return status == FW_OK && text->failed ? fw_fault_nomem(edgar->host) : status;
}

fw_status edgar_state_add(struct edgar *edgar, int32_t year, int32_t number)
{
    return append_file(edgar, year, number, &edgar->files);
}

/* How far the stage is, and what these numbers of chunks and parts depend on. */
static void append_head(const struct edgar *edgar, struct fw_text *text)
{
    fw_text_appendf(text, "%zu %zu %zu %zu %zu %" PRId64 "\n", edgar->index.n_done,
                    edgar->filings.n_done, edgar->n_parts_done, edgar->index.n_chunks,
                    edgar->filings.n_chunks, edgar->chunk_rows);
}

fw_status edgar_state_save(const struct edgar *edgar, struct fw_text *text)
{
    append_head(edgar, text);
    fw_text_append(text, fw_text_get(&edgar->files));
    return text->failed || edgar->files.failed ? fw_fault_nomem(edgar->host) : FW_OK;
}

static fw_status refuse(const struct edgar *edgar, const char *why)
{
    return fw_faultf(edgar->host, FW_E_STATE, NULL, NULL, "the checkpoint %s", why);
}

static bool read_head(struct edgar *edgar, const char *text)
{
    struct fw_text again = {0};
    int n = sscanf(text, "%zu %zu %zu", &edgar->index.n_done, &edgar->filings.n_done,
                   &edgar->n_parts_done);

    append_head(edgar, &again);
    bool same = n == 3 && !again.failed && strncmp(text, fw_text_get(&again), again.size) == 0 &&
                edgar->index.n_done <= edgar->index.n_chunks &&
                edgar->filings.n_done <= edgar->filings.n_chunks;
    fw_text_finish(&again);
    return same;
}

/* The files are those that were noted, or the text of their digests differs. */
static fw_status compare_files(struct edgar *edgar, const char *noted)
{
    fw_status status = FW_OK;
    int32_t year, number;

    for (const char *line = noted; *line != '\0' && status == FW_OK;) {
        const char *end = strchr(line, '\n');
        if (end == NULL || sscanf(line, "%" SCNd32 " %" SCNd32, &year, &number) != 2) {
            return refuse(edgar, "is not one of this stage");
        }
        status = edgar_state_add(edgar, year, number);
        line = end + 1;
    }
    if (status == FW_OK && strcmp(fw_text_get(&edgar->files), noted) != 0) {
        return refuse(edgar, "names files that are not as they were");
    }
    return status;
}

fw_status edgar_state_restore(struct edgar *edgar, const char *bytes, size_t size)
{
    char *text = strndup(bytes, size);

    if (text == NULL) {
        return fw_fault_nomem(edgar->host);
    }
    const char *line = strchr(text, '\n');
    fw_status status = line != NULL && read_head(edgar, text)
                           ? compare_files(edgar, line + 1)
                           : refuse(edgar, "is not one of this stage");
    free(text);
    edgar->started = status == FW_OK;
    return status;
}

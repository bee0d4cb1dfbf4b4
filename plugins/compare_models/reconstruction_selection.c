/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "file/file.h"
#include "reconstruction_outcome.h"
#include "sql/fault.h"
#include "sql/text.h"

static fw_status bad_line(const struct fw_host *host, const char *path, size_t line, uint32_t n_all,
                          const char *what)
{
    return fw_faultf(host, FW_E_DATA, path, NULL,
                     "line %zu %s; a line is the number of an image, below %u, and they ascend",
                     line, what, n_all);
}

/* One number and the end of its line. */
static const char *read_number(const char *at, unsigned long long *ret_number)
{
    char *end = NULL;
    if (*at < '0' || *at > '9') {
        return NULL;
    }
    *ret_number = strtoull(at, &end, 10);
    end += *end == '\r' ? 1 : 0;
    return *end == '\n' ? end + 1 : *end == '\0' ? end : NULL;
}

static fw_status parse(const struct fw_host *host, const char *path, const char *text,
                       uint32_t n_all, struct recon_selection *selection)
{
    for (const char *at = text; *at != '\0';) {
        const size_t line = (size_t)selection->n + 1;
        unsigned long long number = 0;
        at = read_number(at, &number);
        if (at == NULL) {
            return bad_line(host, path, line, n_all, "is no number");
        }
        if (number >= n_all) {
            return bad_line(host, path, line, n_all, "names no image");
        }
        if (selection->n > 0 && number <= selection->images[selection->n - 1]) {
            return bad_line(host, path, line, n_all, "does not ascend");
        }
        selection->images[selection->n++] = (uint32_t)number;
    }
    return selection->n > 0 ? FW_OK
                            : fw_faultf(host, FW_E_DATA, path, NULL, "it names no image at all");
}

fw_status recon_selection_read(const struct fw_host *host, const char *path, uint32_t n_all,
                               struct recon_selection *selection)
{
    char *text = NULL;
    fw_status status = fw_file_read(host, path, &text, NULL);
    if (status != FW_OK) {
        return status;
    }
    *selection = (struct recon_selection){.images = calloc(n_all + 1u, sizeof *selection->images)};
    status = selection->images == NULL ? fw_fault_nomem(host)
                                       : parse(host, path, text, n_all, selection);
    free(text);
    return status;
}

fw_status recon_selection_write(const struct recon *recon)
{
    const char *path = recon_output_path(recon, "chosen");
    struct fw_text text = {0};
    if (path == NULL) {
        return FW_OK;
    }
    for (uint32_t i = 0; i < recon->scan.n; i++) {
        fw_text_appendf(&text, "%u\n", recon->scan.images[i]);
    }
    fw_status status = text.failed
                           ? fw_fault_nomem(recon->host)
                           : fw_file_write(recon->host, path, fw_text_get(&text), text.size);
    fw_text_finish(&text);
    return status;
}

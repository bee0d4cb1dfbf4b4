/* SPDX-License-Identifier: MIT */
#include <stdarg.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "internal.h"
#include "sql/fault.h"
#include "sql/text.h"

fw_status npz_fault(const struct fw_npz *npz, fw_status status, const char *member,
                    const char *format, ...)
{
    struct fw_text where = {0}, what = {0};
    va_list args;

    if (status == FW_E_NOMEM) {
        return fw_fault_nomem(npz->host);
    }
    va_start(args, format);
    fw_text_append_va(&what, format, args);
    va_end(args);
    fw_text_append(&where, npz->path);
    if (member != NULL && !npz->is_array) {
        fw_text_appendf(&where, ": %s.npy", member);
    }
    status = fw_faultf(npz->host, status, fw_text_get(&where), NULL, "%s", fw_text_get(&what));
    fw_text_finish(&where);
    fw_text_finish(&what);
    return status;
}

static fw_status open_file(struct fw_npz *npz)
{
    struct stat st;

    npz->fd = open(npz->path, O_RDONLY | O_CLOEXEC);
    if (npz->fd < 0 || fstat(npz->fd, &st) < 0) {
        return npz_fault(npz, errno == ENOENT ? FW_E_MISSING : FW_E_IO, NULL,
                         "the file cannot be opened: %s", strerror(errno));
    }
    if (!S_ISREG(st.st_mode)) {
        return npz_fault(npz, FW_E_IO, NULL, "it is no regular file");
    }
    npz->size = (uint64_t)st.st_size;
    return FW_OK;
}

static fw_status read_kind(struct fw_npz *npz)
{
    unsigned char magic[NPY_MAGIC_BYTES] = {0};
    fw_status status =
        npz->size < sizeof magic ? FW_OK : npz_pread(npz, NULL, 0, magic, sizeof magic);

    if (status != FW_OK) {
        return status;
    }
    if (memcmp(magic, npy_magic, sizeof magic) != 0) {
        return npz_read_directory(npz);
    }
    npz->is_array = true;
    npz->members = calloc(1, sizeof *npz->members);
    char *name = strdup("");
    if (npz->members == NULL || name == NULL) {
        free(name);
        return npz_fault(npz, FW_E_NOMEM, NULL, "out of memory");
    }
    npz->members[0] = (struct npz_member){.name = name, .packed = npz->size, .size = npz->size};
    npz->n_members = 1;
    return FW_OK;
}

fw_status fw_npz_open(const struct fw_host *host, const char *path, struct fw_npz **ret_npz)
{
    struct fw_npz *npz = calloc(1, sizeof *npz);

    if (npz == NULL) {
        return fw_fault_nomem(host);
    }
    *npz = (struct fw_npz){.host = host, .fd = -1, .path = strdup(path)};
    fw_status status = npz->path == NULL ? fw_fault_nomem(host) : open_file(npz);
    if (status == FW_OK) {
        status = read_kind(npz);
    }
    if (status != FW_OK) {
        fw_npz_close(npz);
        return status;
    }
    *ret_npz = npz;
    return FW_OK;
}

void fw_npz_close(struct fw_npz *npz)
{
    if (npz == NULL) {
        return;
    }
    for (size_t i = 0; i < npz->n_members; i++) {
        free(npz->members[i].name);
    }
    free(npz->members);
    if (npz->fd >= 0) {
        close(npz->fd);
    }
    free(npz->path);
    free(npz);
}

size_t fw_npz_n_arrays(const struct fw_npz *npz)
{
    return npz->n_members;
}

const char *fw_npz_name(const struct fw_npz *npz, size_t at)
{
    return npz->members[at].name;
}

const struct npz_member *npz_find(const struct fw_npz *npz, const char *name)
{
    for (size_t i = 0; i < npz->n_members; i++) {
        if (strcmp(npz->members[i].name, name) == 0) {
            return &npz->members[i];
        }
    }
    return NULL;
}

bool fw_npz_has(const struct fw_npz *npz, const char *name)
{
    return npz_find(npz, name) != NULL;
}

fw_status npz_fault_missing(const struct fw_npz *npz, const char *name)
{
    struct fw_text names = {0};

    for (size_t i = 0; i < npz->n_members; i++) {
        fw_text_appendf(&names, "%s%s", i == 0 ? "" : ", ", npz->members[i].name);
    }
    fw_status status = npz_fault(npz, FW_E_MISSING, NULL, "there is no array \"%s\"; it holds: %s",
                                 name, npz->n_members == 0 ? "none" : fw_text_get(&names));
    fw_text_finish(&names);
    return status;
}

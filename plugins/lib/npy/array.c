/* SPDX-License-Identifier: MIT */
#include <stdarg.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "internal.h"
#include "sql/fault.h"
#include "sql/text.h"

enum {
    PREFIX_BYTES = NPY_MAGIC_BYTES + 2, /* magic and version */
    HEADER_TEXT_MAX = 1 << 20,
    CHECK_BYTES = 1 << 18,
    CONVERT_BYTES = 1 << 18
};

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

static const struct npz_member *find(const struct fw_npz *npz, const char *name)
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
    return find(npz, name) != NULL;
}

static fw_status name_arrays(const struct fw_npz *npz, const char *name)
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

/* Magic, version, length of the text (two bytes in version 1, then four), text. */
static fw_status read_header(struct fw_npy *npy)
{
    const char *name = npy->member->name;
    unsigned char prefix[PREFIX_BYTES], length[4] = {0};
    fw_status status = npy_stream_read(&npy->stream, 0, prefix, sizeof prefix);

    if (status != FW_OK) {
        return status;
    }
    unsigned version = prefix[NPY_MAGIC_BYTES];
    if (memcmp(prefix, npy_magic, NPY_MAGIC_BYTES) != 0 || version < 1 || version > 3) {
        return npz_fault(npy->npz, FW_E_DATA, name,
                         "it does not begin as a .npy of version 1 to 3");
    }
    size_t length_bytes = version == 1 ? 2 : 4;
    status = npy_stream_read(&npy->stream, PREFIX_BYTES, length, length_bytes);
    if (status != FW_OK) {
        return status;
    }
    size_t size = npz_u32(length);
    if (size > HEADER_TEXT_MAX) {
        return npz_fault(npy->npz, FW_E_DATA, name, "a header of %zu bytes is none", size);
    }
    char *text = malloc(size + 1);
    if (text == NULL) {
        return npz_fault(npy->npz, FW_E_NOMEM, name, "out of memory");
    }
    status = npy_stream_read(&npy->stream, PREFIX_BYTES + length_bytes, text, size);
    const char *wrong = status == FW_OK ? npy_header_parse(text, size, &npy->header) : NULL;
    free(text);
    npy->items_at = PREFIX_BYTES + length_bytes + size;
    return wrong == NULL ? status : npz_fault(npy->npz, FW_E_DATA, name, "%s", wrong);
}

static fw_status check_size(const struct fw_npy *npy)
{
    uint64_t bytes = npy->header.n_items * npy->header.item_bytes;

    if (bytes > npy->member->size - npy->items_at) {
        return npz_fault(npy->npz, FW_E_DATA, npy->member->name,
                         "its header promises %llu bytes of items, and there are %llu",
                         (unsigned long long)bytes,
                         (unsigned long long)(npy->member->size - npy->items_at));
    }
    return FW_OK;
}

fw_status fw_npy_open(const struct fw_npz *npz, const char *name, struct fw_npy **ret_npy)
{
    const struct npz_member *member = find(npz, name);

    if (member == NULL) {
        return name_arrays(npz, name);
    }
    struct fw_npy *npy = calloc(1, sizeof *npy);
    if (npy == NULL) {
        return npz_fault(npz, FW_E_NOMEM, name, "out of memory");
    }
    npy->npz = npz;
    npy->member = member;
    fw_status status = npy_stream_init(&npy->stream, npz, member);
    if (status == FW_OK) {
        status = read_header(npy);
    }
    if (status == FW_OK) {
        status = check_size(npy);
    }
    if (status != FW_OK) {
        fw_npy_close(npy);
        return status;
    }
    *ret_npy = npy;
    return FW_OK;
}

void fw_npy_close(struct fw_npy *npy)
{
    if (npy != NULL) {
        npy_stream_finish(&npy->stream);
        free(npy);
    }
}

const struct fw_npy_header *fw_npy_header(const struct fw_npy *npy)
{
    return &npy->header;
}

static uint64_t n_rows_of(const struct fw_npy_header *header)
{
    return header->n_dims == 0 ? 1 : header->shape[0];
}

static fw_status refuse_type(const struct fw_npy *npy)
{
    const char *descr = npy->header.descr;

    if (strcmp(descr, "|O") == 0) {
        return npz_fault(npy->npz, FW_E_UNSUPPORTED, npy->member->name,
                         "its items are pickled objects, which are programs and are never run; "
                         "save it again as numbers or texts");
    }
    return npz_fault(npy->npz, FW_E_UNSUPPORTED, npy->member->name,
                     "its items are of type %s; little-endian numbers, booleans and texts (<U) are "
                     "read: save it again as one of these",
                     descr);
}

static fw_status check_type(const struct fw_npy *npy, enum fw_npy_type as)
{
    enum fw_npy_type type = npy->header.type;

    if (type == FW_NPY_OTHER) {
        return refuse_type(npy);
    }
    if (!npy_converts(type, as) && (type != as || type == FW_NPY_TEXT)) {
        return npz_fault(npy->npz, FW_E_DATA, npy->member->name, "its items are %s, not %s",
                         fw_npy_type_name(type), fw_npy_type_name(as));
    }
    return FW_OK;
}

static fw_status check_range(const struct fw_npy *npy, uint64_t first, uint64_t n)
{
    uint64_t n_rows = n_rows_of(&npy->header);

    if (npy->header.type == FW_NPY_OTHER) {
        return refuse_type(npy);
    }
    if (first > n_rows || n > n_rows - first) {
        return npz_fault(npy->npz, FW_E_ARG, npy->member->name,
                         "items %llu to %llu were asked for and there are %llu",
                         (unsigned long long)first, (unsigned long long)(first + n),
                         (unsigned long long)n_rows);
    }
    return FW_OK;
}

/* Items along the other axes; any number where there are none at all. */
static uint64_t row_items(const struct fw_npy_header *header)
{
    uint64_t n_rows = n_rows_of(header);

    return n_rows == 0 ? 0 : header->n_items / n_rows;
}

fw_status fw_npy_read(struct fw_npy *npy, uint64_t first, uint64_t n, void *buffer)
{
    fw_status status = check_range(npy, first, n);

    if (status != FW_OK) {
        return status;
    }
    if (npy->header.fortran && npy->header.n_dims > 1) {
        return npy_read_fortran(npy, first, n, buffer);
    }
    uint64_t row_bytes = row_items(&npy->header) * npy->header.item_bytes;
    return npy_stream_read(&npy->stream, npy->items_at + first * row_bytes, buffer, n * row_bytes);
}

/* Through a block of a few rows. */
static fw_status read_converted(struct fw_npy *npy, enum fw_npy_type as, uint64_t first, uint64_t n,
                                char *to)
{
    uint64_t items = row_items(&npy->header), bytes = items * npy->header.item_bytes;
    uint64_t at_once = bytes == 0 || bytes > CONVERT_BYTES ? 1 : CONVERT_BYTES / bytes;
    fw_status status = FW_OK;

    if (npy->header.fortran) {
        at_once = n > 0 ? n : 1; /* each range is a pass over the whole member */
    }
    char *block = malloc(at_once * bytes + 1);
    if (block == NULL) {
        return npz_fault(npy->npz, FW_E_NOMEM, npy->member->name, "out of memory");
    }
    for (uint64_t done = 0; status == FW_OK && done < n; done += at_once) {
        uint64_t rows = n - done < at_once ? n - done : at_once;
        status = fw_npy_read(npy, first + done, rows, block);
        if (status == FW_OK) {
            npy_convert(npy->header.type, block, as, to, rows * items);
            to += rows * items * fw_npy_type_bytes(as);
        }
    }
    free(block);
    return status;
}

fw_status fw_npy_read_as(struct fw_npy *npy, enum fw_npy_type as, uint64_t first, uint64_t n,
                         void *buffer)
{
    fw_status status = check_type(npy, as);

    if (status == FW_OK) {
        status = check_range(npy, first, n);
    }
    if (status != FW_OK) {
        return status;
    }
    return npy->header.type == as ? fw_npy_read(npy, first, n, buffer)
                                  : read_converted(npy, as, first, n, buffer);
}

fw_status fw_npy_read_all(struct fw_npy *npy, enum fw_npy_type as, void **ret_items)
{
    size_t bytes = fw_npy_type_bytes(as);
    fw_status status = check_type(npy, as);

    if (status == FW_OK) {
        status = fw_npy_check(npy);
    }
    if (status != FW_OK) {
        return status;
    }
    void *items = malloc(npy->header.n_items * bytes + 1);
    if (items == NULL) {
        return npz_fault(npy->npz, FW_E_NOMEM, npy->member->name, "out of memory");
    }
    status = fw_npy_read_as(npy, as, 0, n_rows_of(&npy->header), items);
    if (status != FW_OK) {
        free(items);
        return status;
    }
    *ret_items = items;
    return FW_OK;
}

fw_status fw_npy_check(struct fw_npy *npy)
{
    const struct npz_member *member = npy->member;
    uint32_t crc = 0;
    fw_status status = FW_OK;

    if (npy->npz->is_array) {
        return FW_OK;
    }
    unsigned char *block = malloc(CHECK_BYTES);
    if (block == NULL) {
        return npz_fault(npy->npz, FW_E_NOMEM, member->name, "out of memory");
    }
    for (uint64_t at = 0; status == FW_OK && at < member->size; at += CHECK_BYTES) {
        uint64_t left = member->size - at;
        size_t size = left < CHECK_BYTES ? (size_t)left : CHECK_BYTES;
        status = npy_stream_read(&npy->stream, at, block, size);
        crc = status == FW_OK ? (uint32_t)crc32_z(crc, block, size) : crc;
    }
    free(block);
    if (status == FW_OK && crc != member->crc) {
        return npz_fault(npy->npz, FW_E_DATA, member->name,
                         "the checksum is %08x and should be %08x", crc, member->crc);
    }
    return status;
}

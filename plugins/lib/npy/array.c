/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "internal.h"

enum {
    PREFIX_BYTES = NPY_MAGIC_BYTES + 2, /* magic and version */
    HEADER_TEXT_MAX = 1 << 20,
    CHECK_BYTES = 1 << 18,
    CONVERT_BYTES = 1 << 18
};

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
    const struct npz_member *member = npz_find(npz, name);

    if (member == NULL) {
        return npz_fault_missing(npz, name);
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

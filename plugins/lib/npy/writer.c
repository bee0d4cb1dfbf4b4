/* SPDX-License-Identifier: MIT */
/*
 * An archive of stored members. Every local header has room for ZIP64 sizes, as NumPy's own have:
 * they are filled in when the member is complete. No time, no user: the same calls, the same bytes.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"
#include "sql/fault.h"
#include "sql/text.h"

enum {
    LOCAL_BYTES = 30,
    LOCAL_EXTRA_BYTES = 20,
    ENTRY_BYTES = 46,
    ENTRY_EXTRA_MAX = 28,
    END_BYTES = 22,
    END64_BYTES = 56,
    LOCATOR64_BYTES = 20,
    VERSION = 45,               /* the first with ZIP64 */
    MADE_BY = 3 << 8 | VERSION, /* Unix */
    FIRST_DAY = 1 << 5 | 1,     /* 1980-01-01 */
    FLAG_UTF8 = 1 << 11,
    NAME_MAX_BYTES = 1 << 12
};
static const uint32_t file_mode = 0100644u << 16;

struct entry {
    char *name; /* with ".npy" */
    uint64_t at, size;
    uint32_t crc;
};

struct fw_npz_writer {
    const struct fw_host *host;
    char *path, *beside;
    FILE *file;
    struct entry *entries;
    size_t n_entries, capacity;
    uint64_t at;   /* bytes written */
    uint64_t left; /* of the array begun */
};

static fw_status fail(const struct fw_npz_writer *writer, fw_status status, const char *what)
{
    return fw_faultf(writer->host, status, writer->path, NULL, "%s", what);
}

static fw_status fail_io(const struct fw_npz_writer *writer)
{
    bool full = errno == ENOSPC || errno == EDQUOT;

    return fw_faultf(writer->host, full ? FW_E_NOSPACE : FW_E_IO, writer->beside, NULL,
                     "the archive cannot be written: %s", strerror(errno));
}

static fw_status put(struct fw_npz_writer *writer, const void *bytes, size_t size)
{
    if (size > 0 && fwrite(bytes, 1, size, writer->file) != size) {
        return fail_io(writer);
    }
    writer->at += size;
    return FW_OK;
}

static unsigned char *put16(unsigned char *to, uint64_t value)
{
    to[0] = (unsigned char)(value & 0xff);
    to[1] = (unsigned char)(value >> 8 & 0xff);
    return to + 2;
}

static unsigned char *put32(unsigned char *to, uint64_t value)
{
    return put16(put16(to, value), value >> 16);
}

static unsigned char *put64(unsigned char *to, uint64_t value)
{
    return put32(put32(to, value), value >> 32);
}

fw_status fw_npz_writer_create(const struct fw_host *host, const char *path,
                               struct fw_npz_writer **ret_writer)
{
    struct fw_npz_writer *writer = calloc(1, sizeof *writer);

    if (writer == NULL) {
        return fw_fault_nomem(host);
    }
    writer->host = host;
    writer->path = strdup(path);
    if (writer->path == NULL || asprintf(&writer->beside, "%s.tmp", path) < 0) {
        writer->beside = NULL;
        fw_npz_writer_destroy(writer);
        return fw_fault_nomem(host);
    }
    writer->file = fopen(writer->beside, "we");
    if (writer->file == NULL) {
        fw_status status = fail_io(writer);
        fw_npz_writer_destroy(writer);
        return status;
    }
    *ret_writer = writer;
    return FW_OK;
}

static fw_status check_name(const struct fw_npz_writer *writer, const char *name)
{
    bool is_bad = name[0] == '\0' || strlen(name) > NAME_MAX_BYTES || name[0] == '/' ||
                  strstr(name, "..") != NULL;

    for (size_t i = 0; !is_bad && i < writer->n_entries; i++) {
        const char *other = writer->entries[i].name;
        is_bad = strlen(other) == strlen(name) + 4 && strncmp(other, name, strlen(name)) == 0;
    }
    return is_bad ? fw_faultf(writer->host, FW_E_ARG, writer->path, NULL,
                              "\"%s\" cannot be the name of another array", name)
                  : FW_OK;
}

static fw_status add_entry(struct fw_npz_writer *writer, const char *name)
{
    struct entry entry = {.at = writer->at};

    if (writer->n_entries == writer->capacity) {
        size_t capacity = writer->capacity * 2 + 8;
        struct entry *entries = reallocarray(writer->entries, capacity, sizeof *entries);
        if (entries == NULL) {
            return fw_fault_nomem(writer->host);
        }
        writer->entries = entries;
        writer->capacity = capacity;
    }
    if (asprintf(&entry.name, "%s.npy", name) < 0) {
        return fw_fault_nomem(writer->host);
    }
    writer->entries[writer->n_entries++] = entry;
    return FW_OK;
}

static uint64_t flags_of(const struct entry *entry)
{
    for (const char *c = entry->name; *c != '\0'; c++) {
        if ((unsigned char)*c >= 0x80) {
            return FLAG_UTF8;
        }
    }
    return 0;
}

/* Also to fill in what was not known before: the checksum and the sizes. */
static fw_status put_local(struct fw_npz_writer *writer, const struct entry *entry)
{
    unsigned char local[LOCAL_BYTES], extra[LOCAL_EXTRA_BYTES], *to = local;

    to = put32(to, 0x04034b50);
    to = put16(to, VERSION);
    to = put16(to, flags_of(entry));
    to = put16(to, NPZ_STORED);
    to = put16(to, 0);
    to = put16(to, FIRST_DAY);
    to = put32(to, entry->crc);
    to = put32(to, UINT32_MAX);
    to = put32(to, UINT32_MAX);
    to = put16(to, strlen(entry->name));
    put16(to, sizeof extra);
    to = put16(extra, 1);
    to = put16(to, 16);
    to = put64(to, entry->size);
    put64(to, entry->size);
    fw_status status = put(writer, local, sizeof local);
    if (status == FW_OK) {
        status = put(writer, entry->name, strlen(entry->name));
    }
    return status == FW_OK ? put(writer, extra, sizeof extra) : status;
}

static struct entry *last_entry(struct fw_npz_writer *writer)
{
    return &writer->entries[writer->n_entries - 1];
}

static fw_status put_content(struct fw_npz_writer *writer, const void *bytes, size_t size)
{
    struct entry *entry = last_entry(writer);

    entry->crc = (uint32_t)crc32_z(entry->crc, bytes, size);
    entry->size += size;
    return put(writer, bytes, size);
}

/* Closes the array begun, if there is one. */
static fw_status end(struct fw_npz_writer *writer)
{
    if (writer->n_entries == 0) {
        return FW_OK;
    }
    if (writer->left > 0) {
        return fw_faultf(writer->host, FW_E_ARG, writer->path, NULL, "%s lacks %llu bytes of items",
                         last_entry(writer)->name, (unsigned long long)writer->left);
    }
    uint64_t at = writer->at;
    if (fseeko(writer->file, (off_t)last_entry(writer)->at, SEEK_SET) < 0) {
        return fail_io(writer);
    }
    fw_status status = put_local(writer, last_entry(writer));
    writer->at = at;
    if (status == FW_OK && fseeko(writer->file, (off_t)at, SEEK_SET) < 0) {
        status = fail_io(writer);
    }
    return status;
}

static fw_status begin(struct fw_npz_writer *writer, const char *name,
                       const struct fw_npy_header *header)
{
    unsigned char bytes[NPY_HEADER_MAX];
    fw_status status = end(writer);

    if (status == FW_OK) {
        status = check_name(writer, name);
    }
    if (status == FW_OK) {
        status = add_entry(writer, name);
    }
    if (status == FW_OK) {
        status = put_local(writer, last_entry(writer));
    }
    writer->left = header->n_items * header->item_bytes;
    return status == FW_OK ? put_content(writer, bytes, npy_header_print(header, bytes)) : status;
}

fw_status fw_npz_writer_begin(struct fw_npz_writer *writer, const char *name, enum fw_npy_type type,
                              const uint64_t *shape, unsigned n_dims)
{
    struct fw_npy_header header;

    if (fw_npy_type_bytes(type) == 0 || n_dims > FW_NPY_MAX_DIMS ||
        !npy_header_of(&header, type, shape, n_dims)) {
        return fail(writer, FW_E_ARG, "an array of this type and shape cannot be written");
    }
    return begin(writer, name, &header);
}

fw_status fw_npz_writer_append(struct fw_npz_writer *writer, const void *bytes, size_t size)
{
    if (size > writer->left) {
        return fail(writer, FW_E_ARG, "more items were appended than the array's shape has");
    }
    writer->left -= size;
    return size == 0 ? FW_OK : put_content(writer, bytes, size);
}

/* The next character of a UTF-8 text. False when the text is not UTF-8. */
static bool decode(const char **at, uint32_t *ret_c)
{
    const unsigned char *from = (const unsigned char *)*at;
    unsigned more = from[0] < 0x80 ? 0 : from[0] < 0xe0 ? 1 : from[0] < 0xf0 ? 2 : 3;
    uint32_t c = more == 0 ? from[0] : from[0] & (0x3fu >> more);

    if (from[0] >= 0xf8 || (from[0] & 0xc0) == 0x80) {
        return false;
    }
    for (unsigned i = 1; i <= more; i++) {
        if ((from[i] & 0xc0) != 0x80) {
            return false;
        }
        c = c << 6 | (from[i] & 0x3f);
    }
    *at += more + 1;
    *ret_c = c;
    return true;
}

fw_status fw_npz_writer_text(struct fw_npz_writer *writer, const char *name, const char *utf8)
{
    unsigned char *packed = calloc(strlen(utf8) + 1, 4);
    uint32_t c;
    size_t n = 0;

    if (packed == NULL) {
        return fw_fault_nomem(writer->host);
    }
    for (const char *at = utf8; *at != '\0'; n++) {
        if (!decode(&at, &c)) {
            free(packed);
            return fail(writer, FW_E_ARG, "a text to be written is not UTF-8");
        }
        put32(packed + 4 * n, c);
    }
    n = n == 0 ? 1 : n; /* NumPy has no text without room for a character */
    struct fw_npy_header header = {.type = FW_NPY_TEXT, .item_bytes = 4 * n, .n_items = 1};
    snprintf(header.descr, sizeof header.descr, "<U%zu", n);
    fw_status status = begin(writer, name, &header);
    if (status == FW_OK) {
        status = fw_npz_writer_append(writer, packed, 4 * n);
    }
    free(packed);
    return status;
}

static fw_status put_entry(struct fw_npz_writer *writer, const struct entry *entry)
{
    unsigned char bytes[ENTRY_BYTES], extra[ENTRY_EXTRA_MAX], *to = bytes, *more = extra;
    uint64_t size = entry->size, at = entry->at;

    if (size >= UINT32_MAX || at >= UINT32_MAX) {
        more = put16(more, 1);
        more = put16(more, 24);
        more = put64(more, size);
        more = put64(more, size);
        more = put64(more, at);
        size = at = UINT32_MAX;
    }
    to = put32(to, 0x02014b50);
    to = put16(to, MADE_BY);
    to = put16(to, VERSION);
    to = put16(to, flags_of(entry));
    to = put16(to, NPZ_STORED);
    to = put16(to, 0);
    to = put16(to, FIRST_DAY);
    to = put32(to, entry->crc);
    to = put32(to, size);
    to = put32(to, size);
    to = put16(to, strlen(entry->name));
    to = put16(to, (uint64_t)(more - extra));
    to = put16(to, 0);
    to = put32(to, 0); /* disk, internal attributes */
    to = put32(to, file_mode);
    put32(to, at);
    fw_status status = put(writer, bytes, sizeof bytes);
    if (status == FW_OK) {
        status = put(writer, entry->name, strlen(entry->name));
    }
    return status == FW_OK ? put(writer, extra, (size_t)(more - extra)) : status;
}

static fw_status put_end64(struct fw_npz_writer *writer, uint64_t at, uint64_t size)
{
    unsigned char bytes[END64_BYTES + LOCATOR64_BYTES], *to = bytes;

    to = put32(to, 0x06064b50);
    to = put64(to, END64_BYTES - 12);
    to = put16(to, MADE_BY);
    to = put16(to, VERSION);
    to = put64(to, 0); /* disks */
    to = put64(to, writer->n_entries);
    to = put64(to, writer->n_entries);
    to = put64(to, size);
    to = put64(to, at);
    to = put32(to, 0x07064b50);
    to = put32(to, 0);
    to = put64(to, at + size);
    put32(to, 1);
    return put(writer, bytes, sizeof bytes);
}

static fw_status put_directory(struct fw_npz_writer *writer)
{
    unsigned char bytes[END_BYTES], *to = bytes;
    uint64_t at = writer->at, n = writer->n_entries;
    fw_status status = FW_OK;

    for (size_t i = 0; status == FW_OK && i < n; i++) {
        status = put_entry(writer, &writer->entries[i]);
    }
    uint64_t size = writer->at - at;
    bool wide = n >= UINT16_MAX || at >= UINT32_MAX || size >= UINT32_MAX;
    if (status == FW_OK && wide) {
        status = put_end64(writer, at, size);
    }
    to = put32(to, 0x06054b50);
    to = put32(to, 0); /* disks */
    to = put16(to, wide ? UINT16_MAX : n);
    to = put16(to, wide ? UINT16_MAX : n);
    to = put32(to, wide ? UINT32_MAX : size);
    to = put32(to, wide ? UINT32_MAX : at);
    put16(to, 0);
    return status == FW_OK ? put(writer, bytes, sizeof bytes) : status;
}

/* The file is closed in any case. */
static fw_status close_and_rename(struct fw_npz_writer *writer)
{
    bool flushed = fflush(writer->file) == 0 && fsync(fileno(writer->file)) == 0;
    int cause = errno;
    bool closed = fclose(writer->file) == 0;

    writer->file = NULL;
    errno = flushed ? errno : cause;
    if (!flushed || !closed || rename(writer->beside, writer->path) < 0) {
        fw_status status = fail_io(writer);
        unlink(writer->beside);
        return status;
    }
    return FW_OK;
}

fw_status fw_npz_writer_finish(struct fw_npz_writer *writer)
{
    fw_status status = end(writer);

    if (status == FW_OK) {
        status = put_directory(writer);
    }
    if (status == FW_OK) {
        status = close_and_rename(writer);
    }
    fw_npz_writer_destroy(writer);
    return status;
}

void fw_npz_writer_destroy(struct fw_npz_writer *writer)
{
    if (writer == NULL) {
        return;
    }
    if (writer->file != NULL) {
        (void)fclose(writer->file); /* given up: what it could not write goes away with it */
        unlink(writer->beside);
    }
    for (size_t i = 0; i < writer->n_entries; i++) {
        free(writer->entries[i].name);
    }
    free(writer->entries);
    free(writer->path);
    free(writer->beside);
    free(writer);
}

fw_status fw_npy_write(const struct fw_host *host, const char *path,
                       const struct fw_npy_header *header, const void *items)
{
    struct fw_npz_writer *writer;
    struct fw_npy_header checked;
    unsigned char bytes[NPY_HEADER_MAX];

    if (fw_npy_type_bytes(header->type) == 0 || header->n_dims > FW_NPY_MAX_DIMS ||
        !npy_header_of(&checked, header->type, header->shape, header->n_dims)) {
        return fw_faultf(host, FW_E_ARG, path, NULL,
                         "an array of this type and shape cannot be written");
    }
    fw_status status = fw_npz_writer_create(host, path, &writer);
    if (status != FW_OK) {
        return status;
    }
    status = put(writer, bytes, npy_header_print(&checked, bytes));
    if (status == FW_OK) {
        status = put(writer, items, checked.n_items * checked.item_bytes);
    }
    if (status == FW_OK) {
        status = close_and_rename(writer);
    }
    fw_npz_writer_destroy(writer);
    return status;
}

/* SPDX-License-Identifier: MIT */
/* The directory of a ZIP archive, with the records of ZIP64 (APPNOTE.TXT 4.3). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"

enum {
    LOCAL_BYTES = 30,
    ENTRY_BYTES = 46,
    END_BYTES = 22,
    END64_BYTES = 56,
    LOCATOR64_BYTES = 20,
    COMMENT_MAX = 65535,
    EXTRA_ZIP64 = 1,
    FLAG_ENCRYPTED = 1
};
static const uint32_t local_signature = 0x04034b50, entry_signature = 0x02014b50,
                      end_signature = 0x06054b50, end64_signature = 0x06064b50,
                      locator64_signature = 0x07064b50;
static const uint64_t in_zip64 = UINT32_MAX;

/* What the end of an archive says about its directory. */
struct directory {
    uint64_t at, size, n_entries;
};

fw_status npz_pread(const struct fw_npz *npz, const char *member, uint64_t at, void *bytes,
                    size_t size)
{
    char *to = bytes;

    if (at > npz->size || size > npz->size - at) {
        return npz_fault(npz, FW_E_DATA, member,
                         "the file ends at byte %llu, where bytes %llu to %llu are needed",
                         (unsigned long long)npz->size, (unsigned long long)at,
                         (unsigned long long)(at + size));
    }
    while (size > 0) {
        ssize_t n = pread(npz->fd, to, size, (off_t)at);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return npz_fault(npz, FW_E_IO, member, "the file cannot be read at byte %llu: %s",
                             (unsigned long long)at,
                             n < 0 ? strerror(errno) : "it became shorter meanwhile");
        }
        to += n;
        at += (uint64_t)n;
        size -= (size_t)n;
    }
    return FW_OK;
}

/* The end record is the last one whose comment reaches exactly to the end of the file. */
static const unsigned char *find_end(const unsigned char *tail, size_t size)
{
    for (size_t at = size - END_BYTES + 1; at-- > 0;) {
        if (npz_u32(tail + at) == end_signature &&
            npz_u16(tail + at + 20) == size - at - END_BYTES) {
            return tail + at;
        }
    }
    return NULL;
}

static fw_status read_end64(const struct fw_npz *npz, uint64_t end_at, struct directory *directory)
{
    unsigned char locator[LOCATOR64_BYTES], end[END64_BYTES];

    if (end_at < LOCATOR64_BYTES) {
        return npz_fault(npz, FW_E_DATA, NULL, "the archive refers to a ZIP64 record and has none");
    }
    fw_status status = npz_pread(npz, NULL, end_at - LOCATOR64_BYTES, locator, LOCATOR64_BYTES);
    if (status == FW_OK && npz_u32(locator) != locator64_signature) {
        return npz_fault(npz, FW_E_DATA, NULL, "the archive refers to a ZIP64 record and has none");
    }
    if (status == FW_OK) {
        status = npz_pread(npz, NULL, npz_u64(locator + 8), end, END64_BYTES);
    }
    if (status != FW_OK) {
        return status;
    }
    if (npz_u32(end) != end64_signature) {
        return npz_fault(npz, FW_E_DATA, NULL, "there is no ZIP64 record where the archive says");
    }
    *directory = (struct directory){
        .n_entries = npz_u64(end + 32), .size = npz_u64(end + 40), .at = npz_u64(end + 48)};
    return FW_OK;
}

static fw_status read_end(const struct fw_npz *npz, struct directory *directory)
{
    size_t size = npz->size < END_BYTES + COMMENT_MAX ? npz->size : END_BYTES + COMMENT_MAX;
    uint64_t at = npz->size - size;

    if (size < END_BYTES) {
        return npz_fault(npz, FW_E_DATA, NULL, "%zu bytes are too few for an archive", size);
    }
    unsigned char *tail = malloc(size);
    if (tail == NULL) {
        return npz_fault(npz, FW_E_NOMEM, NULL, "out of memory");
    }
    fw_status status = npz_pread(npz, NULL, at, tail, size);
    const unsigned char *end = status == FW_OK ? find_end(tail, size) : NULL;
    if (status == FW_OK && end == NULL) {
        status = npz_fault(npz, FW_E_DATA, NULL,
                           "the archive has no end record: it was cut short, or is none");
    } else if (status == FW_OK) {
        *directory = (struct directory){
            .n_entries = npz_u16(end + 10), .size = npz_u32(end + 12), .at = npz_u32(end + 16)};
        if (directory->n_entries == UINT16_MAX || directory->size == in_zip64 ||
            directory->at == in_zip64) {
            status = read_end64(npz, at + (uint64_t)(end - tail), directory);
        }
    }
    free(tail);
    return status;
}

/* Sizes that do not fit 32 bits stand in an extra field, in this order, each only when needed. */
static bool read_zip64(const unsigned char *extra, size_t size, struct npz_member *member)
{
    uint64_t *wide[] = {&member->size, &member->packed, &member->header_at};

    while (size >= 4) {
        size_t field = npz_u16(extra + 2), at = 4;
        if (field > size - 4) {
            return false;
        }
        for (size_t i = 0; npz_u16(extra) == EXTRA_ZIP64 && i < 3; i++) {
            if (*wide[i] != in_zip64) {
                continue;
            }
            if (at + 8 > field + 4) {
                return false;
            }
            *wide[i] = npz_u64(extra + at);
            at += 8;
        }
        extra += 4 + field;
        size -= 4 + field;
    }
    return true;
}

/* Whether the name is an array's; ".npy" goes. */
static bool take_name(const unsigned char *bytes, size_t size, char **ret_name)
{
    static const char suffix[] = ".npy";
    size_t length = sizeof suffix - 1;

    if (size <= length || memcmp(bytes + size - length, suffix, length) != 0 ||
        memchr(bytes, 0, size) != NULL) {
        return false;
    }
    *ret_name = strndup((const char *)bytes, size - length);
    return true;
}

static fw_status add_member(struct fw_npz *npz, struct npz_member member)
{
    for (size_t i = 0; member.name != NULL && i < npz->n_members; i++) {
        if (strcmp(npz->members[i].name, member.name) == 0) {
            fw_status status = npz_fault(npz, FW_E_DATA, member.name, "two members have this name");
            free(member.name);
            return status;
        }
    }
    if (member.name == NULL) {
        return npz_fault(npz, FW_E_NOMEM, NULL, "out of memory");
    }
    npz->members[npz->n_members++] = member;
    return FW_OK;
}

/* One entry of the directory; its size in *ret_size. */
static fw_status read_entry(struct fw_npz *npz, const unsigned char *entry, size_t left,
                            size_t *ret_size)
{
    if (left < ENTRY_BYTES || npz_u32(entry) != entry_signature) {
        return npz_fault(npz, FW_E_DATA, NULL, "the archive's directory is damaged");
    }
    size_t name = npz_u16(entry + 28), extra = npz_u16(entry + 30);
    size_t size = ENTRY_BYTES + name + extra + npz_u16(entry + 32);
    if (size > left) {
        return npz_fault(npz, FW_E_DATA, NULL, "the archive's directory is cut short");
    }
    struct npz_member member = {
        .flags = (uint16_t)npz_u16(entry + 8),
        .method = (uint16_t)npz_u16(entry + 10),
        .crc = (uint32_t)npz_u32(entry + 16),
        .packed = npz_u32(entry + 20),
        .size = npz_u32(entry + 24),
        .header_at = npz_u32(entry + 42),
    };
    *ret_size = size;
    if (!read_zip64(entry + ENTRY_BYTES + name, extra, &member)) {
        return npz_fault(npz, FW_E_DATA, NULL, "an entry of the archive's directory is damaged");
    }
    return take_name(entry + ENTRY_BYTES, name, &member.name) ? add_member(npz, member) : FW_OK;
}

static fw_status read_entries(struct fw_npz *npz, const unsigned char *bytes,
                              const struct directory *directory)
{
    size_t left = directory->size, size = 0;

    npz->members = calloc(directory->n_entries + 1, sizeof *npz->members);
    if (npz->members == NULL) {
        return npz_fault(npz, FW_E_NOMEM, NULL, "out of memory");
    }
    for (uint64_t i = 0; i < directory->n_entries; i++) {
        fw_status status = read_entry(npz, bytes, left, &size);
        if (status != FW_OK) {
            return status;
        }
        bytes += size;
        left -= size;
    }
    return FW_OK;
}

fw_status npz_read_directory(struct fw_npz *npz)
{
    struct directory directory = {0};
    fw_status status = read_end(npz, &directory);

    if (status != FW_OK) {
        return status;
    }
    /* Both bounds before anything is allocated by them. */
    if (directory.at > npz->size || directory.size > npz->size - directory.at ||
        directory.n_entries > directory.size / ENTRY_BYTES) {
        return npz_fault(npz, FW_E_DATA, NULL,
                         "the archive's end promises %llu entries in %llu bytes at byte %llu, and "
                         "the file has %llu bytes",
                         (unsigned long long)directory.n_entries,
                         (unsigned long long)directory.size, (unsigned long long)directory.at,
                         (unsigned long long)npz->size);
    }
    unsigned char *bytes = malloc(directory.size + 1);
    if (bytes == NULL) {
        return npz_fault(npz, FW_E_NOMEM, NULL, "out of memory");
    }
    status = npz_pread(npz, NULL, directory.at, bytes, directory.size);
    if (status == FW_OK) {
        status = read_entries(npz, bytes, &directory);
    }
    free(bytes);
    return status;
}

fw_status npz_locate(const struct fw_npz *npz, const struct npz_member *member,
                     uint64_t *ret_data_at)
{
    unsigned char local[LOCAL_BYTES];

    if ((member->flags & FLAG_ENCRYPTED) != 0) {
        return npz_fault(npz, FW_E_UNSUPPORTED, member->name, "the member is encrypted");
    }
    fw_status status = npz_pread(npz, member->name, member->header_at, local, sizeof local);
    if (status != FW_OK) {
        return status;
    }
    if (npz_u32(local) != local_signature) {
        return npz_fault(npz, FW_E_DATA, member->name,
                         "there is no member at byte %llu, where the directory says",
                         (unsigned long long)member->header_at);
    }
    uint64_t at = member->header_at + LOCAL_BYTES + npz_u16(local + 26) + npz_u16(local + 28);
    if (at > npz->size || member->packed > npz->size - at) {
        return npz_fault(npz, FW_E_DATA, member->name,
                         "%llu bytes at byte %llu reach beyond the file's %llu",
                         (unsigned long long)member->packed, (unsigned long long)at,
                         (unsigned long long)npz->size);
    }
    *ret_data_at = at;
    return FW_OK;
}

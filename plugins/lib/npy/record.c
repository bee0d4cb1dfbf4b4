/* SPDX-License-Identifier: MIT */
#include "record.h"

#include <string.h>

#include "internal.h"

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
    FLAG_UTF8 = 1 << 11
};
static const uint32_t file_mode = 0100644u << 16;

static uint64_t flags_of(const struct npz_entry *entry)
{
    for (const char *c = entry->name; *c != '\0'; c++) {
        if ((unsigned char)*c >= 0x80) {
            return FLAG_UTF8;
        }
    }
    return 0;
}

fw_status npz_record_put_local(struct npz_output *output, const struct npz_entry *entry)
{
    unsigned char local[LOCAL_BYTES], extra[LOCAL_EXTRA_BYTES], *to = local;

    to = npz_put32(to, 0x04034b50);
    to = npz_put16(to, VERSION);
    to = npz_put16(to, flags_of(entry));
    to = npz_put16(to, NPZ_STORED);
    to = npz_put16(to, 0);
    to = npz_put16(to, FIRST_DAY);
    to = npz_put32(to, entry->crc);
    to = npz_put32(to, UINT32_MAX);
    to = npz_put32(to, UINT32_MAX);
    to = npz_put16(to, strlen(entry->name));
    npz_put16(to, sizeof extra);
    to = npz_put16(extra, 1);
    to = npz_put16(to, 16);
    to = npz_put64(to, entry->size);
    npz_put64(to, entry->size);
    fw_status status = npz_output_put(output, local, sizeof local);
    if (status == FW_OK) {
        status = npz_output_put(output, entry->name, strlen(entry->name));
    }
    return status == FW_OK ? npz_output_put(output, extra, sizeof extra) : status;
}

static fw_status put_entry(struct npz_output *output, const struct npz_entry *entry)
{
    unsigned char bytes[ENTRY_BYTES], extra[ENTRY_EXTRA_MAX], *to = bytes, *more = extra;
    uint64_t size = entry->size, at = entry->at;

    if (size >= UINT32_MAX || at >= UINT32_MAX) {
        more = npz_put16(more, 1);
        more = npz_put16(more, 24);
        more = npz_put64(more, size);
        more = npz_put64(more, size);
        more = npz_put64(more, at);
        size = at = UINT32_MAX;
    }
    to = npz_put32(to, 0x02014b50);
    to = npz_put16(to, MADE_BY);
    to = npz_put16(to, VERSION);
    to = npz_put16(to, flags_of(entry));
    to = npz_put16(to, NPZ_STORED);
    to = npz_put16(to, 0);
    to = npz_put16(to, FIRST_DAY);
    to = npz_put32(to, entry->crc);
    to = npz_put32(to, size);
    to = npz_put32(to, size);
    to = npz_put16(to, strlen(entry->name));
    to = npz_put16(to, (uint64_t)(more - extra));
    to = npz_put16(to, 0);
    to = npz_put32(to, 0); /* disk, internal attributes */
    to = npz_put32(to, file_mode);
    npz_put32(to, at);
    fw_status status = npz_output_put(output, bytes, sizeof bytes);
    if (status == FW_OK) {
        status = npz_output_put(output, entry->name, strlen(entry->name));
    }
    return status == FW_OK ? npz_output_put(output, extra, (size_t)(more - extra)) : status;
}

static fw_status put_end64(struct npz_output *output, uint64_t n, uint64_t at, uint64_t size)
{
    unsigned char bytes[END64_BYTES + LOCATOR64_BYTES], *to = bytes;

    to = npz_put32(to, 0x06064b50);
    to = npz_put64(to, END64_BYTES - 12);
    to = npz_put16(to, MADE_BY);
    to = npz_put16(to, VERSION);
    to = npz_put64(to, 0); /* disks */
    to = npz_put64(to, n);
    to = npz_put64(to, n);
    to = npz_put64(to, size);
    to = npz_put64(to, at);
    to = npz_put32(to, 0x07064b50);
    to = npz_put32(to, 0);
    to = npz_put64(to, at + size);
    npz_put32(to, 1);
    return npz_output_put(output, bytes, sizeof bytes);
}

fw_status npz_record_put_directory(struct npz_output *output, const struct npz_entry *entries,
                                   size_t n)
{
    unsigned char bytes[END_BYTES], *to = bytes;
    uint64_t at = output->at;
    fw_status status = FW_OK;

    for (size_t i = 0; status == FW_OK && i < n; i++) {
        status = put_entry(output, &entries[i]);
    }
    uint64_t size = output->at - at;
    bool wide = n >= UINT16_MAX || at >= UINT32_MAX || size >= UINT32_MAX;
    if (status == FW_OK && wide) {
        status = put_end64(output, n, at, size);
    }
    to = npz_put32(to, 0x06054b50);
    to = npz_put32(to, 0); /* disks */
    to = npz_put16(to, wide ? UINT16_MAX : n);
    to = npz_put16(to, wide ? UINT16_MAX : n);
    to = npz_put32(to, wide ? UINT32_MAX : size);
    to = npz_put32(to, wide ? UINT32_MAX : at);
    npz_put16(to, 0);
    return status == FW_OK ? npz_output_put(output, bytes, sizeof bytes) : status;
}

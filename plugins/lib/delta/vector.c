/* SPDX-License-Identifier: MIT */
#include "delta/vector.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "delta/path.h"
#include "delta/rows.h"
#include "delta/z85.h"

#define REMEDY       "restore the table from a copy, or have its writer purge the deleted rows"
#define FILE_VERSION 1
#define UUID_CHARS   20 /* in Z85 */
#define UUID_BYTES   16

/* A descriptor as the log gives it. */
struct vector {
    const struct fw_host *host;
    const char *root;
    const struct fw_delta_entry *entry;
    const char *storage, *place;
    int64_t offset; /* -1: not given */
    int64_t size_bytes, cardinality;
};

static int64_t whole_number(const struct vector *v, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(v->entry->deletion_vector, name);
    bool good = cJSON_IsNumber(item) && item->valuedouble >= 0 && item->valuedouble < 0x1p53 &&
                item->valuedouble == (double)(int64_t)item->valuedouble;
    return good ? (int64_t)item->valuedouble : -1;
}

static const char *text(const struct vector *v, const char *name)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(v->entry->deletion_vector, name));
}

/* A fault of the log: it is found where the descriptor stands. */
static fw_status fault(const struct vector *v, fw_status status, const char *what)
{
    return fw_faultf(v->host, status, v->entry->where, REMEDY,
                     "the deletion vector of the file '%s' %s", v->entry->file.path, what);
}

static fw_status read_descriptor(struct vector *v)
{
    v->storage = text(v, "storageType");
    v->place = text(v, "pathOrInlineDv");
    v->offset = whole_number(v, "offset");
    v->size_bytes = whole_number(v, "sizeInBytes");
    v->cardinality = whole_number(v, "cardinality");
    return v->storage == NULL || v->place == NULL || v->size_bytes < 0 || v->cardinality < 0
               ? fault(v, FW_E_DATA,
                       "lacks storageType, pathOrInlineDv, sizeInBytes or cardinality")
               : FW_OK;
}

/* PREFIX and a UUID in Z85 name ROOT/PREFIX/deletion_vector_<uuid>.bin. */
static fw_status relative_path(const struct vector *v, char **ret_path)
{
    size_t size = strlen(v->place);
    int prefix = size >= UUID_CHARS ? (int)(size - UUID_CHARS) : 0;
    unsigned char id[UUID_BYTES];
    char uuid[2 * UUID_BYTES + 5];
    if (size < UUID_CHARS || !fw_delta_z85(v->place + prefix, UUID_CHARS, id) ||
        memchr(v->place, '/', (size_t)prefix) != NULL || v->place[0] == '.') {
        return fault(v, FW_E_DATA, "has a relative path that is not a prefix and a UUID in Z85");
    }
    for (size_t i = 0, at = 0; i < UUID_BYTES; i++) {
        bool dash = i == 4 || i == 6 || i == 8 || i == 10;
        at += (size_t)snprintf(uuid + at, sizeof uuid - at, dash ? "-%02x" : "%02x", id[i]);
    }
    int n = asprintf(ret_path, "%s/%.*s%sdeletion_vector_%s.bin", v->root, prefix, v->place,
                     prefix > 0 ? "/" : "", uuid);
    return n < 0 ? fw_fault_nomem(v->host) : FW_OK;
}

static fw_status absolute_path(const struct vector *v, char **ret_path)
{
    switch (fw_delta_path(v->root, v->place, ret_path)) {
    case FW_DELTA_PATH_OK:
        return FW_OK;
    case FW_DELTA_PATH_NOMEM:
        return fw_fault_nomem(v->host);
    case FW_DELTA_PATH_SCHEME:
        return fault(v, FW_E_UNSUPPORTED, "is not on a local file system");
    case FW_DELTA_PATH_ESCAPE:
    case FW_DELTA_PATH_OUTSIDE:
    default:
        return fault(v, FW_E_DATA, "has a path that is not a URL-encoded absolute one");
    }
}

static uint32_t big_endian(const unsigned char *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static fw_status file_fault(const struct vector *v, const char *path, const char *what)
{
    return fw_faultf(v->host, FW_E_DATA, path, REMEDY,
                     "the deletion vector at byte %" PRId64 " is damaged: %s", v->offset, what);
}

/* What the file holds at the offset: a size, so many bytes of bitmap and their CRC-32. */
static fw_status check_frame(const struct vector *v, const char *path, const unsigned char *frame)
{
    if (big_endian(frame) != (uint64_t)v->size_bytes) {
        return file_fault(v, path, "its size is not the one in the log");
    }
    const unsigned char *bitmap = frame + 4;
    uint32_t crc = (uint32_t)crc32_z(0, bitmap, (size_t)v->size_bytes);
    return crc == big_endian(bitmap + v->size_bytes)
               ? FW_OK
               : file_fault(v, path, "the checksum does not fit its bytes");
}

static fw_status read_frame(const struct vector *v, const char *path, int fd,
                            unsigned char **ret_frame)
{
    struct stat facts;
    unsigned char version = 0;
    if (fstat(fd, &facts) != 0 || !S_ISREG(facts.st_mode) || pread(fd, &version, 1, 0) != 1) {
        return file_fault(v, path, "the file cannot be read");
    }
    if (version != FILE_VERSION) {
        return fw_faultf(v->host, FW_E_UNSUPPORTED, path, NULL,
                         "the file of deletion vectors has format version %d, this reader handles "
                         "version %d",
                         version, FILE_VERSION);
    }
    if (v->offset < 1 || v->offset > facts.st_size - v->size_bytes - 8) {
        return file_fault(v, path, "the file ends before it");
    }
    size_t size = (size_t)v->size_bytes + 8;
    unsigned char *frame = malloc(size);
    if (frame == NULL) {
        return fw_fault_nomem(v->host);
    }
    fw_status status = pread(fd, frame, size, v->offset) == (ssize_t)size
                           ? check_frame(v, path, frame)
                           : file_fault(v, path, "its bytes cannot be read");
    if (status != FW_OK) {
        free(frame);
        return status;
    }
    *ret_frame = frame;
    return FW_OK;
}

static fw_status decode(const struct vector *v, const char *where, const unsigned char *bitmap,
                        struct fw_delta_rows *ret_rows)
{
    int64_t n_records = v->entry->file.n_records;
    bool known = n_records >= 0 && n_records < FW_DELTA_ROWS_LIMIT;
    switch (fw_delta_rows_decode(bitmap, (size_t)v->size_bytes,
                                 known ? n_records : FW_DELTA_ROWS_LIMIT, ret_rows)) {
    case FW_DELTA_ROWS_OK:
        return ret_rows->n == v->cardinality
                   ? FW_OK
                   : fw_faultf(v->host, FW_E_DATA, where, REMEDY,
                               "the deletion vector of the file '%s' marks %" PRId64
                               " rows, the log says %" PRId64,
                               v->entry->file.path, ret_rows->n, v->cardinality);
    case FW_DELTA_ROWS_NOMEM:
        return fw_fault_nomem(v->host);
    case FW_DELTA_ROWS_FORMAT:
        return fw_faultf(v->host, FW_E_UNSUPPORTED, where, NULL,
                         "the deletion vector of the file '%s' is not in the portable format",
                         v->entry->file.path);
    case FW_DELTA_ROWS_BEYOND:
        return fw_faultf(v->host, FW_E_DATA, where, REMEDY,
                         "the deletion vector of the file '%s' marks rows that the file does not "
                         "have",
                         v->entry->file.path);
    case FW_DELTA_ROWS_BAD:
    default:
        return fw_faultf(v->host, FW_E_DATA, where, REMEDY,
                         "the deletion vector of the file '%s' is no Roaring bitmap",
                         v->entry->file.path);
    }
}

static fw_status read_file(const struct vector *v, struct fw_delta_rows *ret_rows)
{
    char *path = NULL;
    unsigned char *frame = NULL;
    fw_status status = *v->storage == 'u' ? relative_path(v, &path) : absolute_path(v, &path);
    if (status != FW_OK) {
        return status;
    }
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        status = fw_faultf(v->host, errno == ENOENT ? FW_E_MISSING : FW_E_IO, path, REMEDY,
                           "the file of deletion vectors cannot be opened: %s", strerror(errno));
    } else {
        status = read_frame(v, path, fd, &frame);
        close(fd);
    }
    if (status == FW_OK) {
        status = decode(v, path, frame + 4, ret_rows);
    }
    free(frame);
    free(path);
    return status;
}

/* Z85 is padded to whole groups, so up to three bytes may follow the bitmap. */
static fw_status read_inline(const struct vector *v, struct fw_delta_rows *ret_rows)
{
    size_t n_chars = strlen(v->place);
    int64_t n_bytes = (int64_t)(n_chars / 5 * 4);
    unsigned char *bytes = malloc((size_t)n_bytes + 1);
    if (bytes == NULL) {
        return fw_fault_nomem(v->host);
    }
    bool good = fw_delta_z85(v->place, n_chars, bytes) && v->size_bytes <= n_bytes &&
                n_bytes - v->size_bytes < 4;
    fw_status status = good ? decode(v, v->entry->where, bytes, ret_rows)
                            : fault(v, FW_E_DATA, "is not Z85 of as many bytes as it says");
    free(bytes);
    return status;
}

fw_status fw_delta_vector_read(const struct fw_host *host, const char *root,
                               struct fw_delta_entry *entry)
{
    struct vector v = {.host = host, .root = root, .entry = entry};
    struct fw_delta_rows rows = {0};
    fw_status status = read_descriptor(&v);
    if (status != FW_OK) {
        return status;
    }
    if (strcmp(v.storage, "i") == 0) {
        status = read_inline(&v, &rows);
    } else if (strcmp(v.storage, "u") == 0 || strcmp(v.storage, "p") == 0) {
        status = read_file(&v, &rows);
    } else {
        status =
            fault(&v, FW_E_UNSUPPORTED, "is neither inline nor in a file (storageType i, u, p)");
    }
    if (status != FW_OK) {
        fw_delta_rows_finish(&rows);
        return status;
    }
    entry->file.deleted = rows;
    return FW_OK;
}

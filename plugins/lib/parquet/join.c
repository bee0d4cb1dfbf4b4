/* SPDX-License-Identifier: MIT */
#include "join.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "footer.h"
#include "sql/fault.h"

enum { BLOCK = 1 << 20 };

static const char magic[] = "PAR1";

struct fw_parquet_join {
    const struct fw_host *host;
    char *path;
    int fd;
    uint64_t n_bytes; /* that are written */
    int64_t n_rows;
    uint64_t n_row_groups;
    struct fw_text row_groups; /* of the footer to be */
    uint8_t *first;            /* the footer of the first file; NULL before it */
    struct parquet_footer footer;
    char *block;
};

/* A file that is added. */
struct part {
    const char *path;
    int fd;
    uint64_t body; /* where the footer begins */
    uint8_t *bytes;
    size_t size;
};

static fw_status io_fault(const struct fw_host *host, const char *path, const char *what)
{
    return fw_faultf(host, errno == ENOSPC || errno == EDQUOT ? FW_E_NOSPACE : FW_E_IO, path, NULL,
                     "the file cannot be %s: %s", what, strerror(errno));
}

static fw_status write_all(struct fw_parquet_join *join, const void *bytes, size_t size)
{
    const char *at = bytes;

    for (size_t left = size; left > 0;) {
        ssize_t n = write(join->fd, at, left);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return io_fault(join->host, join->path, "written");
        }
        at += n;
        left -= (size_t)n;
    }
    join->n_bytes += size;
    return FW_OK;
}

static fw_status read_all(const struct fw_host *host, const struct part *part, uint64_t at,
                          void *bytes, size_t size)
{
    for (size_t done = 0; done < size;) {
        ssize_t n = pread(part->fd, (char *)bytes + done, size - done, (off_t)(at + done));
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            errno = n == 0 ? EIO : errno;
            return io_fault(host, part->path, "read");
        }
        done += (size_t)n;
    }
    return FW_OK;
}

fw_status fw_parquet_join_open(const struct fw_host *host, const char *path,
                               struct fw_parquet_join **ret_join)
{
    struct fw_parquet_join *join = calloc(1, sizeof *join);

    if (join == NULL) {
        return fw_fault_nomem(host);
    }
    *join = (struct fw_parquet_join){
        .host = host, .path = strdup(path), .fd = -1, .block = malloc(BLOCK)};
    fw_status status = join->path != NULL && join->block != NULL ? FW_OK : fw_fault_nomem(host);
    if (status == FW_OK) {
        join->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
        status =
            join->fd >= 0 ? write_all(join, magic, PARQUET_MAGIC) : io_fault(host, path, "made");
    }
    if (status != FW_OK) {
        fw_parquet_join_close(join);
        return status;
    }
    *ret_join = join;
    return FW_OK;
}

void fw_parquet_join_close(struct fw_parquet_join *join)
{
    if (join == NULL) {
        return;
    }
    if (join->fd >= 0) {
        close(join->fd); /* of a file that is given up */
    }
    fw_text_finish(&join->row_groups);
    free(join->first);
    free(join->block);
    free(join->path);
    free(join);
}

static fw_status damaged(const struct fw_host *host, const char *path)
{
    return fw_faultf(host, FW_E_DATA, path, "run the stage from its beginning",
                     "the file is not whole Parquet");
}

static fw_status read_footer(const struct fw_host *host, struct part *part)
{
    struct stat file;
    uint8_t tail[PARQUET_TAIL];

    if (fstat(part->fd, &file) != 0) {
        return io_fault(host, part->path, "read");
    }
    uint64_t size = (uint64_t)file.st_size;
    if (size < PARQUET_MAGIC + PARQUET_TAIL) {
        return damaged(host, part->path);
    }
    fw_status status = read_all(host, part, size - PARQUET_TAIL, tail, sizeof tail);
    if (status != FW_OK) {
        return status;
    }
    part->size =
        (size_t)tail[0] | (size_t)tail[1] << 8 | (size_t)tail[2] << 16 | (size_t)tail[3] << 24;
    if (memcmp(tail + 4, magic, PARQUET_MAGIC) != 0 ||
        part->size > size - PARQUET_MAGIC - PARQUET_TAIL) {
        return damaged(host, part->path);
    }
    part->body = size - PARQUET_TAIL - part->size;
    part->bytes = malloc(part->size + 1);
    return part->bytes != NULL ? read_all(host, part, part->body, part->bytes, part->size)
                               : fw_fault_nomem(host);
}

static bool same(struct parquet_bytes a, struct parquet_bytes b)
{
    return a.size == b.size && memcmp(a.data, b.data, a.size) == 0;
}

/* Takes the first footer's bytes, which all others are compared with. */
static fw_status add_footer(struct fw_parquet_join *join, struct part *part)
{
    struct parquet_footer footer;

    if (!parquet_footer_read((struct parquet_bytes){part->bytes, part->size}, &footer)) {
        return damaged(join->host, part->path);
    }
    if (join->first == NULL) {
        join->first = part->bytes;
        join->footer = footer;
        part->bytes = NULL;
    } else if (!same(footer.head, join->footer.head) || !same(footer.tail, join->footer.tail)) {
        return fw_faultf(join->host, FW_E_DATA, part->path, NULL,
                         "the file has other columns than the first one, or another writer");
    }
    int64_t shift = (int64_t)join->n_bytes - PARQUET_MAGIC;
    if (!parquet_footer_move(&footer, shift, &join->row_groups)) {
        return fw_faultf(join->host, FW_E_UNSUPPORTED, part->path, NULL,
                         "the row groups of the file cannot be moved to another one");
    }
    join->n_rows += footer.n_rows;
    join->n_row_groups += footer.n_row_groups;
    return FW_OK;
}

static fw_status copy_body(struct fw_parquet_join *join, const struct part *part)
{
    fw_status status = FW_OK;

    for (uint64_t at = PARQUET_MAGIC; at < part->body && status == FW_OK;) {
        size_t n = part->body - at < BLOCK ? (size_t)(part->body - at) : BLOCK;
        status = read_all(join->host, part, at, join->block, n);
        if (status == FW_OK) {
            status = write_all(join, join->block, n);
        }
        at += n;
    }
    return status;
}

fw_status fw_parquet_join_add(struct fw_parquet_join *join, const char *path)
{
    struct part part = {.path = path, .fd = open(path, O_RDONLY | O_CLOEXEC)};

    if (part.fd < 0) {
        return io_fault(join->host, path, "opened");
    }
    fw_status status = read_footer(join->host, &part);
    if (status == FW_OK) {
        status = add_footer(join, &part);
    }
    if (status == FW_OK) {
        status = copy_body(join, &part);
    }
    free(part.bytes);
    close(part.fd);
    return status;
}

fw_status fw_parquet_join_end(struct fw_parquet_join *join)
{
    struct fw_text text = {0};

    parquet_footer_write(&join->footer, join->n_rows, join->n_row_groups, &join->row_groups, &text);
    uint32_t size = (uint32_t)text.size;
    const char tail[PARQUET_MAGIC] = {(char)size, (char)(size >> 8), (char)(size >> 16),
                                      (char)(size >> 24)};
    fw_text_append_len(&text, tail, sizeof tail);
    fw_text_append_len(&text, magic, PARQUET_MAGIC);
    fw_status status = FW_OK;
    if (text.failed || join->row_groups.failed) {
        status = fw_fault_nomem(join->host);
    } else if (text.size > UINT32_MAX) {
        status = fw_faultf(join->host, FW_E_UNSUPPORTED, join->path, NULL,
                           "the file would have more row groups than Parquet can list");
    } else {
        status = write_all(join, fw_text_get(&text), text.size);
    }
    fw_text_finish(&text);
    if (status == FW_OK) {
        int closed = close(join->fd);
        join->fd = -1;
        status = closed == 0 ? FW_OK : io_fault(join->host, join->path, "closed");
    }
    return status;
}

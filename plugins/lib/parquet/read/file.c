/* SPDX-License-Identifier: MIT */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "parquet/footer.h"
#include "sql/fault.h"

/* A footer that says more than that of 100,000 row groups of a hundred columns is none. */
enum { MAX_FOOTER = 1 << 30 };

static fw_status io_fault(const struct fw_parquet_reader *reader, const char *what)
{
    return fw_faultf(reader->host, FW_E_IO, reader->path, NULL, "the file cannot be %s: %s", what,
                     strerror(errno));
}

static fw_status damaged(const struct fw_parquet_reader *reader, const char *why)
{
    return fw_faultf(reader->host, FW_E_DATA, reader->path, "write it again",
                     "the file is not whole Parquet: %s", why);
}

fw_status parquet_file_read(const struct fw_parquet_reader *reader, uint64_t at, void *bytes,
                            size_t size)
{
    for (size_t done = 0; done < size;) {
        ssize_t n = pread(reader->fd, (char *)bytes + done, size - done, (off_t)(at + done));
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            errno = n == 0 ? EIO : errno;
            return io_fault(reader, "read");
        }
        done += (size_t)n;
    }
    return FW_OK;
}

static fw_status read_meta(struct fw_parquet_reader *reader, uint64_t at, size_t size)
{
    uint8_t *bytes = malloc(size + 1);

    if (bytes == NULL) {
        return fw_fault_nomem(reader->host);
    }
    fw_status status = parquet_file_read(reader, at, bytes, size);
    if (status == FW_OK) {
        struct thrift_reader footer = {bytes, bytes + size, false};
        status = parquet_meta_read(reader, &footer) ? FW_OK : fw_fault_nomem(reader->host);
    }
    free(bytes);
    return status;
}

static fw_status read_footer(struct fw_parquet_reader *reader)
{
    uint8_t tail[PARQUET_TAIL];

    if (reader->size < PARQUET_MAGIC + PARQUET_TAIL) {
        return damaged(reader, "it is too short");
    }
    fw_status status = parquet_file_read(reader, reader->size - PARQUET_TAIL, tail, sizeof tail);
    if (status != FW_OK) {
        return status;
    }
    if (memcmp(tail + 4, "PARE", PARQUET_MAGIC) == 0) {
        reader->refusal = "its footer is encrypted";
        return FW_OK;
    }
    uint64_t size = (uint64_t)tail[0] | (uint64_t)tail[1] << 8 | (uint64_t)tail[2] << 16 |
                    (uint64_t)tail[3] << 24;
    if (memcmp(tail + 4, "PAR1", PARQUET_MAGIC) != 0) {
        return damaged(reader, "it does not end in PAR1");
    }
    if (size > reader->size - PARQUET_MAGIC - PARQUET_TAIL || size > MAX_FOOTER) {
        return damaged(reader, "its footer would be longer than the file");
    }
    return read_meta(reader, reader->size - PARQUET_TAIL - size, (size_t)size);
}

static fw_status open_file(struct fw_parquet_reader *reader)
{
    struct stat facts;

    reader->fd = open(reader->path, O_RDONLY | O_CLOEXEC);
    if (reader->fd < 0) {
        return io_fault(reader, "opened");
    }
    if (fstat(reader->fd, &facts) != 0) {
        return io_fault(reader, "read");
    }
    if (!S_ISREG(facts.st_mode)) {
        return damaged(reader, "it is no regular file");
    }
    reader->size = (uint64_t)facts.st_size;
    return read_footer(reader);
}

fw_status fw_parquet_reader_open(const struct fw_host *host, const char *path,
                                 struct fw_parquet_reader **ret_reader)
{
    struct fw_parquet_reader *reader = calloc(1, sizeof *reader);

    if (reader == NULL) {
        return fw_fault_nomem(host);
    }
    *reader = (struct fw_parquet_reader){.host = host, .path = strdup(path), .fd = -1};
    fw_status status = reader->path != NULL ? open_file(reader) : fw_fault_nomem(host);
    if (status != FW_OK) {
        fw_parquet_reader_close(reader);
        return status;
    }
    *ret_reader = reader;
    return FW_OK;
}

void fw_parquet_reader_close(struct fw_parquet_reader *reader)
{
    if (reader == NULL) {
        return;
    }
    parquet_meta_finish(reader);
    if (reader->fd >= 0) {
        close(reader->fd); /* nothing was written */
    }
    free(reader->path);
    free(reader);
}

int64_t fw_parquet_reader_rows(const struct fw_parquet_reader *reader)
{
    return reader->n_rows;
}

size_t fw_parquet_reader_groups(const struct fw_parquet_reader *reader)
{
    return reader->n_groups;
}

int64_t fw_parquet_reader_group_rows(const struct fw_parquet_reader *reader, size_t group)
{
    return reader->groups[group].n_rows;
}

size_t fw_parquet_reader_columns(const struct fw_parquet_reader *reader)
{
    return reader->schema.n_columns;
}

const char *fw_parquet_reader_name(const struct fw_parquet_reader *reader, size_t column)
{
    return reader->schema.columns[column].root.name;
}

size_t fw_parquet_reader_find(const struct fw_parquet_reader *reader, const char *name)
{
    size_t i = 0;

    while (i < reader->schema.n_columns &&
           strcasecmp(fw_parquet_reader_name(reader, i), name) != 0) {
        i++;
    }
    return i;
}

const char *fw_parquet_reader_refusal(const struct fw_parquet_reader *reader, size_t column)
{
    const struct fw_text *refusal = &reader->schema.columns[column].refusal;

    return refusal->size > 0 ? fw_text_get(refusal) : NULL;
}

const char *fw_parquet_reader_refusal_of_file(const struct fw_parquet_reader *reader)
{
    return reader->refusal;
}

const char *fw_parquet_reader_type(const struct fw_parquet_reader *reader, size_t column)
{
    return fw_text_get(&reader->schema.columns[column].type);
}

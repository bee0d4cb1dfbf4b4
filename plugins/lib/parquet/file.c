/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"
#include "sql/fault.h"

static const char magic[] = {'P', 'A', 'R', '1'};

static fw_status fail(const struct fw_parquet_file *file)
{
    fw_status status = errno == ENOSPC || errno == EDQUOT ? FW_E_NOSPACE : FW_E_IO;

    return fw_faultf(file->host, status, file->path, NULL, "the file cannot be written: %s",
                     strerror(errno));
}

static fw_status put(struct fw_parquet_file *file, const char *bytes, size_t size)
{
    file->size += size;
    while (size > 0) {
        ssize_t n = write(file->fd, bytes, size);
        if (n < 0 && errno != EINTR) {
            return fail(file);
        }
        bytes += n > 0 ? n : 0;
        size -= n > 0 ? (size_t)n : 0;
    }
    return FW_OK;
}

fw_status fw_parquet_open(struct fw_parquet_file *ret_file, const struct fw_host *host,
                          const char *path, const struct fw_parquet_column *columns, size_t n)
{
    *ret_file = (struct fw_parquet_file){
        .host = host, .path = path, .columns = columns, .n_columns = n, .fd = -1};
    ret_file->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    return ret_file->fd >= 0 ? put(ret_file, magic, sizeof magic) : fail(ret_file);
}

fw_status fw_parquet_append(struct fw_parquet_file *file, const struct fw_parquet_block *block)
{
    parquet_append_group(&file->groups, file->columns, block, file->size);
    file->n_groups++;
    file->n_rows += (int64_t)block->n_rows;
    return file->groups.failed ? fw_fault_nomem(file->host)
                               : put(file, block->pages.data, block->pages.size);
}

static fw_status put_footer(struct fw_parquet_file *file)
{
    struct fw_text footer = {0};

    parquet_append_footer(&footer, file);
    uint32_t size = (uint32_t)footer.size;
    fw_text_append_len(&footer, (const char *)&size, sizeof size);
    fw_text_append_len(&footer, magic, sizeof magic);
    fw_status status =
        footer.failed ? fw_fault_nomem(file->host) : put(file, footer.data, footer.size);
    fw_text_finish(&footer);
    return status;
}

fw_status fw_parquet_close(struct fw_parquet_file *file, fw_status status)
{
    if (status == FW_OK) {
        status = put_footer(file);
    }
    if (file->fd >= 0 && close(file->fd) < 0 && status == FW_OK) {
        status = fail(file);
    }
    fw_text_finish(&file->groups);
    file->fd = -1;
    return status;
}

/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "sql/copy.h"
#include "sql/fault.h"
#include "sql/stream.h"
#include "table.h"

/* The name of an output says whether it is a file or a folder of parts (fw/port.h). */
static fw_status choose_path(const struct fw_host *host, const struct fw_output *output,
                             uint32_t part, struct fw_text *path)
{
    const char *extension = strrchr(output->name, '.');

    fw_text_append(path, output->path);
    if (extension == NULL) {
        if (mkdir(output->path, 0777) != 0 && errno != EEXIST) {
            return fw_faultf(host, FW_E_IO, output->path, NULL, "the folder cannot be made: %s",
                             strerror(errno));
        }
        fw_text_appendf(path, "/part-%05" PRIu32 ".parquet", part);
        return FW_OK;
    }
    if (strcmp(extension, ".parquet") != 0) {
        return fw_faultf(host, FW_E_UNSUPPORTED, output->name,
                         "end the name in .parquet, or leave the extension out for a folder",
                         "the output %s is to be a %s file, and tables are written as Parquet",
                         output->port, extension);
    }
    if (part != 0) {
        return fw_faultf(host, FW_E_ARG, output->name, NULL,
                         "part %" PRIu32 " of %s: a single file has part 0 alone", part,
                         output->port);
    }
    return FW_OK;
}

static fw_status count_columns(const struct fw_host *host, struct ArrowArrayStream *stream,
                               size_t *ret_n)
{
    struct ArrowSchema schema;
    int code = stream->get_schema(stream, &schema);

    if (code != 0) {
        return fw_stream_fault(host, stream, code);
    }
    *ret_n = (size_t)schema.n_children;
    schema.release(&schema);
    return FW_OK;
}

/* Takes the stream. */
static fw_status copy(struct fw_sql_handle *sql, struct ArrowArrayStream *stream, const char *path)
{
    struct fw_text statement = {0};
    size_t n_columns = 0;
    fw_status status = count_columns(sql->host, stream, &n_columns);

    if (status != FW_OK) {
        stream->release(stream);
        return status;
    }
    status = sql->api->attach(sql->session, "rows", stream);
    if (status == FW_OK) {
        fw_text_append(&statement, "COPY \"rows\" ");
        fw_sql_append_to_parquet(&statement, path, n_columns);
        status = fw_sql_exec_text(sql, &statement);
        fw_text_finish(&statement);
    }
    return status;
}

fw_status table_write(const struct fw_host *host, const struct fw_output *output, uint32_t part,
                      struct ArrowArrayStream *stream, uint64_t *ret_rows)
{
    struct fw_sql_handle sql = {.host = host, .api = &sql_service_table};
    struct fw_text path = {0};
    fw_status status = choose_path(host, output, part, &path);

    if (status == FW_OK && path.failed) {
        status = fw_fault_nomem(host);
    }
    if (status == FW_OK) {
        status = sql_service_table.open(host, &sql.session);
    }
    if (status == FW_OK) {
        status = copy(&sql, stream, fw_text_get(&path));
    } else {
        stream->release(stream);
    }
    if (status == FW_OK && ret_rows != NULL) {
        *ret_rows = fw_sql_rows_changed(&sql);
    }
    fw_sql_handle_close(&sql);
    fw_text_finish(&path);
    return status;
}

/* SPDX-License-Identifier: MIT */
#include "query.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* Wide tables read well in groups of this many rows, and narrow ones lose nothing that matters. */
#define ROW_GROUP_ROWS 65536

static const char *text_value(const struct fw_task *task, const char *name)
{
    const struct fw_value *value = fw_task_value(task, name);
    return value != NULL && value->type != FW_PARAM_UNSET ? value->text : NULL;
}

static fw_status read_file(const struct fw_host *host, const char *path, struct fw_text *text)
{
    char bytes[4096];
    size_t n;
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return fw_faultf(host, FW_E_IO, path, NULL, "the query cannot be read: %s",
                         strerror(errno));
    }
    while ((n = fread(bytes, 1, sizeof bytes, file)) > 0) {
        fw_text_append_len(text, bytes, n);
    }
    bool broken = ferror(file) != 0;
    fclose(file);
    return broken ? fw_faultf(host, FW_E_IO, path, NULL, "the query cannot be read") : FW_OK;
}

fw_status sql_query_read(const struct fw_host *host, const struct fw_task *task,
                         struct fw_text *ret_query)
{
    const char *query = text_value(task, "query"), *path = text_value(task, "query_file");
    if ((query == NULL) == (path == NULL)) {
        return fw_faultf(host, FW_E_CONFIG, NULL, "give `query` or `query_file`",
                         query == NULL ? "there is no query" : "there are two queries");
    }
    if (query != NULL) {
        fw_text_append(ret_query, query);
    } else {
        fw_status status = read_file(host, path, ret_query);
        if (status != FW_OK) {
            return status;
        }
    }
    while (ret_query->size > 0 && (isspace((unsigned char)ret_query->data[ret_query->size - 1]) ||
                                   ret_query->data[ret_query->size - 1] == ';')) {
        ret_query->data[--ret_query->size] = '\0';
    }
    return ret_query->failed ? fw_fault_nomem(host) : FW_OK;
}

static bool ends_with(const char *name, const char *ending)
{
    size_t n = strlen(name), m = strlen(ending);
    return n >= m && strcmp(name + n - m, ending) == 0;
}

static void append_parquet(struct fw_text *statement)
{
    fw_text_appendf(statement, " (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE %d)",
                    ROW_GROUP_ROWS);
}

static void append_csv(struct fw_text *statement, const char *name)
{
    bool tabs = ends_with(name, ".tsv") || ends_with(name, ".tsv.gz");
    fw_text_appendf(statement, " (FORMAT csv, HEADER true, DELIMITER '%s', COMPRESSION %s)",
                    tabs ? "\t" : ",", ends_with(name, ".gz") ? "gzip" : "none");
}

static bool is_csv(const char *name)
{
    return ends_with(name, ".csv") || ends_with(name, ".csv.gz") || ends_with(name, ".tsv") ||
           ends_with(name, ".tsv.gz");
}

static fw_status make_folder(const struct fw_host *host, const char *path)
{
    if (mkdir(path, 0777) < 0 && errno != EEXIST) {
        return fw_faultf(host, FW_E_IO, path, NULL, "the output's folder cannot be made: %s",
                         strerror(errno));
    }
    return FW_OK;
}

fw_status sql_query_copy(const struct fw_host *host, const struct fw_output *output,
                         const struct fw_text *query, struct fw_text *ret_statement)
{
    struct fw_text path = {0};
    fw_status status = FW_OK;
    bool folder = strchr(output->name, '.') == NULL;

    fw_text_append(&path, output->path);
    if (folder) {
        status = make_folder(host, output->path);
        fw_text_append(&path, "/part-00000.parquet");
    }
    fw_text_append(ret_statement, "COPY (FROM fw_in_order(");
    fw_text_literal(ret_statement, fw_text_get(query));
    fw_text_append(ret_statement, ")) TO ");
    fw_text_literal(ret_statement, fw_text_get(&path));
    if (folder || ends_with(output->name, ".parquet")) {
        append_parquet(ret_statement);
    } else if (is_csv(output->name)) {
        append_csv(ret_statement, output->name);
    } else if (status == FW_OK) {
        status = fw_faultf(host, FW_E_CONFIG, output->name,
                           "name it .parquet, .csv, .tsv, .csv.gz or .tsv.gz, or without an ending "
                           "for a folder of Parquet parts",
                           "the output's name says no format that can be written");
    }
    if (status == FW_OK && (path.failed || ret_statement->failed)) {
        status = fw_fault_nomem(host);
    }
    fw_text_finish(&path);
    return status;
}

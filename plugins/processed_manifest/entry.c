/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "file/digest.h"
#include "file/file.h"
#include "file/paths.h"
#include "processed.h"
#include "report/json.h"
#include "source/source.h"

const char *processed_name(const char *root, const char *path)
{
    const char *name = fw_path_below(root, path);

    return name != NULL ? name : path;
}

char *processed_root(const struct fw_task *task, const char *manifest)
{
    char *folder = fw_path_folder(manifest), *path = NULL, *root = NULL;

    if (folder != NULL && asprintf(&path, "%s/%s", folder, fw_task_text(task, "base")) >= 0) {
        root = fw_path_normal(path);
        free(path);
    }
    free(folder);
    return root;
}

const cJSON *processed_newest(const cJSON *manifest, const char *path)
{
    const cJSON *newest = NULL, *entry;

    cJSON_ArrayForEach(entry, cJSON_GetObjectItemCaseSensitive(manifest, "entries"))
    {
        const cJSON *name = cJSON_GetObjectItemCaseSensitive(entry, "path");
        newest = strcmp(name->valuestring, path) == 0 ? entry : newest;
    }
    return newest;
}

static bool is_manifest(const cJSON *manifest)
{
    const cJSON *entries = cJSON_GetObjectItemCaseSensitive(manifest, "entries"), *entry;
    const cJSON *version = cJSON_GetObjectItemCaseSensitive(manifest, "schema_version");

    if (!cJSON_IsArray(entries) || !cJSON_IsNumber(version) || version->valueint != 1) {
        return false;
    }
    cJSON_ArrayForEach(entry, entries)
    {
        if (!cJSON_IsString(cJSON_GetObjectItemCaseSensitive(entry, "path")) ||
            !cJSON_IsString(cJSON_GetObjectItemCaseSensitive(entry, "md5"))) {
            return false;
        }
    }
    return true;
}

fw_status processed_read(const struct fw_host *host, const char *path, cJSON **ret_manifest)
{
    char *bytes = NULL;
    fw_status status = fw_file_read(host, path, &bytes, NULL);

    if (status != FW_OK) {
        return status;
    }
    cJSON *manifest = cJSON_Parse(bytes);
    free(bytes);
    if (!is_manifest(manifest)) {
        cJSON_Delete(manifest);
        return fw_faultf(host, FW_E_DATA, path,
                         "mend it from a copy, or move it away to begin a new one",
                         "this is no manifest of schema_version 1 with entries that have a path "
                         "and an md5");
    }
    *ret_manifest = manifest;
    return FW_OK;
}

/* When the file was written: it says that of itself, whenever it is registered. */
static fw_status add_time(const struct fw_host *host, const char *path, cJSON *entry)
{
    struct stat found;
    struct tm tm;
    char text[32];

    if (stat(path, &found) < 0) {
        return fw_faultf(host, FW_E_IO, path, NULL, "the file cannot be looked at: %s",
                         strerror(errno));
    }
    gmtime_r(&found.st_mtim.tv_sec, &tm);
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm);
    cJSON_AddStringToObject(entry, "generated_at", text);
    return FW_OK;
}

static fw_status add_sources(const struct fw_host *host, const struct processed_data *data,
                             cJSON *entry)
{
    cJSON *md5s = cJSON_AddArrayToObject(entry, "source_raw_md5s");
    cJSON *sources = cJSON_AddArrayToObject(entry, "sources");
    fw_status status = FW_OK;

    for (uint64_t i = 0; data->sources != NULL && i < data->sources->n_paths && status == FW_OK;
         i++) {
        const char *path = data->sources->paths[i];
        struct processed_digests digests;
        status = processed_digest(host, path, &digests);
        if (status == FW_OK) {
            cJSON *source = cJSON_CreateObject();
            cJSON_AddStringToObject(source, "path", processed_name(data->root, path));
            cJSON_AddStringToObject(source, "md5", digests.md5);
            cJSON_AddStringToObject(source, "sha256", digests.sha256);
            cJSON_AddItemToArray(sources, source);
            cJSON_AddItemToArray(md5s, cJSON_CreateString(digests.md5));
        }
    }
    return status;
}

static fw_status add_days(const struct fw_sql_handle *sql, const struct fw_source *source,
                          cJSON *entry)
{
    struct fw_text query = {0};
    struct fw_sql_grid grid = {0};

    fw_text_append(&query, "SELECT min(\"Date\")::DATE, max(\"Date\")::DATE FROM ");
    fw_source_scan(source, NULL, &query);
    fw_status status =
        query.failed ? fw_fault_nomem(sql->host) : fw_sql_grid(sql, &grid, fw_text_get(&query));
    if (status == FW_OK && fw_sql_cell(&grid, 0, 0) != NULL) {
        cJSON_AddStringToObject(entry, "first_date", fw_sql_cell(&grid, 0, 0));
        cJSON_AddStringToObject(entry, "last_date", fw_sql_cell(&grid, 0, 1));
    }
    fw_sql_grid_finish(&grid);
    fw_text_finish(&query);
    return status;
}

static fw_status add_columns(const struct fw_sql_handle *sql, const struct fw_source *source,
                             cJSON *entry)
{
    struct fw_text names = {0};
    char digest[FW_SHA256_HEX];

    for (size_t i = 0; i < source->n_columns; i++) {
        fw_text_appendf(&names, "%s\n", source->columns[i].name);
    }
    bool done = !names.failed && fw_sha256(fw_text_get(&names), names.size, digest);
    fw_text_finish(&names);
    if (!done) {
        return fw_fault_nomem(sql->host);
    }
    cJSON_AddItemToObject(entry, "cols", fw_json_int((int64_t)source->n_columns));
    cJSON_AddStringToObject(entry, "columns_sha256", digest);
    return FW_OK;
}

static fw_status add_shape(const struct fw_sql_handle *sql, const char *path, cJSON *entry)
{
    struct fw_source *source = NULL;
    int64_t n_rows = 0;
    fw_status status = fw_source_open(sql, &path, 1, NULL, &source);

    if (status == FW_OK) {
        status = fw_source_count(source, &n_rows);
    }
    if (status == FW_OK) {
        cJSON_AddItemToObject(entry, "rows", fw_json_int(n_rows));
        status = add_columns(sql, source, entry);
    }
    if (status == FW_OK && fw_source_column(source, "Date") != NULL) {
        status = add_days(sql, source, entry);
    }
    fw_source_close(source);
    return status;
}

fw_status processed_entry(const struct fw_sql_handle *sql, const struct processed_data *data,
                          cJSON **ret_entry)
{
    struct processed_digests digests;
    cJSON *entry = cJSON_CreateObject();
    fw_status status = processed_digest(sql->host, data->path, &digests);

    cJSON_AddStringToObject(entry, "dataset", data->dataset);
    cJSON_AddItemToObject(entry, "version", fw_json_int(data->version));
    cJSON_AddStringToObject(entry, "tier", data->tier);
    cJSON_AddStringToObject(entry, "path", processed_name(data->root, data->path));
    if (status == FW_OK) {
        cJSON_AddStringToObject(entry, "md5", digests.md5);
        cJSON_AddStringToObject(entry, "sha256", digests.sha256);
        status = add_time(sql->host, data->path, entry);
    }
    if (status == FW_OK) {
        status = add_shape(sql, data->path, entry);
    }
    if (status == FW_OK) {
        status = add_sources(sql->host, data, entry);
    }
    if (status != FW_OK) {
        cJSON_Delete(entry);
        return status;
    }
    *ret_entry = entry;
    return FW_OK;
}

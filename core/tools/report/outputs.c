/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "base/path.h"
#include "page.h"
#include "parquet.h"
#include "report.h"
#include "store/manifest.h"

/* What a stage left: files, rows, columns. */

/* As many parts' footers are added up where the stage did not say how many rows it wrote. */
enum { MAX_PARTS = 256 };

/* Of the data: what a folder named with _ holds, as _delta_log, is told of the data. */
static bool is_part(const char *root, const char *relative)
{
    const char *path = *relative ? relative : root;
    size_t len = strlen(path);
    bool hidden = *relative == '_' || *relative == '.' || strstr(relative, "/_");
    return !hidden && len > 8 && strcmp(path + len - 8, ".parquet") == 0;
}

struct dataset {
    struct parquet_schema first; /* of the first part */
    int64_t rows;                /* of all parts; -1: not counted */
    int n_parts;
};

/* 1 when there is no Parquet in it. */
static int look_into(const char *root, const cJSON *files, struct dataset *dataset,
                     struct fw_error *err)
{
    const cJSON *file;
    cJSON_ArrayForEach(file, files)
    {
        fw_auto(parquet) struct parquet_schema schema = {0};
        const char *relative = fw_json_text(file, "path");
        fw_auto(free) char *path = fw_text("%s%s%s", root, *relative ? "/" : "", relative);
        FW_TRY(path ? 0 : fw_error_oom(err));
        if (!is_part(root, relative)) {
            continue;
        }
        if (++dataset->n_parts > MAX_PARTS) {
            dataset->rows = -1;
            continue;
        }
        FW_TRY(parquet_read(path, &schema, err));
        dataset->rows += schema.rows;
        if (dataset->n_parts == 1) {
            dataset->first = schema;
            schema = (struct parquet_schema){0};
        }
    }
    return dataset->n_parts == 0;
}

static void show_columns(struct fw_str *page, const char *port, const struct dataset *dataset)
{
    const struct parquet_schema *schema = &dataset->first;
    fw_str_add(page, "<details class=\"schema\"><summary>");
    page_text(page, port);
    fw_str_printf(page, ": %zu column%s", schema->len, schema->len == 1 ? "" : "s");
    if (dataset->rows >= 0) {
        fw_str_printf(page, ", %" PRId64 " row%s", dataset->rows, dataset->rows == 1 ? "" : "s");
    }
    fw_str_printf(page,
                  " in %d part%s</summary>\n<table class=\"columns\">"
                  "<tr><th>column</th><th>type</th></tr>\n",
                  dataset->n_parts, dataset->n_parts == 1 ? "" : "s");
    for (size_t i = 0; i < schema->len; i++) {
        fw_str_add(page, "<tr>");
        page_element(page, "td", NULL, schema->items[i].name);
        page_element(page, "td", NULL, schema->items[i].type);
        fw_str_add(page, "</tr>\n");
    }
    fw_str_add(page, "</table></details>\n");
}

static void add_schema(struct fw_str *page, const char *root, const cJSON *output)
{
    struct dataset dataset = {0};
    struct fw_error err;
    int rc = look_into(root, cJSON_GetObjectItemCaseSensitive(output, "files"), &dataset, &err);
    if (rc == 0) {
        show_columns(page, fw_json_text(output, "port"), &dataset);
    } else if (rc < 0) { /* it may have been removed since, which verify judges */
        page_element(page, "p", "note", err.text);
    }
    parquet_finish(&dataset.first);
}

void report_outputs(struct fw_str *page, const char *run_dir, const char *stage,
                    const cJSON *outputs)
{
    const cJSON *output;
    if (cJSON_GetArraySize(outputs) == 0) {
        return;
    }
    page_element(page, "h3", NULL, "Outputs");
    fw_str_add(page, "<table><tr><th>port</th><th>path</th><th class=\"n\">rows</th>"
                     "<th class=\"n\">bytes</th><th>sha256</th></tr>\n");
    cJSON_ArrayForEach(output, outputs)
    {
        fw_auto(free) char *rows = page_value(cJSON_GetObjectItemCaseSensitive(output, "rows"));
        fw_str_add(page, "<tr>");
        page_element(page, "td", NULL, fw_json_text(output, "port"));
        page_element(page, "td", NULL, fw_json_text(output, "path"));
        page_element(page, "td", "n", rows ? rows : "");
        page_bytes(page, fw_json_number(output, "bytes"));
        page_element(page, "td", "digest", fw_json_text(output, "sha256"));
        fw_str_add(page, "</tr>\n");
    }
    fw_str_add(page, "</table>\n");
    cJSON_ArrayForEach(output, outputs)
    {
        fw_auto(free) char *root = fw_manifest_output_path(run_dir, stage, output);
        if (root) {
            add_schema(page, root, output);
        }
    }
}

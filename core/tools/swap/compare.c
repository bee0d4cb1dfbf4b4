/* SPDX-License-Identifier: MIT */
#include "compare.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "rows.h"
#include "store/manifest.h"

/* One port of both runs. */
struct sides {
    struct fw_lab *lab;
    double tolerance;
    const char *port;
    fw_kind kind;
    const cJSON *files[2];
    char *paths[2];
    cJSON *pairs;      /* of tables whose bytes differ (rows.h) */
    cJSON *difference; /* the first that was found */
};

static char *file_path(const struct sides *sides, int side, const char *relative)
{
    return *relative != '\0' ? fw_text("%s/%s", sides->paths[side], relative)
                             : strdup(sides->paths[side]);
}

static const cJSON *find_file(const cJSON *files, const char *path)
{
    const cJSON *file;
    cJSON_ArrayForEach(file, files)
    {
        if (strcmp(fw_json_text(file, "path"), path) == 0) {
            return file;
        }
    }
    return NULL;
}

static bool is_table(const struct sides *sides, const char *path)
{
    const char *name = strrchr(path, '/');
    name = name ? name + 1 : path;
    const size_t len = strlen(name);
    return sides->kind == FW_KIND_TABLE && ((len > 8 && strcmp(name + len - 8, ".parquet") == 0) ||
                                            strstr(name, ".csv") || strstr(name, ".tsv"));
}

static void differ(struct sides *sides, const char *file, const char *text)
{
    sides->difference = cJSON_CreateObject();
    cJSON_AddStringToObject(sides->difference, "file", file);
    cJSON_AddStringToObject(sides->difference, "text", text);
}

/* The first byte that differs: its offset, and its line as far as it is text. */
static int compare_bytes(struct sides *sides, const char *relative, struct fw_error *err)
{
    fw_auto(free) char *a = file_path(sides, 0, relative);
    fw_auto(free) char *b = file_path(sides, 1, relative);
    fw_auto(fclose) FILE *old = a ? fopen(a, "re") : NULL;
    fw_auto(fclose) FILE *other = b ? fopen(b, "re") : NULL;
    uint64_t offset = 0, line = 1;
    bool text = true;
    int x, y;
    if (!old || !other) {
        return fw_error_errno(err, FW_EXIT_FAILED, "cannot read %s of output \"%s\"", relative,
                              sides->port);
    }
    while ((x = getc(old)) == (y = getc(other)) && x != EOF) {
        offset++;
        line += x == '\n';
        text = text && x != '\0';
    }
    if (ferror(old) || ferror(other)) {
        return fw_error_errno(err, FW_EXIT_FAILED, "cannot read output \"%s\"", sides->port);
    }
    char said[96];
    snprintf(said, sizeof said, "the bytes differ from offset %llu on%s",
             (unsigned long long)offset, x == EOF || y == EOF ? ", where one of them ends" : "");
    differ(sides, relative, said);
    fw_json_add_u64(sides->difference, "offset", offset);
    return !text || fw_json_add_u64(sides->difference, "line", line) ? 0 : fw_error_oom(err);
}

static int add_pair(struct sides *sides, const char *label, char *old, char *other,
                    struct fw_error *err)
{
    cJSON *pair = fw_json_append(sides->pairs);
    const bool added = old && other && cJSON_AddStringToObject(pair, "file", label) &&
                       fw_json_add(pair, "old", cJSON_CreateStringArray(&(const char *){old}, 1)) &&
                       fw_json_add(pair, "new", cJSON_CreateStringArray(&(const char *){other}, 1));
    free(old);
    free(other);
    return added ? 0 : fw_error_oom(err);
}

/* All rows of a folder: the parts are cut in another way. */
static int add_folders(struct sides *sides, struct fw_error *err)
{
    static const char *const names[] = {"old", "new"};
    const cJSON *file;
    cJSON *pair = fw_json_append(sides->pairs);
    for (int side = 0; side < 2; side++) {
        cJSON *list = cJSON_AddArrayToObject(pair, names[side]);
        cJSON_ArrayForEach(file, sides->files[side])
        {
            fw_auto(free) char *path = file_path(sides, side, fw_json_text(file, "path"));
            if (!path || !cJSON_AddItemToArray(list, cJSON_CreateString(path))) {
                return fw_error_oom(err);
            }
        }
    }
    return cJSON_AddStringToObject(pair, "file", "") ? 0 : fw_error_oom(err);
}

/* A file that is only in one of them; *ret_tables: and all others are of one table. */
static const cJSON *find_alone(const struct sides *sides, int *ret_side, bool *ret_tables)
{
    const cJSON *file, *alone = NULL;
    *ret_tables = true;
    for (int side = 0; side < 2; side++) {
        cJSON_ArrayForEach(file, sides->files[side])
        {
            const char *path = fw_json_text(file, "path");
            *ret_tables = *ret_tables && is_table(sides, path);
            if (!alone && !find_file(sides->files[1 - side], path)) {
                alone = file;
                *ret_side = side;
            }
        }
    }
    return alone;
}

static int compare_files(struct sides *sides, struct fw_error *err)
{
    const cJSON *file;
    cJSON_ArrayForEach(file, sides->files[0])
    {
        const char *path = fw_json_text(file, "path");
        const cJSON *other = find_file(sides->files[1], path);
        if (strcmp(fw_json_text(file, "sha256"), fw_json_text(other, "sha256")) == 0) {
            continue;
        }
        if (!is_table(sides, *path != '\0' ? path : sides->paths[0])) {
            return compare_bytes(sides, path, err);
        }
        FW_TRY(add_pair(sides, path, file_path(sides, 0, path), file_path(sides, 1, path), err));
    }
    return 0;
}

/* No value differs, or there is nobody to read them. */
static int settle(struct sides *sides, const char *note, struct fw_error *err)
{
    const char *file = fw_json_text(sides->pairs->child, "file");
    if (*file == '\0' &&
        cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(sides->pairs->child, "old")) != 1) {
        differ(sides, "", "the rows are the same, cut into other files");
        return 0;
    }
    FW_TRY(compare_bytes(sides, file, err));
    return cJSON_AddStringToObject(sides->difference, "note", note) ? 0 : fw_error_oom(err);
}

static int compare_rows(struct sides *sides, struct fw_error *err)
{
    struct fw_error why;
    const int rc =
        fw_rows_compare(sides->lab, sides->pairs, sides->tolerance, &sides->difference, &why);
    if (rc < 0) {
        return settle(sides, why.text, err);
    }
    return sides->difference || sides->tolerance > 0 ? 0 : settle(sides, "no value differs", err);
}

static int compare_port(struct sides *sides, struct fw_error *err)
{
    int side = 0;
    bool tables = false;
    const cJSON *alone = find_alone(sides, &side, &tables);
    if (alone && !tables) {
        char text[64];
        snprintf(text, sizeof text, "the file is only in the %s output", side ? "second" : "first");
        differ(sides, fw_json_text(alone, "path"), text);
        return 0;
    }
    FW_TRY(alone ? add_folders(sides, err) : compare_files(sides, err));
    return !sides->difference && sides->pairs->child ? compare_rows(sides, err) : 0;
}

static int open_sides(struct sides *sides, const struct fw_solo *const solos[2],
                      const struct fw_plan_output *output, struct fw_error *err)
{
    for (int i = 0; i < 2; i++) {
        const char *run_dir = solos[i]->dir.path, *stage = solos[i]->stage->spec->name;
        const cJSON *made = fw_manifest_output(solos[i]->stage->manifest, output->port);
        sides->files[i] = cJSON_GetObjectItemCaseSensitive(made, "files");
        sides->paths[i] = made ? fw_manifest_output_path(run_dir, stage, made) : strdup("");
        FW_TRY(sides->paths[i] ? 0 : fw_error_oom(err));
    }
    return (sides->pairs = cJSON_CreateArray()) ? 0 : fw_error_oom(err);
}

static void close_sides(struct sides *sides)
{
    cJSON_Delete(sides->pairs);
    free(sides->paths[0]);
    free(sides->paths[1]);
}

int fw_outputs_compare(struct fw_lab *lab, const struct fw_solo *old, const struct fw_solo *other,
                       double tolerance, cJSON **ret_difference, struct fw_error *err)
{
    const struct fw_solo *const solos[] = {old, other};
    *ret_difference = NULL;
    for (size_t i = 0; i < old->stage->outputs.len; i++) {
        const struct fw_plan_output *output = &old->stage->outputs.items[i];
        struct sides sides = {
            .lab = lab, .tolerance = tolerance, .port = output->port, .kind = output->kind};
        int rc = open_sides(&sides, solos, output, err);
        if (rc == 0 && !sides.files[0] != !sides.files[1]) {
            differ(&sides, "", sides.files[0] ? "only the first wrote it" : "only the second did");
        } else if (rc == 0 && sides.files[0]) {
            rc = compare_port(&sides, err);
        }
        close_sides(&sides);
        if (rc < 0 || sides.difference) {
            cJSON_AddStringToObject(sides.difference, "port", output->port);
            *ret_difference = sides.difference;
            return rc;
        }
    }
    return 0;
}

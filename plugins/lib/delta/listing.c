/* SPDX-License-Identifier: MIT */
#include "delta/listing.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define VERSION_DIGITS 20
#define PART_DIGITS    10
#define UUID_CHARS     36

void fw_delta_listing_finish(struct fw_delta_listing *listing)
{
    for (size_t i = 0; i < listing->n_parts; i++) {
        free(listing->parts[i].name);
    }
    free(listing->commits);
    free(listing->parts);
}

/* Reads exactly `n_digits` digits that end at `end`; -1 when there is anything else. */
static int64_t digits(const char *text, int n_digits, char end)
{
    int64_t value = 0;
    for (int i = 0; i < n_digits; i++) {
        if (text[i] < '0' || text[i] > '9' || value > (INT64_MAX - 9) / 10) {
            return -1;
        }
        value = value * 10 + (text[i] - '0');
    }
    return text[n_digits] == end ? value : -1;
}

static void *grown(void *items, size_t n, size_t *room, size_t size)
{
    if (n < *room) {
        return items;
    }
    size_t wanted = *room > 0 ? *room * 2 : 64;
    void *more = reallocarray(items, wanted, size);
    if (more != NULL) {
        *room = wanted;
    }
    return more;
}

static bool add_commit(struct fw_delta_listing *listing, int64_t version)
{
    int64_t *items =
        grown(listing->commits, listing->n_commits, &listing->commits_room, sizeof *items);
    if (items == NULL) {
        return false;
    }
    listing->commits = items;
    items[listing->n_commits++] = version;
    return true;
}

static bool add_part(struct fw_delta_listing *listing, struct fw_delta_part part, const char *name)
{
    struct fw_delta_part *items =
        grown(listing->parts, listing->n_parts, &listing->parts_room, sizeof *items);
    if (items == NULL) {
        return false;
    }
    listing->parts = items;
    part.name = strdup(name);
    items[listing->n_parts++] = part;
    return part.name != NULL;
}

/* "<uuid>.json" or "<uuid>.parquet", the manifest of a v2 checkpoint. */
static bool is_manifest(const char *text)
{
    for (size_t i = 0; i < UUID_CHARS; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash ? text[i] != '-' : !isxdigit((unsigned char)text[i])) {
            return false;
        }
    }
    return strcmp(text + UUID_CHARS, ".json") == 0 || strcmp(text + UUID_CHARS, ".parquet") == 0;
}

/* "parquet", "<uuid>.parquet" or "<part>.<parts>.parquet", all after "<version>.checkpoint.". */
static bool add_checkpoint(struct fw_delta_listing *listing, int64_t version, const char *name)
{
    const char *rest = name + VERSION_DIGITS + 1 + strlen("checkpoint.");
    if (strcmp(rest, "parquet") == 0 || is_manifest(rest)) {
        return add_part(listing, (struct fw_delta_part){version, 1, 1, NULL}, name);
    }
    bool numbered = strlen(rest) == 2 * PART_DIGITS + 9 && strcmp(rest + 22, "parquet") == 0;
    int64_t part = numbered ? digits(rest, PART_DIGITS, '.') : -1;
    int64_t n_parts = numbered ? digits(rest + PART_DIGITS + 1, PART_DIGITS, '.') : -1;
    if (part < 1 || part > n_parts || n_parts > UINT32_MAX) {
        return true;
    }
    const struct fw_delta_part item = {version, (uint32_t)part, (uint32_t)n_parts, NULL};
    return add_part(listing, item, name);
}

/* Sorts `name` in; names that are no part of the log (.crc, temporary files) are passed over. */
static bool add_name(struct fw_delta_listing *listing, const char *name)
{
    int64_t version = strlen(name) > VERSION_DIGITS ? digits(name, VERSION_DIGITS, '.') : -1;
    const char *rest = name + VERSION_DIGITS + 1;
    if (version < 0) {
        return true;
    }
    if (strcmp(rest, "json") == 0) {
        return add_commit(listing, version);
    }
    return strncmp(rest, "checkpoint.", 11) != 0 || add_checkpoint(listing, version, name);
}

static int compare_versions(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

static int compare_parts(const void *a, const void *b)
{
    const struct fw_delta_part *left = a, *right = b;
    if (left->version != right->version) {
        return left->version < right->version ? -1 : 1;
    }
    if (left->n_parts != right->n_parts) {
        return left->n_parts < right->n_parts ? -1 : 1;
    }
    return left->part != right->part ? (left->part > right->part) - (left->part < right->part)
                                     : strcmp(left->name, right->name);
}

fw_status fw_delta_listing_read(const struct fw_sql_handle *sql, const char *folder,
                                struct fw_delta_listing *listing)
{
    DIR *dir = opendir(folder);
    if (dir == NULL) {
        return fw_faultf(sql->host, FW_E_IO, folder, NULL, "the Delta log cannot be opened: %s",
                         strerror(errno));
    }
    fw_status status = FW_OK;
    const struct dirent *entry;
    while (status == FW_OK && (errno = 0, entry = readdir(dir)) != NULL) {
        if (!add_name(listing, entry->d_name)) {
            status = fw_fault_nomem(sql->host);
        }
    }
    if (status == FW_OK && errno != 0) {
        status = fw_faultf(sql->host, FW_E_IO, folder, NULL, "the Delta log cannot be listed: %s",
                           strerror(errno));
    }
    closedir(dir);
    if (listing->n_commits > 0) {
        qsort(listing->commits, listing->n_commits, sizeof *listing->commits, compare_versions);
    }
    if (listing->n_parts > 0) {
        qsort(listing->parts, listing->n_parts, sizeof *listing->parts, compare_parts);
    }
    return status;
}

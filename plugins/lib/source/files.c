/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "source/internal.h"

#define MAGIC      "PAR1"
#define MAGIC_SIZE 4
#define FOOTER     8 /* its length and the magic, at the very end */

static fw_status io_fault(const struct fw_source *source, const char *path, const char *what)
{
    fw_status status = errno == ENOENT ? FW_E_MISSING : FW_E_IO;
    return fw_faultf(source->more->sql->host, status, path, NULL, "%s: %s", what, strerror(errno));
}

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), size = strlen(end);
    return n >= size && strcasecmp(text + n - size, end) == 0;
}

bool fw_source_is_csv(const char *path, bool *ret_tabs)
{
    static const struct {
        const char *plain, *packed;
        bool tabs;
    } forms[] = {{".csv", ".csv.gz", false}, {".tsv", ".tsv.gz", true}, {".txt", ".txt.gz", false}};
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        if (ends_with(path, forms[i].plain) || ends_with(path, forms[i].packed)) {
            *ret_tabs = forms[i].tabs;
            return true;
        }
    }
    return false;
}

/* The engine's statements are UTF-8, and it says of another text no more than that. */
static bool is_utf8(const char *text)
{
    for (const unsigned char *at = (const unsigned char *)text; *at != '\0';) {
        int more = *at < 0x80       ? 0
                   : *at >> 5 == 6  ? 1
                   : *at >> 4 == 14 ? 2
                   : *at >> 3 == 30 ? 3
                                    : -1;
        for (at++; more > 0 && *at >> 6 == 2; more--) {
            at++;
        }
        if (more != 0) {
            return false;
        }
    }
    return true;
}

fw_status fw_source_check_names(const struct fw_source *source)
{
    for (size_t i = 0; i < source->n_files; i++) {
        if (!is_utf8(source->files[i].path)) {
            return fw_faultf(source->more->sql->host, FW_E_UNSUPPORTED, source->files[i].path,
                             "rename the file or the folder", "the file's name is not UTF-8");
        }
    }
    return FW_OK;
}

static fw_status add_file(struct fw_source *source, const char *path, uint64_t size_bytes)
{
    struct fw_source_file *files = reallocarray(source->files, source->n_files + 1, sizeof *files);
    if (files == NULL) {
        return fw_fault_nomem(source->more->sql->host);
    }
    source->files = files;
    struct fw_source_file *file = &files[source->n_files];
    *file = (struct fw_source_file){.path = strdup(path), .size_bytes = size_bytes, .n_rows = -1};
    if (file->path == NULL) {
        return fw_fault_nomem(source->more->sql->host);
    }
    source->n_files++;
    return FW_OK;
}

static fw_status add_entry(struct fw_source *source, FTS *tree, FTSENT *entry)
{
    const char *name = entry->fts_name;
    switch (entry->fts_info) {
    case FTS_D:
        /* Spark and others keep what is no data under such names; so do we. */
        if (entry->fts_level > 0 && (name[0] == '_' || name[0] == '.')) {
            fts_set(tree, entry, FTS_SKIP);
        }
        return FW_OK;
    case FTS_F:
        return name[0] != '_' && name[0] != '.' && ends_with(name, ".parquet")
                   ? add_file(source, entry->fts_path, (uint64_t)entry->fts_statp->st_size)
                   : FW_OK;
    case FTS_DP:
    case FTS_DEFAULT:
        return FW_OK;
    case FTS_DC:
        errno = ELOOP;
        return io_fault(source, entry->fts_path, "a link leads back to a folder above it");
    default:
        errno = entry->fts_errno != 0 ? entry->fts_errno : ENOENT;
        return io_fault(source, entry->fts_path, "the folder cannot be listed");
    }
}

static fw_status add_folder(struct fw_source *source, const char *path)
{
    char *root = strdup(path);
    char *const roots[] = {root, NULL};
    FTS *tree = root != NULL ? fts_open(roots, FTS_LOGICAL | FTS_NOCHDIR, NULL) : NULL;
    fw_status status = tree != NULL ? FW_OK : fw_fault_nomem(source->more->sql->host);
    size_t before = source->n_files;
    FTSENT *entry;
    while (status == FW_OK && (errno = 0, entry = fts_read(tree)) != NULL) {
        status = add_entry(source, tree, entry);
    }
    if (status == FW_OK && errno != 0) {
        status = io_fault(source, path, "the folder cannot be listed");
    }
    if (status == FW_OK && source->n_files == before) {
        status = fw_faultf(source->more->sql->host, FW_E_MISSING, path, NULL,
                           "the folder is no Delta table and holds no *.parquet files");
    }
    if (tree != NULL) {
        fts_close(tree);
    }
    free(root);
    return status;
}

static fw_status add_path(struct fw_source *source, const char *given)
{
    struct stat facts;
    char *path = realpath(given, NULL);
    if (path == NULL || stat(path, &facts) != 0) {
        free(path);
        return io_fault(source, given, "the input cannot be reached");
    }
    bool tabs = false;
    fw_status status =
        S_ISDIR(facts.st_mode) ? add_folder(source, path)
        : fw_source_is_csv(path, &tabs) || fw_source_is_parquet(path)
            ? add_file(source, path, (uint64_t)facts.st_size)
            : fw_faultf(source->more->sql->host, FW_E_UNSUPPORTED, given, NULL,
                        "the file is not Parquet, and its name does not end in .csv, .tsv or "
                        ".txt (or .gz of these)");
    free(path);
    return status;
}

static int compare_paths(const void *a, const void *b)
{
    const struct fw_source_file *left = a, *right = b;
    return strcmp(left->path, right->path);
}

/* Length of the folder, with its slash, that all paths share; they are sorted. */
static size_t shared_folder(const struct fw_source *source)
{
    const char *first = source->files[0].path, *last = source->files[source->n_files - 1].path;
    size_t folder = 0;
    for (size_t i = 0; first[i] != '\0' && first[i] == last[i]; i++) {
        if (first[i] == '/') {
            folder = i + 1;
        }
    }
    return folder;
}

/* Sorted by absolute path is sorted by name: all begin with the same folder. */
static fw_status name_files(struct fw_source *source)
{
    const struct fw_host *host = source->more->sql->host;
    qsort(source->files, source->n_files, sizeof *source->files, compare_paths);
    const size_t shared = source->n_files > 1 ? shared_folder(source) : 0;
    for (size_t i = 0; i < source->n_files; i++) {
        const char *path = source->files[i].path;
        if (i > 0 && strcmp(path, source->files[i - 1].path) == 0) {
            return fw_faultf(host, FW_E_CONFIG, path, NULL, "the file is given twice");
        }
        bool tabs = false;
        if (fw_source_is_csv(path, &tabs) != fw_source_is_csv(source->files[0].path, &tabs)) {
            return fw_faultf(host, FW_E_CONFIG, path, "read one of them in a stage of its own",
                             "Parquet and CSV files cannot be read as one table");
        }
        source->files[i].name = strdup(shared > 0 ? path + shared : strrchr(path, '/') + 1);
        if (source->files[i].name == NULL) {
            return fw_fault_nomem(host);
        }
    }
    return FW_OK;
}

fw_status fw_source_list_files(struct fw_source *source, const char *const *paths, size_t n_paths)
{
    for (size_t i = 0; i < n_paths; i++) {
        fw_status status = add_path(source, paths[i]);
        if (status != FW_OK) {
            return status;
        }
    }
    fw_status status = name_files(source);
    return status == FW_OK ? fw_source_check_names(source) : status;
}

static bool has_magic(int fd, off_t at)
{
    char magic[MAGIC_SIZE];
    return pread(fd, magic, MAGIC_SIZE, at) == MAGIC_SIZE && memcmp(magic, MAGIC, MAGIC_SIZE) == 0;
}

bool fw_source_is_parquet(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool is = fd >= 0 && has_magic(fd, 0);
    if (fd >= 0) {
        close(fd);
    }
    return is;
}

static fw_status check_file(const struct fw_source *source, const char *path)
{
    struct stat facts;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &facts) != 0) {
        fw_status status = io_fault(source, path, "the data file cannot be opened");
        if (fd >= 0) {
            close(fd);
        }
        return status;
    }
    bool good = S_ISREG(facts.st_mode) && facts.st_size >= MAGIC_SIZE + FOOTER &&
                has_magic(fd, 0) && has_magic(fd, facts.st_size - MAGIC_SIZE);
    close(fd);
    return good ? FW_OK
                : fw_faultf(source->more->sql->host, FW_E_DATA, path,
                            "restore the file, or have its writer write it again",
                            "the file is not Parquet or was cut short: it does not begin and end "
                            "with " MAGIC);
}

fw_status fw_source_check_parquet(const struct fw_source *source)
{
    fw_status status = FW_OK;
    for (size_t i = 0; i < source->n_files && status == FW_OK; i++) {
        status = check_file(source, source->files[i].path);
    }
    return status;
}

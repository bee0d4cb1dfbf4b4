/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "dataset/internal.h"
#include "sql/fault.h"

enum { SIDE = 32, CHANNELS = 3, PIXELS = CHANNELS * SIDE * SIDE, RECORD = 1 + PIXELS };
enum { CLASSES = 10, PUBLISHED_RECORDS = 10000, MAX_FILES = 6 };

static const char *const class_names[CLASSES] = {
    "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"};
static const char *const published[MAX_FILES] = {"data_batch_1.bin", "data_batch_2.bin",
                                                 "data_batch_3.bin", "data_batch_4.bin",
                                                 "data_batch_5.bin", "test_batch.bin"};
static const double means[CHANNELS] = {0.4914, 0.4822, 0.4465};
static const double deviations[CHANNELS] = {0.2470, 0.2435, 0.2616};

/* The files in their order, the test part last. */
struct files {
    const struct fw_host *host;
    char *paths[MAX_FILES];
    uint64_t records[MAX_FILES];
    size_t n, n_train;
    bool whole; /* as they are published */
};

static void finish(struct files *files)
{
    for (size_t i = 0; i < files->n; i++) {
        free(files->paths[i]);
    }
}

static fw_status add(struct files *files, const char *folder, const char *name)
{
    char *path = NULL;

    if (asprintf(&path, "%s%s%s", folder != NULL ? folder : "", folder != NULL ? "/" : "", name) <
        0) {
        return fw_fault_nomem(files->host);
    }
    files->paths[files->n++] = path;
    return FW_OK;
}

static bool ends_in_bin(const char *name)
{
    const size_t length = strlen(name);

    return length > 4 && strcmp(name + length - 4, ".bin") == 0;
}

static bool is_published(const char *name)
{
    for (size_t i = 0; i < MAX_FILES; i++) {
        if (strcmp(name, published[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* What a folder holds: how many of the published files, and others, the last of which is kept. */
struct listing {
    size_t n_published, n_other;
    char other[256];
};

static fw_status look_into(const struct files *files, const char *folder, struct listing *listing)
{
    DIR *open = opendir(folder);

    if (open == NULL) {
        return fw_faultf(files->host, errno == ENOMEM ? FW_E_NOMEM : FW_E_IO, folder, NULL,
                         "cannot be listed: %s", strerror(errno));
    }
    for (const struct dirent *entry; (entry = readdir(open)) != NULL;) {
        if (is_published(entry->d_name)) {
            listing->n_published++;
        } else if (ends_in_bin(entry->d_name)) {
            listing->n_other++;
            snprintf(listing->other, sizeof listing->other, "%s", entry->d_name);
        }
    }
    closedir(open);
    return FW_OK;
}

static fw_status add_folder(struct files *files, const char *folder)
{
    struct listing listing = {0};
    fw_status status = look_into(files, folder, &listing);

    if (status != FW_OK) {
        return status;
    }
    if (listing.n_published == 0 && listing.n_other == 1) {
        files->n_train = 1;
        return add(files, folder, listing.other);
    }
    if (listing.n_published == 0) {
        return fw_faultf(
            files->host, FW_E_MISSING, folder, "scripts/get-data cifar10 lays them",
            "expected data_batch_1.bin ... data_batch_5.bin and test_batch.bin, or one "
            "other .bin, found %zu of them",
            listing.n_other);
    }
    files->whole = true;
    files->n_train = MAX_FILES - 1;
    for (size_t i = 0; i < MAX_FILES && status == FW_OK; i++) {
        status = add(files, folder, published[i]);
    }
    return status;
}

/* How many records each file has, by its size. */
static fw_status measure(struct files *files, uint64_t *ret_records)
{
    *ret_records = 0;
    for (size_t i = 0; i < files->n; i++) {
        const char *path = files->paths[i];
        struct stat info;
        if (stat(path, &info) != 0) {
            return fw_faultf(files->host, errno == ENOENT ? FW_E_MISSING : FW_E_IO, path,
                             "scripts/get-data cifar10 lays it", "cannot be read: %s",
                             strerror(errno));
        }
        const uint64_t size = S_ISREG(info.st_mode) ? (uint64_t)info.st_size : 0;
        if (size == 0 || size % RECORD != 0) {
            return fw_faultf(
                files->host, FW_E_DATA, path, "fetch it again",
                "%llu bytes are no whole number of records of %d: a label and 3 x 32 x "
                "32 pixels each",
                (unsigned long long)size, RECORD);
        }
        files->records[i] = size / RECORD;
        if (files->whole && files->records[i] != PUBLISHED_RECORDS) {
            return fw_faultf(files->host, FW_E_DATA, path, "fetch it again",
                             "holds %llu records, expected %d as published",
                             (unsigned long long)files->records[i], PUBLISHED_RECORDS);
        }
        *ret_records += files->records[i];
    }
    return FW_OK;
}

static fw_status read_record(FILE *file, const char *path, uint64_t record, uint64_t sample,
                             struct fw_dataset *set)
{
    const int label = getc(file);

    if (label == EOF || fread(set->bytes + sample * PIXELS, 1, PIXELS, file) != PIXELS) {
        return fw_faultf(set->host, FW_E_IO, path, NULL, "ends within record %llu, or fails: %s",
                         (unsigned long long)record, strerror(errno));
    }
    if (label >= CLASSES) {
        return fw_faultf(set->host, FW_E_DATA, path, "give CIFAR-10 in its binary form",
                         "label %d in record %llu, expected 0 to 9", label,
                         (unsigned long long)record);
    }
    set->labels[sample] = label;
    return FW_OK;
}

static fw_status read_file(const struct files *files, size_t at, uint64_t sample,
                           struct fw_dataset *set)
{
    const char *path = files->paths[at];
    FILE *file = fopen(path, "rbe");
    fw_status status = FW_OK;

    if (file == NULL) {
        return fw_faultf(set->host, FW_E_IO, path, NULL, "cannot be opened: %s", strerror(errno));
    }
    errno = 0;
    for (uint64_t i = 0; i < files->records[at] && status == FW_OK; i++) {
        status = read_record(file, path, i, sample + i, set);
    }
    fclose(file); /* nothing was written */
    return status;
}

static void set_scales(struct fw_dataset *set)
{
    for (size_t i = 0; i < CHANNELS; i++) {
        set->scales[i] = means[i];
        set->scales[CHANNELS + i] = deviations[i];
    }
}

static fw_status load(const struct files *files, const struct fw_dataset_options *options,
                      uint64_t n_records, struct fw_dataset **ret_set)
{
    const struct fw_dataset_plan plan = {.kind = "cifar10",
                                         .path = files->paths[0],
                                         .channels = CHANNELS,
                                         .rows = SIDE,
                                         .cols = SIDE,
                                         .n_samples = n_records,
                                         .measured = options->scaling == FW_DATASET_MEASURED};
    struct fw_dataset *set = NULL;
    uint64_t sample = 0;
    fw_status status = fw_dataset_create(options, &plan, &set);

    for (size_t i = 0; i < files->n && status == FW_OK; i++) {
        if (i == files->n_train) {
            fw_dataset_give(set, sample, FW_DATASET_TEST);
        }
        status = read_file(files, i, sample, set);
        sample += files->records[i];
    }
    if (status != FW_OK) {
        fw_dataset_close(set);
        return status;
    }
    set->info.n_classes = CLASSES;
    set->info.class_names = class_names;
    if (options->scaling == FW_DATASET_USUAL) {
        set_scales(set);
    }
    status = fw_dataset_ready(options, files->paths[0], &set);
    if (status == FW_OK) {
        *ret_set = set;
    }
    return status;
}

static fw_status find(struct files *files, const char *train, const char *test)
{
    struct stat info;
    const bool folder = stat(train, &info) == 0 && S_ISDIR(info.st_mode);

    files->n_train = 1;
    fw_status status = folder ? add_folder(files, train) : add(files, NULL, train);
    if (status == FW_OK && test != NULL && files->whole) {
        return fw_faultf(files->host, FW_E_CONFIG, test, "leave the test file out",
                         "%s has a test part of its own", train);
    }
    return status == FW_OK && test != NULL ? add(files, NULL, test) : status;
}

fw_status fw_dataset_open_cifar10(const struct fw_dataset_options *options, const char *train,
                                  const char *test, struct fw_dataset **ret_set)
{
    struct files files = {.host = options->host};
    uint64_t n_records = 0;
    fw_status status = find(&files, train, test);

    if (status == FW_OK) {
        status = measure(&files, &n_records);
    }
    if (status == FW_OK) {
        status = load(&files, options, n_records, ret_set);
    }
    finish(&files);
    return status;
}

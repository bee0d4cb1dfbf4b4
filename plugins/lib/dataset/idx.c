/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "dataset/internal.h"
#include "sql/fault.h"

enum { MAGIC_LABELS = 0x801, MAGIC_IMAGES = 0x803, MAX_DIMS = 3 };
/* Deflate makes no byte of less than 1/1032 of one. */
enum { DEFLATE_MAX = 1032, READ_MAX = 1 << 30 };

struct idx {
    const struct fw_host *host;
    const char *path;
    gzFile file;
    uint64_t size_bytes; /* of the file as it lies */
    uint64_t shape[MAX_DIMS];
};

static fw_status refuse_end(const struct idx *idx, uint64_t wanted, uint64_t got)
{
    int code = Z_OK;
    const char *text = gzerror(idx->file, &code);

    return fw_faultf(idx->host, code == Z_ERRNO ? FW_E_IO : FW_E_DATA, idx->path, "fetch it again",
                     "ends after %llu of %llu bytes%s%s", (unsigned long long)got,
                     (unsigned long long)wanted, code == Z_OK ? "" : ": ",
                     code == Z_OK ? "" : text);
}

static fw_status read_bytes(const struct idx *idx, void *to, uint64_t n)
{
    uint64_t got = 0;

    while (got < n) {
        const uint64_t left = n - got;
        const int read =
            gzread(idx->file, (char *)to + got, (unsigned)(left < READ_MAX ? left : READ_MAX));
        if (read <= 0) {
            return refuse_end(idx, n, got);
        }
        got += (uint64_t)read;
    }
    return FW_OK;
}

/* Behind the last value nothing follows; a compressed file's checksum is looked at here. */
static fw_status check_end(const struct idx *idx)
{
    char more;
    int code = Z_OK;
    const int read = gzread(idx->file, &more, 1);
    const char *text = gzerror(idx->file, &code);

    if (read == 0 && code == Z_OK) {
        return FW_OK;
    }
    return fw_faultf(idx->host, FW_E_DATA, idx->path, "fetch it again",
                     "does not end behind its last value: %s",
                     read > 0 ? "more bytes follow" : text);
}

static uint32_t big_endian(const unsigned char *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

/* That many bytes cannot be in the file: refused before memory is asked for. */
static fw_status check_size(const struct idx *idx, unsigned n_dims)
{
    const uint64_t room = gzdirect(idx->file) ? idx->size_bytes : idx->size_bytes * DEFLATE_MAX;
    uint64_t n = 1;
    bool fits = true;

    for (unsigned i = 0; i < n_dims; i++) {
        fits = fits && !__builtin_mul_overflow(n, idx->shape[i], &n);
    }
    if (fits && n > 0 && n <= room) {
        return FW_OK;
    }
    return fw_faultf(idx->host, FW_E_DATA, idx->path, "fetch it again",
                     "the header says %llu x %llu x %llu values, which %s",
                     (unsigned long long)idx->shape[0], (unsigned long long)idx->shape[1],
                     (unsigned long long)idx->shape[2],
                     fits && n == 0 ? "are none" : "the file is too short for");
}

static fw_status read_header(struct idx *idx, uint32_t magic, unsigned n_dims)
{
    unsigned char header[4 + 4 * MAX_DIMS];
    fw_status status = read_bytes(idx, header, 4);

    if (status == FW_OK && big_endian(header) != magic) {
        return fw_faultf(idx->host, FW_E_DATA, idx->path, NULL,
                         "begins with 0x%08x, expected 0x%08x: an IDX file of %s",
                         big_endian(header), magic,
                         magic == MAGIC_IMAGES ? "bytes [n][rows][columns]" : "labels, bytes [n]");
    }
    if (status == FW_OK) {
        status = read_bytes(idx, header + 4, 4 * (uint64_t)n_dims);
    }
    for (unsigned i = 0; i < MAX_DIMS && status == FW_OK; i++) {
        idx->shape[i] = i < n_dims ? big_endian(header + 4 + (size_t)4 * i) : 1;
    }
    return status == FW_OK ? check_size(idx, n_dims) : status;
}

static fw_status open_idx(struct idx *idx, const struct fw_host *host, const char *path,
                          uint32_t magic)
{
    struct stat info;

    *idx = (struct idx){.host = host, .path = path};
    if (stat(path, &info) != 0) {
        return fw_faultf(host, errno == ENOENT ? FW_E_MISSING : FW_E_IO, path, NULL,
                         "cannot be read: %s", strerror(errno));
    }
    if (!S_ISREG(info.st_mode)) {
        return fw_faultf(host, FW_E_DATA, path, NULL, "is no file");
    }
    idx->size_bytes = (uint64_t)info.st_size;
    idx->file = gzopen(path, "rbe");
    if (idx->file == NULL) {
        return fw_faultf(host, errno == 0 ? FW_E_NOMEM : FW_E_IO, path, NULL,
                         "cannot be opened: %s", strerror(errno));
    }
    return read_header(idx, magic, magic == MAGIC_IMAGES ? 3 : 1);
}

static void close_idx(struct idx *idx)
{
    if (idx->file != NULL) {
        gzclose(idx->file); /* nothing was written */
    }
}

/* A part: images and their labels. */
struct pair {
    struct idx images, labels;
};

static fw_status open_pair(struct pair *pair, const struct fw_host *host, const char *images,
                           const char *labels)
{
    fw_status status = open_idx(&pair->images, host, images, MAGIC_IMAGES);

    if (status == FW_OK) {
        status = open_idx(&pair->labels, host, labels, MAGIC_LABELS);
    }
    if (status == FW_OK && pair->images.shape[0] != pair->labels.shape[0]) {
        status = fw_faultf(host, FW_E_DATA, images, NULL, "%llu images beside %llu labels in %s",
                           (unsigned long long)pair->images.shape[0],
                           (unsigned long long)pair->labels.shape[0], labels);
    }
    return status;
}

static fw_status read_pair(const struct pair *pair, uint64_t first, struct fw_dataset *set)
{
    const uint64_t n = pair->images.shape[0];
    uint8_t *labels = malloc(n);
    fw_status status =
        labels != NULL ? read_bytes(&pair->labels, labels, n) : fw_fault_nomem(set->host);

    for (uint64_t i = 0; i < n && status == FW_OK; i++) {
        fw_dataset_label(set, first + i, labels[i]);
    }
    free(labels);
    if (status == FW_OK) {
        status = check_end(&pair->labels);
    }
    if (status == FW_OK) {
        status = read_bytes(&pair->images, set->bytes + first * set->item, n * set->item);
    }
    return status == FW_OK ? check_end(&pair->images) : status;
}

static fw_status check_same(const struct pair *train, const struct pair *test)
{
    const uint64_t *a = train->images.shape, *b = test->images.shape;

    if (test->images.file == NULL || (a[1] == b[1] && a[2] == b[2])) {
        return FW_OK;
    }
    return fw_faultf(train->images.host, FW_E_DATA, test->images.path, NULL,
                     "images of %llu x %llu pixels, those to train with are of %llu x %llu",
                     (unsigned long long)b[1], (unsigned long long)b[2], (unsigned long long)a[1],
                     (unsigned long long)a[2]);
}

static fw_status load(const struct fw_dataset_options *options, const struct pair *train,
                      const struct pair *test, struct fw_dataset **ret_set)
{
    const struct fw_dataset_plan plan = {.kind = "idx",
                                         .path = train->images.path,
                                         .channels = 1,
                                         .rows = train->images.shape[1],
                                         .cols = train->images.shape[2],
                                         .n_samples =
                                             train->images.shape[0] + test->images.shape[0],
                                         .measured = options->scaling != FW_DATASET_AS_IS};
    struct fw_dataset *set = NULL;
    fw_status status = fw_dataset_create(options, &plan, &set);

    if (status == FW_OK) {
        status = read_pair(train, 0, set);
    }
    if (status == FW_OK && test->images.file != NULL) {
        fw_dataset_give(set, train->images.shape[0], FW_DATASET_TEST);
        status = read_pair(test, train->images.shape[0], set);
    }
    if (status != FW_OK) {
        fw_dataset_close(set);
        return status;
    }
    status = fw_dataset_ready(options, plan.path, &set);
    if (status == FW_OK) {
        *ret_set = set;
    }
    return status;
}

static fw_status open_files(const struct fw_dataset_options *options,
                            const struct fw_dataset_idx *files, struct fw_dataset **ret_set)
{
    struct pair train = {0}, test = {0};
    fw_status status = open_pair(&train, options->host, files->train_images, files->train_labels);

    if (status == FW_OK && files->test_images != NULL) {
        status = open_pair(&test, options->host, files->test_images, files->test_labels);
    }
    if (status == FW_OK) {
        status = check_same(&train, &test);
    }
    if (status == FW_OK) {
        status = load(options, &train, &test, ret_set);
    }
    close_idx(&train.images);
    close_idx(&train.labels);
    close_idx(&test.images);
    close_idx(&test.labels);
    return status;
}

/* FOLDER/NAME, or FOLDER/NAME.gz where only that is there; NULL: out of memory. */
static char *in_folder(const char *folder, const char *name)
{
    char *path = NULL;

    if (asprintf(&path, "%s/%s", folder, name) < 0) {
        return NULL;
    }
    if (access(path, F_OK) != 0) {
        free(path);
        path = asprintf(&path, "%s/%s.gz", folder, name) < 0 ? NULL : path;
    }
    return path;
}

static fw_status open_folder(const struct fw_dataset_options *options, const char *folder,
                             struct fw_dataset **ret_set)
{
    static const char *const names[] = {"train-images-idx3-ubyte", "train-labels-idx1-ubyte",
                                        "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"};
    char *paths[FW_COUNT(names)];
    bool good = true;

    for (size_t i = 0; i < FW_COUNT(names); i++) {
        paths[i] = in_folder(folder, names[i]);
        good = good && paths[i] != NULL;
    }
    fw_status status =
        good ? open_files(options,
                          &(const struct fw_dataset_idx){paths[0], paths[1], paths[2], paths[3]},
                          ret_set)
             : fw_fault_nomem(options->host);
    for (size_t i = 0; i < FW_COUNT(names); i++) {
        free(paths[i]);
    }
    return status;
}

fw_status fw_dataset_open_idx(const struct fw_dataset_options *options,
                              const struct fw_dataset_idx *files, struct fw_dataset **ret_set)
{
    struct stat info;
    const bool folder = stat(files->train_images, &info) == 0 && S_ISDIR(info.st_mode);
    const bool labelled =
        files->train_labels != NULL && (files->test_images == NULL) == (files->test_labels == NULL);

    if (folder) {
        return open_folder(options, files->train_images, ret_set);
    }
    return labelled ? open_files(options, files, ret_set)
                    : fw_faultf(options->host, FW_E_CONFIG, files->train_images,
                                "give labels to each file of images", "images without labels");
}

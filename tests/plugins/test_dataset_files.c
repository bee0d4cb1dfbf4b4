/* SPDX-License-Identifier: MIT */
/* CIFAR-10, IDX and NumPy's files as data sets: what is read, and what is refused by file, record
 * and value. A file that was cut short anywhere is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "dataset_fixture.h"
#include "test_files.h"

static const struct fw_dataset_options OPTIONS = {.host = &dataset_host};

/* --- CIFAR-10 --- */

enum { RECORD = 3073, RECORDS = 30 };

/* Record i has the label i % 10 and, in channel c, pixels that begin with 10 i + c. */
static uint8_t *make_records(void)
{
    uint8_t *bytes = calloc(RECORDS, RECORD);
    for (size_t i = 0; i < RECORDS; i++) {
        uint8_t *record = bytes + i * RECORD;
        record[0] = (uint8_t)(i % 10);
        for (size_t c = 0; c < 3; c++) {
            record[1 + c * 1024] = (uint8_t)((10 * i + c) % 256);
        }
    }
    return bytes;
}

static const char *write_records(const char *name, size_t size, size_t wrong_record,
                                 uint8_t wrong_label)
{
    uint8_t *bytes = make_records();
    bytes[wrong_record * RECORD] = wrong_label;
    dataset_write_bytes(name, bytes, size);
    free(bytes);
    return dataset_path(name);
}

static const char *good_records(const char *name)
{
    return write_records(name, (size_t)RECORDS * RECORD, 0, 0);
}

static void refuses_cifar(const char *train, const char *test, fw_status status, const char *part)
{
    struct fw_dataset *set = NULL;
    dataset_refused(fw_dataset_open_cifar10(&OPTIONS, train, test, &set), status, part);
    assert_null(set);
}

static void cifar_is_labels_and_planes(void **state)
{
    (void)state;
    struct fw_dataset *set = NULL;
    float *inputs = malloc(3072 * sizeof *inputs);
    int32_t label;
    uint64_t n;
    dataset_must(
        fw_dataset_open_cifar10(&OPTIONS, good_records("a.bin"), good_records("b.bin"), &set));
    const struct fw_dataset_info *info = fw_dataset_info(set);
    assert_int_equal(info->n_samples, 2 * RECORDS);
    assert_int_equal(info->n_classes, 10);
    assert_string_equal(info->class_names[9], "truck");
    assert_true(info->means[1] == 0.4822 && info->deviations[2] == 0.2616);
    const uint32_t *test = fw_dataset_part(set, FW_DATASET_TEST, &n);
    assert_int_equal(n, RECORDS);
    assert_int_equal(test[0], RECORDS);
    assert_int_equal(fw_dataset_key(set, test[7]), 7);
    const uint32_t sample = RECORDS + 7;
    fw_dataset_fill(set, &sample, 1, NULL, inputs);
    fw_dataset_labels(set, &sample, 1, &label);
    assert_int_equal(label, 7);
    assert_true(fabs(inputs[0] - (70 / 255.0 - 0.4914) / 0.2470) < 1e-6);
    assert_true(fabs(inputs[2048] - (72 / 255.0 - 0.4465) / 0.2616) < 1e-6);
    free(inputs);
    fw_dataset_close(set);
}

static void refuses_a_label_above_nine(void **state)
{
    (void)state;
    refuses_cifar(write_records("a.bin", (size_t)RECORDS * RECORD, 17, 10), NULL, FW_E_DATA,
                  "a.bin: label 10 in record 17");
}

static void refuses_cifar_cut_anywhere_in_a_record(void **state)
{
    (void)state;
    const char *path = write_records("a.bin", (size_t)3 * RECORD, 0, 0);
    for (off_t size = (off_t)3 * RECORD - 1; size >= 0; size--) {
        assert_int_equal(truncate(path, size), 0);
        if (size == 0 || size % RECORD != 0) {
            refuses_cifar(path, NULL, FW_E_DATA, "no whole number of records");
        }
    }
}

/* Of 10,000 records of zeros each, whose blocks are not on the disk. */
static void write_published(const char *folder)
{
    char name[64];
    assert_int_equal(mkdir(dataset_path(folder), 0755), 0);
    for (int i = 1; i <= 6; i++) {
        if (i < 6) {
            snprintf(name, sizeof name, "%s/data_batch_%d.bin", folder, i);
        } else {
            snprintf(name, sizeof name, "%s/test_batch.bin", folder);
        }
        const uint8_t label = (uint8_t)i;
        dataset_write_bytes(name, &label, 1);
        assert_int_equal(truncate(dataset_path(name), (off_t)10000 * RECORD), 0);
    }
}

static void reads_the_folder_as_published(void **state)
{
    (void)state;
    struct fw_dataset *set = NULL;
    int32_t labels[2];
    uint64_t n;
    write_published("cifar");
    dataset_must(fw_dataset_open_cifar10(&OPTIONS, dataset_path("cifar"), NULL, &set));
    (void)fw_dataset_part(set, FW_DATASET_TRAIN, &n);
    assert_int_equal(n, 50000);
    const uint32_t *test = fw_dataset_part(set, FW_DATASET_TEST, &n);
    assert_int_equal(n, 10000);
    fw_dataset_labels(set, (const uint32_t[]){20000, test[0]}, 2, labels);
    assert_int_equal(labels[0], 3);
    assert_int_equal(labels[1], 6);
    fw_dataset_close(set);
    refuses_cifar(dataset_path("cifar"), good_records("b.bin"), FW_E_CONFIG,
                  "has a test part of its own");
    assert_int_equal(truncate(dataset_path("cifar/data_batch_4.bin"), (off_t)9999 * RECORD), 0);
    refuses_cifar(dataset_path("cifar"), NULL, FW_E_DATA, "data_batch_4.bin: holds 9999 records");
    assert_int_equal(unlink(dataset_path("cifar/data_batch_2.bin")), 0);
    refuses_cifar(dataset_path("cifar"), NULL, FW_E_MISSING, "data_batch_2.bin");
}

static void a_folder_has_one_other_file_or_is_refused(void **state)
{
    (void)state;
    struct fw_dataset *set = NULL;
    assert_int_equal(mkdir(dataset_path("sample"), 0755), 0);
    refuses_cifar(dataset_path("sample"), NULL, FW_E_MISSING, "found 0 of them");
    good_records("sample/dev.bin");
    dataset_must(fw_dataset_open_cifar10(&OPTIONS, dataset_path("sample"), NULL, &set));
    assert_int_equal(fw_dataset_info(set)->n_samples, RECORDS);
    fw_dataset_close(set);
    good_records("sample/other.bin");
    refuses_cifar(dataset_path("sample"), NULL, FW_E_MISSING, "found 2 of them");
    refuses_cifar(dataset_path("nowhere"), NULL, FW_E_MISSING, "nowhere");
}

/* --- IDX --- */

/* n images of rows x cols, each value a new one, and labels i % 3. */
struct written {
    uint8_t images[2048], labels[256];
    size_t images_size, labels_size;
};

static void put(uint8_t *to, uint32_t value)
{
    for (int i = 0; i < 4; i++) {
        to[i] = (uint8_t)(value >> (24 - 8 * i));
    }
}

static struct written make_idx(uint32_t n, uint32_t rows, uint32_t cols)
{
    struct written idx = {.images_size = 16 + (size_t)n * rows * cols,
                          .labels_size = 8 + (size_t)n};
    put(idx.images, 0x803);
    put(idx.images + 4, n);
    put(idx.images + 8, rows);
    put(idx.images + 12, cols);
    put(idx.labels, 0x801);
    put(idx.labels + 4, n);
    for (size_t i = 16; i < idx.images_size; i++) {
        idx.images[i] = (uint8_t)(i - 16);
    }
    for (size_t i = 0; i < n; i++) {
        idx.labels[8 + i] = (uint8_t)(i % 3);
    }
    return idx;
}

static void write_idx(const struct written *idx)
{
    dataset_write_bytes("images", idx->images, idx->images_size);
    dataset_write_bytes("labels", idx->labels, idx->labels_size);
}

static const char *zip(const char *name, const uint8_t *bytes, size_t size)
{
    gzFile file = gzopen(dataset_path(name), "wb");
    assert_non_null(file);
    assert_int_equal(gzwrite(file, bytes, (unsigned)size), (int)size);
    assert_int_equal(gzclose(file), Z_OK);
    return dataset_path(name);
}

static fw_status open_idx(const char *images, const char *labels, struct fw_dataset **ret_set)
{
    const struct fw_dataset_idx files = {.train_images = images, .train_labels = labels};
    return fw_dataset_open_idx(&OPTIONS, &files, ret_set);
}

static void refuses_idx(const struct written *idx, const char *part)
{
    struct fw_dataset *set = NULL;
    write_idx(idx);
    dataset_refused(open_idx(dataset_path("images"), dataset_path("labels"), &set), FW_E_DATA,
                    part);
    assert_null(set);
}

static void idx_is_bytes_and_their_classes(void **state)
{
    (void)state;
    const struct written idx = make_idx(9, 4, 5);
    struct fw_dataset *plain = NULL, *zipped = NULL;
    char digests[2][FW_DATASET_DIGEST];
    write_idx(&idx);
    dataset_must(open_idx(dataset_path("images"), dataset_path("labels"), &plain));
    dataset_must(open_idx(zip("images.gz", idx.images, idx.images_size),
                          zip("labels.gz", idx.labels, idx.labels_size), &zipped));
    const struct fw_dataset_info *info = fw_dataset_info(plain);
    assert_int_equal(info->n_samples, 9);
    assert_int_equal(info->n_classes, 3);
    assert_int_equal(info->channels, 1);
    assert_int_equal(info->rows, 4);
    assert_int_equal(info->cols, 5);
    assert_true(fabs(info->means[0] - 89.5 / 255) < 1e-12);
    dataset_must(fw_dataset_digest(plain, digests[0]));
    dataset_must(fw_dataset_digest(zipped, digests[1]));
    assert_string_equal(digests[0], digests[1]);
    fw_dataset_close(plain);
    fw_dataset_close(zipped);
}

static void reads_a_folder_of_the_publishers_names(void **state)
{
    (void)state;
    const struct written train = make_idx(9, 4, 5), test = make_idx(6, 4, 5);
    struct fw_dataset *set = NULL;
    uint64_t n;
    assert_int_equal(mkdir(dataset_path("f"), 0755), 0);
    zip("f/train-images-idx3-ubyte.gz", train.images, train.images_size);
    dataset_write_bytes("f/train-labels-idx1-ubyte", train.labels, train.labels_size);
    zip("f/t10k-images-idx3-ubyte.gz", test.images, test.images_size);
    const struct fw_dataset_idx files = {.train_images = dataset_path("f")};
    dataset_refused(fw_dataset_open_idx(&OPTIONS, &files, &set), FW_E_MISSING,
                    "t10k-labels-idx1-ubyte");
    zip("f/t10k-labels-idx1-ubyte.gz", test.labels, test.labels_size);
    dataset_must(fw_dataset_open_idx(&OPTIONS, &files, &set));
    const uint32_t *part = fw_dataset_part(set, FW_DATASET_TEST, &n);
    assert_int_equal(n, 6);
    assert_int_equal(part[0], 9);
    fw_dataset_close(set);
}

static void refuses_idx_cut_anywhere(void **state)
{
    (void)state;
    const struct written whole = make_idx(9, 4, 5);
    struct fw_dataset *set = NULL;
    for (size_t size = 0; size < whole.images_size; size++) {
        struct written cut = whole;
        cut.images_size = size;
        refuses_idx(&cut, "images");
    }
    for (size_t size = 0; size < whole.labels_size; size++) {
        struct written cut = whole;
        cut.labels_size = size;
        refuses_idx(&cut, "labels");
    }
    write_idx(&whole);
    const char *zipped = zip("images.gz", whole.images, whole.images_size);
    size_t size = 0;
    free(test_file_read(zipped, &size));
    while (size-- > 0) {
        assert_int_equal(truncate(zipped, (off_t)size), 0);
        dataset_refused(open_idx(zipped, dataset_path("labels"), &set), FW_E_DATA, "images.gz");
        assert_null(set);
    }
}

static void any_byte_may_be_another(void **state)
{
    (void)state;
    const struct written whole = make_idx(9, 4, 5);
    for (size_t at = 0; at < 16; at++) {
        for (int value = 0; value < 256; value += 15) {
            struct written changed = whole;
            struct fw_dataset *set = NULL;
            changed.images[at] = (uint8_t)value;
            if (value == whole.images[at]) {
                continue;
            }
            write_idx(&changed);
            dataset_refused(open_idx(dataset_path("images"), dataset_path("labels"), &set),
                            FW_E_DATA, "images");
        }
    }
}

static void refuses_idx_that_is_another_thing(void **state)
{
    (void)state;
    struct written idx = make_idx(9, 4, 5);
    put(idx.images, 0x801);
    refuses_idx(&idx, "begins with 0x00000801, expected 0x00000803");
    idx = make_idx(9, 4, 5);
    put(idx.labels + 4, 8);
    idx.labels_size--;
    refuses_idx(&idx, "9 images beside 8 labels");
    idx = make_idx(9, 4, 5);
    idx.images_size++;
    refuses_idx(&idx, "more bytes follow");
    idx = make_idx(9, 4, 5);
    put(idx.images + 4, 0xffffffff);
    put(idx.images + 8, 0xffffffff);
    put(idx.images + 12, 0xffffffff);
    refuses_idx(&idx, "4294967295 x 4294967295 x 4294967295");
    idx = make_idx(9, 4, 5);
    put(idx.images + 8, 0);
    refuses_idx(&idx, "which are none");
    idx = make_idx(9, 4, 5);
    memset(idx.labels + 8, 0, 9);
    refuses_idx(&idx, "nothing to tell apart");
}

static void refuses_a_test_part_of_another_shape(void **state)
{
    (void)state;
    const struct written train = make_idx(9, 4, 5), test = make_idx(9, 5, 4);
    struct fw_dataset *set = NULL;
    write_idx(&train);
    dataset_write_bytes("test-images", test.images, test.images_size);
    dataset_write_bytes("test-labels", test.labels, test.labels_size);
    struct fw_dataset_idx files = {dataset_path("images"), dataset_path("labels"),
                                   dataset_path("test-images"), dataset_path("test-labels")};
    dataset_refused(fw_dataset_open_idx(&OPTIONS, &files, &set), FW_E_DATA, "5 x 4 pixels");
    files.test_labels = NULL;
    dataset_refused(fw_dataset_open_idx(&OPTIONS, &files, &set), FW_E_CONFIG,
                    "images without labels");
}

/* --- NumPy's files --- */

static void refuses_npz(const struct fw_dataset_npz *files, fw_status status, const char *part)
{
    struct fw_dataset *set = NULL;
    dataset_refused(fw_dataset_open_npz(&OPTIONS, files, &set), status, part);
    assert_null(set);
}

static const char *write_npy(const char *name, enum fw_npy_type type, size_t item_bytes,
                             const uint64_t *shape, unsigned n_dims, const void *items)
{
    struct fw_npy_header header = {
        .type = type, .item_bytes = item_bytes, .n_dims = n_dims, .n_items = 1};
    for (unsigned i = 0; i < n_dims; i++) {
        header.shape[i] = shape[i];
        header.n_items *= shape[i];
    }
    dataset_must(fw_npy_write(&dataset_host, dataset_path(name), &header, items));
    return dataset_path(name);
}

static void npy_files_are_features_and_classes(void **state)
{
    (void)state;
    static const double x[] = {1, 10, 3, 10, 5, 10, 7, 10};
    static const int64_t y[] = {0, 1, 1, 0};
    static const uint64_t shape[] = {4, 2};
    const struct fw_dataset_npz files = {.train = write_npy("x.npy", FW_NPY_F8, 8, shape, 2, x),
                                         .train_labels =
                                             write_npy("y.npy", FW_NPY_I8, 8, shape, 1, y)};
    struct fw_dataset *set = NULL;
    float inputs[4];
    dataset_must(fw_dataset_open_npz(&OPTIONS, &files, &set));
    fw_dataset_fill(set, (const uint32_t[]){3, 0}, 2, NULL, inputs);
    assert_true(fabs(inputs[0] - 3 / sqrt(5)) < 1e-6);
    assert_true(fabs(inputs[2] + 3 / sqrt(5)) < 1e-6);
    assert_true(inputs[1] == 0 && inputs[3] == 0); /* constant: only centred */
    fw_dataset_close(set);
    const struct fw_dataset_options mirrored = {.host = &dataset_host, .augment = {.flip = 0.5}};
    dataset_refused(fw_dataset_open_npz(&mirrored, &files, &set), FW_E_CONFIG, "no images");
}

static void refuses_arrays_that_are_no_samples(void **state)
{
    (void)state;
    static const uint64_t shape[] = {4, 2};
    static const double x[] = {1, 2, 3, 4, 5, NAN, 7, 8}, large[] = {1, 2, 3, 1e300, 5, 6, 7, 8};
    static const double y[] = {0, 1, 1.5, 0}, negative[] = {0, 1, 0, -1};
    static const float good[] = {0, 1, 1, 0};
    struct fw_dataset_npz files = {.train = write_npy("x.npy", FW_NPY_F8, 8, shape, 2, x),
                                   .train_labels = write_npy("y", FW_NPY_F4, 4, shape, 1, good)};
    refuses_npz(&files, FW_E_DATA, "number 1 of sample 2 is nan");
    files.train = write_npy("large.npy", FW_NPY_F8, 8, shape, 2, large);
    refuses_npz(&files, FW_E_DATA, "number 1 of sample 1 is inf");
    files.train_labels = write_npy("y1", FW_NPY_F8, 8, shape, 1, y);
    files.train = write_npy("x.npy", FW_NPY_F4, 4, shape, 1, good);
    refuses_npz(&files, FW_E_DATA, "found 1 axes and 4 samples beside 4 classes");
    files.train = write_npy("x.npy", FW_NPY_F8, 8, (const uint64_t[]){4, 1}, 2, negative);
    refuses_npz(&files, FW_E_DATA, "the class of sample 2 is 1.5");
    files.train_labels = write_npy("y2", FW_NPY_F8, 8, shape, 1, negative);
    refuses_npz(&files, FW_E_DATA, "y2: the class of sample 3 is -1");
    files = (struct fw_dataset_npz){.train = dataset_path("none.npz")};
    refuses_npz(&files, FW_E_MISSING, "none.npz");
    files.train = dataset_write_npz("a.npz", (const uint64_t[]){20, 3, 4}, 3);
    files.target = "z";
    refuses_npz(&files, FW_E_MISSING, "z");
    files.target = NULL;
    files.test = dataset_write_npz("b.npz", (const uint64_t[]){20, 4, 3}, 3);
    refuses_npz(&files, FW_E_DATA, "b.npz: uint8 of 1 x 4 x 3");
}

static void refuses_an_archive_cut_anywhere(void **state)
{
    (void)state;
    const struct fw_dataset_npz files = {
        .train = dataset_write_npz("a.npz", (const uint64_t[]){20, 2, 3}, 3)};
    size_t size = 0;
    free(test_file_read(files.train, &size));
    while (size-- > 0) {
        assert_int_equal(truncate(files.train, (off_t)size), 0);
        refuses_npz(&files, FW_E_DATA, "a.npz");
    }
}

static void refuses_an_archive_with_another_pixel(void **state)
{
    (void)state;
    const struct fw_dataset_npz files = {
        .train = dataset_write_npz("a.npz", (const uint64_t[]){20, 2, 3}, 3)};
    size_t size = 0;
    char *bytes = test_file_read(files.train, &size);
    /* Images begin at a multiple of 64, behind two headers. */
    for (size_t at = 200; at < 300; at += 50) {
        bytes[at] ^= 1;
        dataset_write_bytes("a.npz", bytes, size);
        refuses_npz(&files, FW_E_DATA, "a.npz");
        bytes[at] ^= 1;
    }
    free(bytes);
}

/* --- real files --- */

static void the_real_cifar_sample(void **state)
{
    (void)state;
    static const uint64_t per_class[] = {155, 152, 148, 140, 153, 128, 159, 149, 154, 162};
    char *path = test_shared_data("imgcls/cifar10_dev_1500.bin");
    const struct fw_dataset_options options = {.host = &dataset_host,
                                               .val_share = 0.1,
                                               .test_share = 0.1,
                                               .augment = {.crop_scale_min = 0.08, .flip = 0.5}};
    struct fw_dataset *set = NULL;
    uint64_t counts[FW_DATASET_PARTS][10];
    if (path == NULL) {
        skip();
    }
    dataset_must(fw_dataset_open_cifar10(&options, path, NULL, &set));
    free(path);
    for (int i = 0; i < FW_DATASET_PARTS; i++) {
        fw_dataset_count(set, (enum fw_dataset_part)i, counts[i]);
    }
    for (int i = 0; i < 10; i++) {
        assert_int_equal(counts[0][i] + counts[1][i] + counts[2][i], per_class[i]);
        assert_int_equal(counts[1][i], llround(0.1 * (double)per_class[i]));
    }
    /* Photographs: near 0 with a deviation near 1 by the published constants. */
    uint64_t n;
    const uint32_t *train = fw_dataset_part(set, FW_DATASET_TRAIN, &n);
    float *inputs = malloc(n * 3072 * sizeof *inputs);
    double sum = 0, square = 0;
    fw_dataset_fill(set, train, n, NULL, inputs);
    for (uint64_t i = 0; i < n * 3072; i++) {
        sum += inputs[i];
        square += (double)inputs[i] * inputs[i];
    }
    const double mean = sum / (double)(n * 3072);
    assert_true(fabs(mean) < 0.1);
    assert_true(fabs(sqrt(square / (double)(n * 3072) - mean * mean) - 1) < 0.05);
    free(inputs);
    fw_dataset_close(set);
}

static void the_real_fashion_sample(void **state)
{
    (void)state;
    char *images = test_shared_data("imgcls/fashion-dev3000-images-idx3-ubyte.gz");
    char *labels = test_shared_data("imgcls/fashion-dev3000-labels-idx1-ubyte.gz");
    struct fw_dataset *set = NULL;
    uint64_t counts[10];
    if (images == NULL || labels == NULL) {
        skip();
    }
    dataset_must(open_idx(images, labels, &set));
    free(images);
    free(labels);
    assert_int_equal(fw_dataset_info(set)->n_classes, 10);
    fw_dataset_count(set, FW_DATASET_TRAIN, counts);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(counts[i], 300);
    }
    /* The published figures of all 70,000: .2860 and .3530. */
    assert_true(fabs(fw_dataset_info(set)->means[0] - 0.2860) < 0.01);
    assert_true(fabs(fw_dataset_info(set)->deviations[0] - 0.3530) < 0.01);
    fw_dataset_close(set);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, dataset_start, dataset_stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(cifar_is_labels_and_planes),
        TEST(refuses_a_label_above_nine),
        TEST(refuses_cifar_cut_anywhere_in_a_record),
        TEST(reads_the_folder_as_published),
        TEST(a_folder_has_one_other_file_or_is_refused),
        TEST(idx_is_bytes_and_their_classes),
        TEST(reads_a_folder_of_the_publishers_names),
        TEST(refuses_idx_cut_anywhere),
        TEST(any_byte_may_be_another),
        TEST(refuses_idx_that_is_another_thing),
        TEST(refuses_a_test_part_of_another_shape),
        TEST(npy_files_are_features_and_classes),
        TEST(refuses_arrays_that_are_no_samples),
        TEST(refuses_an_archive_cut_anywhere),
        TEST(refuses_an_archive_with_another_pixel),
        TEST(the_real_cifar_sample),
        TEST(the_real_fashion_sample),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

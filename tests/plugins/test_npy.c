/* SPDX-License-Identifier: MIT */
/* Arrays in NumPy's files: what NumPy wrote (tests/reference/npy_cases.py), what is written here,
 * damage. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <complex.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <fw/element.h>

#include "npy/npy.h"
#include "test_files.h"

enum { MAX_LINE = 16384 };

static char fault[1000];
static char *folder;

static fw_status take_fault(const struct fw_host *host, fw_status status, const struct fw_fault *f)
{
    (void)host;
    snprintf(fault, sizeof fault, "%s: %s", f->where != NULL ? f->where : "", f->what);
    return status;
}

static const struct fw_host host = {.struct_size = sizeof host, .fail = take_fault};

static int start(void **state)
{
    (void)state;
    fault[0] = '\0';
    folder = test_folder_create();
    return 0;
}

static int stop(void **state)
{
    (void)state;
    test_folder_remove(folder);
    return 0;
}

static void must(fw_status status)
{
    if (status != FW_OK) {
        fail_msg("status %d: %s", status, fault);
    }
}

static void refused(fw_status status, fw_status expected, const char *part)
{
    if (status != expected || strstr(fault, part) == NULL) {
        fail_msg("status %d, expected %d about \"%s\": %s", status, expected, part, fault);
    }
}

static struct fw_npz *open_npz(const char *path)
{
    struct fw_npz *npz = NULL;
    must(fw_npz_open(&host, path, &npz));
    return npz;
}

static struct fw_npy *open_npy(const struct fw_npz *npz, const char *name)
{
    struct fw_npy *npy = NULL;
    must(fw_npy_open(npz, name, &npy));
    return npy;
}

/* --- what NumPy wrote --- */

static void check_shape(const struct fw_npy_header *header, const char *shape)
{
    char text[200] = "-";
    size_t n = 0;
    for (unsigned i = 0; i < header->n_dims; i++) {
        n += (size_t)snprintf(text + n, sizeof text - n, "%s%llu", i == 0 ? "" : "x",
                              (unsigned long long)header->shape[i]);
    }
    assert_string_equal(text, shape);
}

static void check_texts(struct fw_npy *npy, char **at)
{
    for (uint64_t i = 0; i < fw_npy_header(npy)->n_items; i++) {
        char hex[400] = "", *text = NULL;
        must(fw_npy_read_text(npy, i, &text));
        for (size_t c = 0; text[c] != '\0'; c++) {
            snprintf(hex + 2 * c, sizeof hex - 2 * c, "%02x", (unsigned char)text[c]);
        }
        assert_string_equal(hex[0] == '\0' ? "-" : hex, strtok_r(NULL, " \n", at));
        free(text);
    }
}

static void check_numbers(struct fw_npy *npy, char **at)
{
    const struct fw_npy_header *header = fw_npy_header(npy);
    bool is_complex = header->type == FW_NPY_C8 || header->type == FW_NPY_C16;
    double complex *items = NULL;
    must(fw_npy_read_all(npy, FW_NPY_C16, (void **)&items));
    for (uint64_t i = 0; i < header->n_items; i++) {
        assert_true(creal(items[i]) == strtod(strtok_r(NULL, " \n", at), NULL));
        assert_true(cimag(items[i]) == (is_complex ? strtod(strtok_r(NULL, " \n", at), NULL) : 0));
    }
    free(items);
}

static void check_golden(const char *file, const char *name, char **at)
{
    char *path = test_path(NPY_CASES, "%s", file);
    struct fw_npz *npz = open_npz(path);
    struct fw_npy *npy = open_npy(npz, strcmp(name, "-") == 0 ? "" : name);
    const struct fw_npy_header *header = fw_npy_header(npy);
    const char *type = strtok_r(NULL, " ", at);
    const char *fortran = strtok_r(NULL, " ", at), *shape = strtok_r(NULL, " \n", at);
    if (strcmp(type, "refused") == 0) {
        char items[64];
        assert_int_equal(header->type, FW_NPY_OTHER);
        refused(fw_npy_read(npy, 0, 1, items), FW_E_UNSUPPORTED, name);
    } else {
        assert_string_equal(fw_npy_type_name(header->type), type);
        assert_int_equal(header->fortran && header->n_dims > 1, atoi(fortran));
        check_shape(header, shape);
        if (header->type == FW_NPY_TEXT) {
            check_texts(npy, at);
        } else {
            check_numbers(npy, at);
        }
    }
    fw_npy_close(npy);
    fw_npz_close(npz);
    free(path);
}

static void reads_what_numpy_wrote(void **state)
{
    char *path = test_path(NPY_CASES, "../npy_cases.golden"), *line = malloc(MAX_LINE), *at;
    FILE *golden = fopen(path, "re");
    size_t n = 0;
    (void)state;
    assert_non_null(golden);
    assert_non_null(line);
    while (fgets(line, MAX_LINE, golden) != NULL) {
        const char *file = strtok_r(line, " ", &at), *name = strtok_r(NULL, " ", &at);
        check_golden(file, name, &at);
        n++;
    }
    assert_true(n > 50);
    fclose(golden);
    free(line);
    free(path);
}

/* The number of files that held at least one array to read. */
static size_t read_file(const char *path, size_t *n_refused)
{
    struct fw_npz *npz = open_npz(path);
    size_t n = 0;
    for (size_t i = 0; i < fw_npz_n_arrays(npz); i++) {
        struct fw_npy *npy = open_npy(npz, fw_npz_name(npz, i));
        void *items = NULL;
        if (fw_npy_header(npy)->type == FW_NPY_OTHER) {
            refused(fw_npy_read_all(npy, FW_NPY_F8, &items), FW_E_UNSUPPORTED, "its items are");
            *n_refused += 1;
        } else {
            must(fw_npy_read_all(npy, FW_NPY_F8, &items));
            n++;
        }
        free(items);
        fw_npy_close(npy);
    }
    fw_npz_close(npz);
    return n;
}

static void reads_the_shared_files_and_refuses_pickles(void **state)
{
    static const struct {
        const char *name;
        size_t n_read, n_refused;
    } files[] = {
        {"npy/matplotlib/bivariate_normal.npy", 1, 0},
        {"npy/matplotlib/goog.npz", 0, 1},
        {"npy/matplotlib/jacksboro_fault_dem.npz", 7, 0},
        {"npy/matplotlib/topobathy.npz", 3, 0},
        {"npy/numpy_objarr/py2-np0-objarr.npy", 0, 1},
        {"npy/numpy_objarr/py2-objarr.npy", 0, 1},
        {"npy/numpy_objarr/py2-objarr.npz", 0, 1},
        {"npy/numpy_objarr/py3-objarr.npy", 0, 1},
        {"npy/numpy_objarr/py3-objarr.npz", 0, 1},
        {"npy/skimage/chessboard_RGB_U8.npy", 1, 0},
        {"npy/skimage/disk-matlab-output.npz", 11, 0},
        {"npy/skimage/motorcycle_disp.npz", 1, 0},
        {"npy/skimage/rank_filter_tests.npz", 0, 0},
        {"ptycho/petra3_p25_frames000-149.npz", 6, 0},
        {"ptycho/ptychonn_optimized_route.npz", 2, 0},
        {"ptycho/ptychonn_str_history.npy", 0, 1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char *path = test_shared_data(files[i].name);
        size_t n_refused = 0;
        if (path == NULL) {
            print_message("[ SKIP ] %s is not in the shared data\n", files[i].name);
            skip();
        }
        size_t n_read = read_file(path, &n_refused);
        assert_true(files[i].n_read == 0 || n_read == files[i].n_read);
        assert_int_equal(n_refused, files[i].n_refused);
        free(path);
    }
}

/* --- ranges --- */

static void reads_a_range_as_the_whole_has_it(void **state)
{
    static const char *const files[] = {"stored.npz", "deflated.npz"};
    static const char *const names[] = {"stack_float32", "stack_uint16", "fortran"};
    (void)state;
    for (size_t i = 0; i < 6; i++) {
        char *path = test_path(NPY_CASES, "%s", files[i / 3]);
        struct fw_npz *npz = open_npz(path);
        struct fw_npy *npy = open_npy(npz, names[i % 3]);
        float *all = NULL, some[60];
        must(fw_npy_read_all(npy, FW_NPY_F4, (void **)&all));
        for (uint64_t first = 4; first-- > 0;) { /* backwards: a deflated member starts over */
            for (uint64_t n = 0; n <= 4 - first; n++) {
                must(fw_npy_read_as(npy, FW_NPY_F4, first, n, some));
                assert_memory_equal(some, all + first * 15, n * 15 * sizeof *some);
            }
        }
        refused(fw_npy_read_as(npy, FW_NPY_F4, 3, 2, some), FW_E_ARG, "items 3 to 5");
        free(all);
        fw_npy_close(npy);
        fw_npz_close(npz);
        free(path);
    }
}

static void refuses_a_real_number_of_a_complex_one(void **state)
{
    char *path = test_path(NPY_CASES, "stored.npz");
    struct fw_npz *npz = open_npz(path);
    struct fw_npy *npy = open_npy(npz, "stack_complex64");
    void *items = NULL;
    (void)state;
    refused(fw_npy_read_all(npy, FW_NPY_F8, &items), FW_E_DATA, "complex64, not float64");
    fw_npy_close(npy);
    refused(fw_npy_open(npz, "absent", &npy), FW_E_MISSING, "it holds: stack_float32, ");
    npy = open_npy(npz, "text");
    refused(fw_npy_read_all(npy, FW_NPY_TEXT, &items), FW_E_DATA, "text");
    refused(fw_npy_read_all(npy, FW_NPY_F8, &items), FW_E_DATA, "text, not float64");
    fw_npy_close(npy);
    fw_npz_close(npz);
    free(path);
}

/* --- damage --- */

struct bytes {
    char *data;
    size_t size;
};

static void put_bytes(const char *path, const char *data, size_t size)
{
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

/* Whether every array of the file reads; a refusal says where and why. */
static bool reads(const char *path)
{
    struct fw_npz *npz = NULL;
    fault[0] = '\0';
    bool right = fw_npz_open(&host, path, &npz) == FW_OK;
    for (size_t i = 0; right && i < fw_npz_n_arrays(npz); i++) {
        struct fw_npy *npy = NULL;
        void *items = NULL;
        right = fw_npy_open(npz, fw_npz_name(npz, i), &npy) == FW_OK &&
                fw_npy_read_all(npy, FW_NPY_C16, &items) == FW_OK;
        free(items);
        fw_npy_close(npy);
    }
    assert_true(right || strncmp(fault, path, strlen(path)) == 0);
    fw_npz_close(npz);
    return right;
}

static void refuses_an_archive_cut_short_anywhere(void **state)
{
    static const char *const files[] = {"zip64.npz", "mixed.npz", "v3.npy"};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        char *from = test_path(NPY_CASES, "%s", files[i]), *to = test_path(folder, "cut");
        struct bytes bytes;
        bytes.data = test_file_read(from, &bytes.size);
        assert_true(reads(from));
        for (size_t size = 0; size < bytes.size; size++) {
            put_bytes(to, bytes.data, size);
            assert_false(reads(to));
        }
        free(bytes.data);
        free(from);
        free(to);
    }
}

static void notices_a_bit_that_flipped_in_a_member(void **state)
{
    enum { LOCAL_HEADER = 30 + 8 + 20 }; /* with the name wide.npy and ZIP64 sizes */
    char *from = test_path(NPY_CASES, "zip64.npz"), *to = test_path(folder, "flipped.npz");
    struct bytes bytes;
    (void)state;
    bytes.data = test_file_read(from, &bytes.size);
    for (size_t at = LOCAL_HEADER; at < LOCAL_HEADER + 128 + 240; at++) {
        bytes.data[at] ^= 4;
        put_bytes(to, bytes.data, bytes.size);
        assert_false(reads(to));
        bytes.data[at] ^= 4;
    }
    free(bytes.data);
    free(from);
    free(to);
}

/* A .npy of version 1 with this header and 64 zeros behind it. */
static fw_status open_header(const char *header)
{
    char bytes[400] = "\x93NUMPY\x01", *path = test_path(folder, "header.npy");
    size_t size = strlen(header);
    struct fw_npz *npz;
    struct fw_npy *npy = NULL;
    bytes[8] = (char)size;
    memcpy(bytes + 10, header, size);
    put_bytes(path, bytes, 10 + size + 64);
    npz = open_npz(path);
    fw_status status = fw_npy_open(npz, "", &npy);
    if (status == FW_OK) {
        fw_npy_close(npy);
    }
    fw_npz_close(npz);
    free(path);
    return status;
}

static void refuses_headers_that_are_none(void **state)
{
    static const struct {
        const char *header, *part;
    } cases[] = {
        {"", "no dictionary"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (3,)", "no dictionary"},
        {"{'descr': '<f4', 'shape': (3,)}", "lacks a key"},
        {"{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (3,)}", "once each"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (3,), 'x': 1}", "another key"},
        {"{'descr': '<f4', 'fortran_order': 0, 'shape': (3,)}", "not what its key needs"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (-3,)}", "not what its key needs"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4, 5)}", "240 bytes of items"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (4294967296, 4294967296)}",
         "more items"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (0, 99999999999999999999)}",
         "not what"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (3,)} x", "goes on"},
    };
    (void)state;
    must(open_header("{\"shape\": (2L, 3,), 'fortran_order': True, 'descr': '=f4'}  \n"));
    must(
        open_header("{'descr': [('a', '<f4'), ('b', '|O')], 'fortran_order': False, 'shape': ()}"));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        refused(open_header(cases[i].header), FW_E_DATA, cases[i].part);
    }
}

static void refuses_a_file_that_is_not_there(void **state)
{
    struct fw_npz *npz = NULL;
    char *path = test_path(folder, "absent.npz");
    (void)state;
    refused(fw_npz_open(&host, path, &npz), FW_E_MISSING, "absent.npz");
    refused(fw_npz_open(&host, folder, &npz), FW_E_IO, "no regular file");
    free(path);
}

/* --- writing --- */

static const uint64_t shape[] = {4, 2, 3};

static void write_archive(const char *path)
{
    struct fw_npz_writer *writer = NULL;
    float items[24];
    const double scalar = -0.5;
    for (size_t i = 0; i < 24; i++) {
        items[i] = (float)i / 4;
    }
    must(fw_npz_writer_create(&host, path, &writer));
    must(fw_npz_writer_begin(writer, "stack", FW_NPY_F4, shape, 3));
    for (size_t i = 0; i < 4; i++) {
        must(fw_npz_writer_append(writer, items + 6 * i, 6 * sizeof *items));
    }
    must(fw_npz_writer_text(writer, "text", "\u03c6 \U0001f600"));
    must(fw_npz_writer_begin(writer, "scalar", FW_NPY_F8, NULL, 0));
    must(fw_npz_writer_append(writer, &scalar, sizeof scalar));
    must(fw_npz_writer_begin(writer, "arm/caf\u00e9", FW_NPY_C8, shape, 2));
    must(fw_npz_writer_append(writer, items, 64));
    must(fw_npz_writer_finish(writer));
}

static void reads_what_it_wrote(void **state)
{
    char *path = test_path(folder, "a.npz"), *text = NULL;
    float *items = NULL;
    (void)state;
    write_archive(path);
    struct fw_npz *npz = open_npz(path);
    struct fw_npy *npy = open_npy(npz, "stack");
    assert_int_equal(fw_npz_n_arrays(npz), 4);
    check_shape(fw_npy_header(npy), "4x2x3");
    must(fw_npy_read_all(npy, FW_NPY_F4, (void **)&items));
    assert_true(items[23] == 5.75f);
    free(items);
    fw_npy_close(npy);
    npy = open_npy(npz, "text");
    must(fw_npy_read_text(npy, 0, &text));
    assert_string_equal(text, "\u03c6 \U0001f600");
    free(text);
    fw_npy_close(npy);
    npy = open_npy(npz, "arm/caf\u00e9");
    must(fw_npy_read_all(npy, FW_NPY_C8, (void **)&items));
    assert_true(items[15] == 3.75f);
    free(items);
    fw_npy_close(npy);
    fw_npz_close(npz);
    free(path);
}

static void writes_the_same_bytes_again(void **state)
{
    char *paths[] = {test_path(folder, "a.npz"), test_path(folder, "b.npz")};
    size_t sizes[2];
    (void)state;
    write_archive(paths[0]);
    write_archive(paths[1]);
    char *bytes[] = {test_file_read(paths[0], &sizes[0]), test_file_read(paths[1], &sizes[1])};
    assert_int_equal(sizes[0], sizes[1]);
    assert_memory_equal(bytes[0], bytes[1], sizes[0]);
    for (size_t i = 0; i < 2; i++) {
        free(bytes[i]);
        free(paths[i]);
    }
}

/* The bytes that NumPy writes, too: the golden file was written by it. */
static void writes_an_array_as_numpy_does(void **state)
{
    char *from = test_path(NPY_CASES, "v1.npy"), *to = test_path(folder, "v1.npy");
    struct fw_npz *npz = open_npz(from);
    struct fw_npy *npy = open_npy(npz, "");
    size_t sizes[2];
    void *items = NULL;
    (void)state;
    must(fw_npy_read_all(npy, FW_NPY_F4, &items));
    must(fw_npy_write(&host, to, fw_npy_header(npy), items));
    char *bytes[] = {test_file_read(from, &sizes[0]), test_file_read(to, &sizes[1])};
    assert_int_equal(sizes[0], sizes[1]);
    assert_memory_equal(bytes[0], bytes[1], sizes[0]);
    free(bytes[0]);
    free(bytes[1]);
    free(items);
    fw_npy_close(npy);
    fw_npz_close(npz);
    free(from);
    free(to);
}

static void leaves_the_old_file_when_it_gives_up(void **state)
{
    char *path = test_path(folder, "a.npz"), *beside = test_path(folder, "a.npz.tmp");
    struct fw_npz_writer *writer = NULL;
    float item = 1;
    (void)state;
    write_archive(path);
    must(fw_npz_writer_create(&host, path, &writer));
    must(fw_npz_writer_begin(writer, "x", FW_NPY_F4, shape, 1));
    refused(fw_npz_writer_begin(writer, "y", FW_NPY_F4, shape, 1), FW_E_ARG,
            "x.npy lacks 16 bytes");
    must(fw_npz_writer_append(writer, &item, sizeof item));
    refused(fw_npz_writer_finish(writer), FW_E_ARG, "x.npy lacks 12 bytes");
    assert_int_equal(access(beside, F_OK), -1);
    assert_true(access(path, F_OK) == 0);
    must(fw_npz_writer_create(&host, path, &writer));
    must(fw_npz_writer_text(writer, "x", ""));
    refused(fw_npz_writer_text(writer, "x", ""), FW_E_ARG, "\"x\"");
    refused(fw_npz_writer_text(writer, "y", "\xff"), FW_E_ARG, "not UTF-8");
    fw_npz_writer_destroy(writer);
    assert_int_equal(access(beside, F_OK), -1);
    refused(fw_npz_writer_create(&host, "/proc/none/a.npz", &writer), FW_E_IO, "cannot be written");
    free(path);
    free(beside);
}

static void says_that_the_disk_is_full(void **state)
{
    char *path = test_path(folder, "a.npz"), *beside = test_path(folder, "a.npz.tmp");
    struct fw_npz_writer *writer = NULL;
    (void)state;
    assert_int_equal(symlink("/dev/full", beside), 0);
    must(fw_npz_writer_create(&host, path, &writer));
    must(fw_npz_writer_text(writer, "x", "y"));
    refused(fw_npz_writer_finish(writer), FW_E_NOSPACE, "No space left");
    assert_int_equal(access(path, F_OK), -1);
    free(path);
    free(beside);
}

static void elements_are_as_wide_as_the_types(void **state)
{
    (void)state;
    for (enum fw_npy_type type = FW_NPY_OTHER; type <= FW_NPY_TEXT; type++) {
        const bool known =
            type != FW_NPY_OTHER && type != FW_NPY_TEXT && type != FW_NPY_U4 && type != FW_NPY_U8;
        const uint64_t bytes = fw_element_size(fw_npy_element(type));
        assert_int_equal(bytes, known ? fw_npy_type_bytes(type) : 0);
    }
    assert_int_equal(fw_npy_element(FW_NPY_F4), FW_F32);
    assert_int_equal(fw_npy_element(FW_NPY_C8), FW_C64);
    assert_int_equal(fw_npy_element(FW_NPY_BOOL), FW_BOOL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(reads_what_numpy_wrote),
        TEST(reads_the_shared_files_and_refuses_pickles),
        TEST(reads_a_range_as_the_whole_has_it),
        TEST(refuses_a_real_number_of_a_complex_one),
        TEST(refuses_an_archive_cut_short_anywhere),
        TEST(notices_a_bit_that_flipped_in_a_member),
        TEST(refuses_headers_that_are_none),
        TEST(refuses_a_file_that_is_not_there),
        TEST(reads_what_it_wrote),
        TEST(writes_the_same_bytes_again),
        TEST(writes_an_array_as_numpy_does),
        TEST(leaves_the_old_file_when_it_gives_up),
        TEST(says_that_the_disk_is_full),
        TEST(elements_are_as_wide_as_the_types),
    };
    return cmocka_run_group_tests_name("npy", tests, NULL, NULL);
}

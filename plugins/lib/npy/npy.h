/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_NPY_NPY_H
#define FW_LIB_NPY_NPY_H

#include <stddef.h>
#include <stdint.h>

#include <stdbool.h>

#include <fw/host.h>

/*
 * Arrays in NumPy's own files: .npz (a ZIP archive of .npy members, stored or deflated, with ZIP64)
 * and .npy alone. Little-endian numbers, booleans and text; what cannot be read (pickled objects,
 * records, big-endian numbers) is listed and refused only when it is asked for. No byte of a file
 * is believed before it is checked: a damaged one is FW_E_DATA with the member and the cause.
 */

#define FW_NPY_MAX_DIMS 32

enum fw_npy_type {
    FW_NPY_OTHER, /**< not readable; `descr` says what it is */
    FW_NPY_BOOL,
    FW_NPY_I1,
    FW_NPY_I2,
    FW_NPY_I4,
    FW_NPY_I8,
    FW_NPY_U1,
    FW_NPY_U2,
    FW_NPY_U4,
    FW_NPY_U8,
    FW_NPY_F4,
    FW_NPY_F8,
    FW_NPY_C8,  /**< two floats, real and imaginary */
    FW_NPY_C16, /**< two doubles */
    FW_NPY_TEXT /**< UTF-32, padded with zeros */
};

struct fw_npy_header {
    enum fw_npy_type type;
    char descr[32];    /**< as the file says it, cut short where it is longer */
    size_t item_bytes; /**< 0 of FW_NPY_OTHER */
    bool fortran;      /**< how the file lies; what is read is always row-major */
    unsigned n_dims;   /**< 0: one item */
    uint64_t shape[FW_NPY_MAX_DIMS];
    uint64_t n_items;
};

/** Bytes of one item, 0 of FW_NPY_OTHER and FW_NPY_TEXT. */
size_t fw_npy_type_bytes(enum fw_npy_type type);

/** "float32" and so on, for messages. */
const char *fw_npy_type_name(enum fw_npy_type type);

/** The same type as one of fw/element.h; 0: there is none. */
uint32_t fw_npy_element(enum fw_npy_type type);

/* --- reading --- */

struct fw_npz;
struct fw_npy;

/**
 * Opens an archive, or a .npy as an archive of one array called "". The directory is checked
 * here, a member when it is opened. FW_E_MISSING, FW_E_IO, FW_E_DATA. [any thread]
 */
fw_status fw_npz_open(const struct fw_host *host, const char *path, struct fw_npz **ret_npz);

/** Accepts NULL. Arrays opened from it are closed first. */
void fw_npz_close(struct fw_npz *npz);

/** How many arrays there are (members that are no .npy do not count), and their names. */
size_t fw_npz_n_arrays(const struct fw_npz *npz);
const char *fw_npz_name(const struct fw_npz *npz, size_t at);
bool fw_npz_has(const struct fw_npz *npz, const char *name);

/**
 * Opens one array and reads its header. FW_E_MISSING names the arrays that there are. An array
 * of a type that cannot be read opens too: reading it is FW_E_UNSUPPORTED.
 * One array is used by one thread at a time; several may be open at once. [any thread]
 */
fw_status fw_npy_open(const struct fw_npz *npz, const char *name, struct fw_npy **ret_npy);
void fw_npy_close(struct fw_npy *npy);
const struct fw_npy_header *fw_npy_header(const struct fw_npy *npy);

/**
 * Items [first, first + n) along the first axis, row-major, in the file's own type, into
 * `buffer` of n · (product of the other axes) · item_bytes; an array without axes has one item.
 * Nothing else is held in memory. Stored members are read where they lie; deflated ones forward,
 * so a range before the last one starts over. Each range of a Fortran-ordered array goes through
 * the whole member. The checksum of a stored member is not computed: fw_npy_check.
 */
fw_status fw_npy_read(struct fw_npy *npy, uint64_t first, uint64_t n, void *buffer);

/**
 * The same, as FW_NPY_F4, FW_NPY_F8, FW_NPY_C8 or FW_NPY_C16: any number to a wider one or to a
 * float; a complex number to a real one is FW_E_DATA.
 */
fw_status fw_npy_read_as(struct fw_npy *npy, enum fw_npy_type as, uint64_t first, uint64_t n,
                         void *buffer);

/** The whole array as `as`, after fw_npy_check; the caller frees. */
fw_status fw_npy_read_all(struct fw_npy *npy, enum fw_npy_type as, void **ret_items);

/** Text number `at` (in the file's order) as UTF-8; the caller frees. */
fw_status fw_npy_read_text(struct fw_npy *npy, uint64_t at, char **ret_text);

/** Reads the whole member and compares its checksum; FW_OK for a .npy, which has none. */
fw_status fw_npy_check(struct fw_npy *npy);

/* --- writing --- */

struct fw_npz_writer;

/**
 * Starts an archive beside `path`, stored, with the same bytes for the same calls. It replaces
 * `path` at fw_npz_writer_finish. [any thread]
 */
fw_status fw_npz_writer_create(const struct fw_host *host, const char *path,
                               struct fw_npz_writer **ret_writer);

/**
 * Starts an array; its items follow in one or more appends, row-major, exactly as many bytes as
 * the shape has. `type` is a number or a boolean. Names are unique, without ".npy".
 */
fw_status fw_npz_writer_begin(struct fw_npz_writer *writer, const char *name, enum fw_npy_type type,
                              const uint64_t *shape, unsigned n_dims);
fw_status fw_npz_writer_append(struct fw_npz_writer *writer, const void *bytes, size_t size);

/** An array without axes that holds a text. */
fw_status fw_npz_writer_text(struct fw_npz_writer *writer, const char *name, const char *utf8);

/** Writes the directory, flushes to the disk and renames. The writer is destroyed in any case. */
fw_status fw_npz_writer_finish(struct fw_npz_writer *writer);

/** Gives up: nothing stays behind. Accepts NULL. */
void fw_npz_writer_destroy(struct fw_npz_writer *writer);

/** One array as a .npy, atomically. */
fw_status fw_npy_write(const struct fw_host *host, const char *path,
                       const struct fw_npy_header *header, const void *items);

#endif

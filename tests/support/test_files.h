/* SPDX-License-Identifier: MIT */
#ifndef TEST_FILES_H
#define TEST_FILES_H

#include <stddef.h>

/*
 * Folders and files of a test. A test's own preparations do not fail softly: each of these prints
 * what went wrong and aborts.
 */

/** Makes an empty folder of the caller's own; pass it to test_folder_remove. */
char *test_folder_create(void);

/** Removes the folder with all it holds and frees the path. Accepts NULL. */
void test_folder_remove(char *folder);

/** FOLDER/formatted, the caller's to free. */
__attribute__((format(printf, 2, 3))) char *test_path(const char *folder, const char *format, ...);

/** Writes FOLDER/NAME, making the folders on the way. */
void test_file_write(const char *folder, const char *name, const char *text);

/** The whole file, NUL-terminated, the caller's to free; *ret_size may be NULL. */
char *test_file_read(const char *path, size_t *ret_size);

/**
 * Path of NAME in the shared real data: $FWRUN_SHARED/data, or ../shared/data beside the source
 * tree. NULL when that is not there: skip() then, after printing what is missing.
 */
char *test_shared_data(const char *name);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>

/*
 * A target is one file with LLVMFuzzerTestOneInput, which gives any bytes to one reader and claims
 * what must hold for all of them: no crash and no leak anyway, an error that says what and where,
 * and whatever was understood prints to something that reads the same.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/** A claim about the input at hand; ends the process when it does not hold. */
#define FUZZ_CHECK(claim) ((claim) ? (void)0 : fuzz_fail(__FILE__, __LINE__, #claim))
_Noreturn void fuzz_fail(const char *file, int line, const char *claim);

/** FOLDER/NAME in a folder of this process, which goes with it. Valid until the end. */
const char *fuzz_path(const char *name);

/** Puts a file there, whatever it was before. */
void fuzz_write(const char *path, const void *data, size_t size);

/** Splits an input at its first NUL: the text before it, and what comes after it. Freed by
 * fuzz_parts_finish. */
struct fuzz_parts {
    char *text;
    char *rest; /* "" when there is none; NUL-terminated too */
    size_t text_size, rest_size;
};
struct fuzz_parts fuzz_split(const uint8_t *data, size_t size);
void fuzz_parts_finish(struct fuzz_parts *parts);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef FW_CORE_PLUGIN_ELF_H
#define FW_CORE_PLUGIN_ELF_H

#include <stddef.h>
#include <stdint.h>

#include <stdbool.h>

#include "base/error.h"
#include "base/sha256.h"
#include "base/vec.h"
#include "fw/plugin.h"

/*
 * A shared object read as data: what the dynamic linker would map, in a buffer, with its pointers
 * pointing into that buffer, so that a plugin's description can be followed without running any
 * of its code. The file may be hostile: follow a pointer only after fw_elf_holds has agreed.
 * Functions cannot be called; a pointer to something outside the file reads as
 * FW_ELF_ELSEWHERE. Errors are FW_EXIT_PLUGIN and do not name the file. Any thread.
 */
struct fw_elf {
    unsigned char *memory; /* page-aligned, like the addresses in the file */
    uint64_t base;         /* the address in the file of memory[0] */
    uint64_t size;
    const struct fw_note *note;     /* inside memory, whole; NULL: the file has none */
    const struct fw_plugin *plugin; /* where the symbol fw_plugin_v1 points; NULL: no such symbol.
                                       Only its first FW_ELF_HEAD bytes are known to be there */
    struct fw_strings needed;       /* names of the libraries that it links to */
    char *runpath;                  /* where it looks for them, as written; NULL: nowhere special */
    char digest[FW_SHA256_TEXT]; /* over what is mapped, without build id and section headers: the
                                    same for a stripped file */
};

/* The part of struct fw_plugin that never changes: up to and with service_size. */
#define FW_ELF_HEAD (offsetof(struct fw_plugin, service_size) + sizeof(uint32_t))

/* What a pointer out of the file reads as: not NULL, and never held. */
#define FW_ELF_ELSEWHERE ((uint64_t)1)

/* Larger images are refused. */
#define FW_ELF_MAX_IMAGE ((uint64_t)1 << 31)

int fw_elf_read(const char *path, struct fw_elf *ret_elf, struct fw_error *err);
void fw_elf_finish(struct fw_elf *elf);

/* Whether `size` bytes at `at`, aligned to `align`, lie inside the image. */
bool fw_elf_holds(const struct fw_elf *elf, const void *at, uint64_t size, uint64_t align);

/* Whether a whole NUL-terminated text lies there. */
bool fw_elf_holds_text(const struct fw_elf *elf, const char *text);

/* The `size` bytes at an address of the file, or NULL. */
void *fw_elf_at(const struct fw_elf *elf, uint64_t address, uint64_t size);

/* For fw_elf_read: fills `needed`, `runpath` and `plugin` from the dynamic section at `address`,
 * and makes the pointers in the image point into it. */
int fw_elf_link(struct fw_elf *elf, uint64_t address, uint64_t size, struct fw_error *err);

#endif

/* SPDX-License-Identifier: MIT */
#include <elf.h>
#include <string.h>

#include "plugin/elf.h"

/* What the dynamic linker does to a plugin before it can be read, done to its image. */

#if defined(__x86_64__)
enum { RELOC_RELATIVE = R_X86_64_RELATIVE, RELOC_SYMBOL = R_X86_64_64 };
#elif defined(__aarch64__)
enum { RELOC_RELATIVE = R_AARCH64_RELATIVE, RELOC_SYMBOL = R_AARCH64_ABS64 };
#endif

/* elf.h of older systems lacks them. */
enum { TAG_RELR_SIZE = 35, TAG_RELR = 36 };

#define ENTRY_SYMBOL "fw_plugin_v1"

enum { MAX_SYMBOLS = 1 << 16 };

/* Values of the dynamic section by tag; 0 = absent. */
struct dynamic {
    uint64_t tags[TAG_RELR + 1];
};

static const char *text_at(const struct fw_elf *elf, const struct dynamic *dyn, uint64_t offset)
{
    const char *text =
        offset < dyn->tags[DT_STRSZ] ? fw_elf_at(elf, dyn->tags[DT_STRTAB] + offset, 1) : NULL;
    return text != NULL && fw_elf_holds_text(elf, text) ? text : NULL;
}

/* A table that the file says is at `address`: NULL unless all of it is there. Tables are laid
 * aligned, so one that is not is damaged too. */
static const void *table_at(const struct fw_elf *elf, uint64_t address, uint64_t size)
{
    const void *table = fw_elf_at(elf, address, size);
    return fw_elf_holds(elf, table, size, _Alignof(uint64_t)) ? table : NULL;
}

static const Elf64_Sym *symbol_at(const struct fw_elf *elf, const struct dynamic *dyn,
                                  uint64_t index)
{
    return table_at(elf, dyn->tags[DT_SYMTAB] + index * sizeof(Elf64_Sym), sizeof(Elf64_Sym));
}

/* Finds the entry symbol. Nothing says how many symbols there are, but their names are laid after
 * them; where they are not, the first so many have to do, and a plugin has few. */
static int find_plugin(struct fw_elf *elf, const struct dynamic *dyn, struct fw_error *err)
{
    const uint64_t symbols = dyn->tags[DT_SYMTAB];
    const uint64_t names = dyn->tags[DT_STRTAB];
    const uint64_t n = names > symbols ? (names - symbols) / sizeof(Elf64_Sym) : MAX_SYMBOLS;
    const Elf64_Sym *symbol;
    for (uint64_t i = 1; i < n && (symbol = symbol_at(elf, dyn, i)) != NULL; i++) {
        const char *name = text_at(elf, dyn, symbol->st_name);
        if (symbol->st_shndx == SHN_UNDEF || name == NULL || strcmp(name, ENTRY_SYMBOL) != 0) {
            continue;
        }
        elf->plugin = table_at(elf, symbol->st_value, FW_ELF_HEAD);
        return elf->plugin != NULL
                   ? 0
                   : fw_error_set(err, FW_EXIT_PLUGIN,
                                  "its symbol " ENTRY_SYMBOL " points outside of what is loaded");
    }
    return 0;
}

/* The pointer that stands for an address of the file. */
static uint64_t pointer_to(const struct fw_elf *elf, uint64_t address)
{
    const void *at = fw_elf_at(elf, address, 0);
    return at == NULL ? FW_ELF_ELSEWHERE : (uint64_t)(uintptr_t)at;
}

static int damaged(struct fw_error *err)
{
    return fw_error_set(err, FW_EXIT_PLUGIN, "its relocations point outside of what is loaded");
}

static bool put(const struct fw_elf *elf, uint64_t address, uint64_t value)
{
    void *slot = fw_elf_at(elf, address, sizeof value);
    if (slot != NULL) {
        memcpy(slot, &value, sizeof value);
    }
    return slot != NULL;
}

/* Of the relocations only those matter that make a pointer in constant data. */
static int apply_rela(struct fw_elf *elf, const struct dynamic *dyn, struct fw_error *err)
{
    const uint64_t n = dyn->tags[DT_RELASZ] / sizeof(Elf64_Rela);
    const Elf64_Rela *table = table_at(elf, dyn->tags[DT_RELA], n * sizeof *table);
    if (table == NULL) {
        return n > 0 ? damaged(err) : 0;
    }
    for (const Elf64_Rela *rela = table; rela < table + n; rela++) {
        const uint32_t type = ELF64_R_TYPE(rela->r_info);
        const Elf64_Sym *symbol = symbol_at(elf, dyn, ELF64_R_SYM(rela->r_info));
        if (type != RELOC_SYMBOL && type != RELOC_RELATIVE) {
            continue;
        }
        if (symbol == NULL) {
            return damaged(err);
        }
        const bool away = type == RELOC_SYMBOL && symbol->st_shndx == SHN_UNDEF;
        const uint64_t base = type == RELOC_SYMBOL ? symbol->st_value : 0;
        if (!put(elf, rela->r_offset,
                 away ? FW_ELF_ELSEWHERE : pointer_to(elf, base + (uint64_t)rela->r_addend))) {
            return damaged(err);
        }
    }
    return 0;
}

static bool rebase(const struct fw_elf *elf, uint64_t address)
{
    const uint64_t *slot = table_at(elf, address, sizeof *slot);
    return slot != NULL && put(elf, address, pointer_to(elf, *slot));
}

/* The compact form: an even word is an address to rebase; an odd one says, bit by bit, which of
 * the 63 words after it are. */
static int apply_relr(struct fw_elf *elf, const struct dynamic *dyn, struct fw_error *err)
{
    const uint64_t n = dyn->tags[TAG_RELR_SIZE] / sizeof(uint64_t);
    const uint64_t *table = table_at(elf, dyn->tags[TAG_RELR], n * sizeof *table);
    uint64_t next = 0;
    for (uint64_t i = 0; i < n && table != NULL; i++) {
        if ((table[i] & 1) == 0) {
            if (!rebase(elf, table[i])) {
                return damaged(err);
            }
            next = table[i] + 8;
            continue;
        }
        for (uint64_t bit = 0; bit < 63; bit++) {
            if ((table[i] >> (bit + 1) & 1) != 0 && !rebase(elf, next + bit * 8)) {
                return damaged(err);
            }
        }
        next += (uint64_t)63 * 8;
    }
    return n > 0 && table == NULL ? damaged(err) : 0;
}

static int malformed(struct fw_error *err)
{
    return fw_error_set(err, FW_EXIT_PLUGIN, "its dynamic section is malformed");
}

static int take_name(struct fw_elf *elf, const struct dynamic *dyn, const Elf64_Dyn *entry,
                     struct fw_error *err)
{
    const bool path =
        entry->d_tag == DT_RUNPATH || (entry->d_tag == DT_RPATH && dyn->tags[DT_RUNPATH] == 0);
    if (!path && entry->d_tag != DT_NEEDED) {
        return 0;
    }
    const char *text = text_at(elf, dyn, entry->d_un.d_val);
    if (text == NULL) {
        return malformed(err);
    }
    if (!path) {
        return fw_strings_add(&elf->needed, text) == 0 ? 0 : fw_error_oom(err);
    }
    free(elf->runpath);
    elf->runpath = strdup(text);
    return elf->runpath == NULL ? fw_error_oom(err) : 0;
}

static int read_dynamic(struct fw_elf *elf, uint64_t address, uint64_t size, struct dynamic *dyn,
                        struct fw_error *err)
{
    const Elf64_Dyn *table = table_at(elf, address, size);
    const uint64_t n = table == NULL ? 0 : size / sizeof *table;
    for (uint64_t i = 0; i < n && table[i].d_tag != DT_NULL; i++) {
        if (table[i].d_tag > 0 && table[i].d_tag <= TAG_RELR) {
            dyn->tags[table[i].d_tag] = table[i].d_un.d_val;
        }
    }
    /* Names are offsets into one of the values. */
    for (uint64_t i = 0; i < n && table[i].d_tag != DT_NULL; i++) {
        if (take_name(elf, dyn, &table[i], err) != 0) {
            return -1;
        }
    }
    return table == NULL ? malformed(err) : 0;
}

int fw_elf_link(struct fw_elf *elf, uint64_t address, uint64_t size, struct fw_error *err)
{
    struct dynamic dyn = {0};
    if (read_dynamic(elf, address, size, &dyn, err) != 0 || apply_rela(elf, &dyn, err) != 0 ||
        apply_relr(elf, &dyn, err) != 0) {
        return -1;
    }
    return find_plugin(elf, &dyn, err);
}

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

/* Values of the dynamic section by tag; 0 = absent. */
struct dynamic {
    uint64_t tags[TAG_RELR + 1];
    uint64_t gnu_hash;
};

static const char *text_at(const struct fw_elf *elf, const struct dynamic *dyn, uint64_t offset)
{
    const char *text =
        offset < dyn->tags[DT_STRSZ] ? fw_elf_at(elf, dyn->tags[DT_STRTAB] + offset, 1) : NULL;
    return text != NULL && fw_elf_holds_text(elf, text) ? text : NULL;
}

static bool symbol_at(const struct fw_elf *elf, const struct dynamic *dyn, uint64_t index,
                      Elf64_Sym *ret)
{
    const void *at = fw_elf_at(elf, dyn->tags[DT_SYMTAB] + index * sizeof *ret, sizeof *ret);
    if (at != NULL) {
        memcpy(ret, at, sizeof *ret);
    }
    return at != NULL;
}

static uint32_t word_at(const struct fw_elf *elf, uint64_t address)
{
    uint32_t word = 0;
    const void *at = fw_elf_at(elf, address, sizeof word);
    if (at != NULL) {
        memcpy(&word, at, sizeof word);
    }
    return word;
}

static bool is_entry(const struct fw_elf *elf, const struct dynamic *dyn, uint64_t index,
                     Elf64_Sym *ret)
{
    if (!symbol_at(elf, dyn, index, ret) || ret->st_shndx == SHN_UNDEF) {
        return false;
    }
    const char *name = text_at(elf, dyn, ret->st_name);
    return name != NULL && strcmp(name, ENTRY_SYMBOL) == 0;
}

static bool find_gnu(const struct fw_elf *elf, const struct dynamic *dyn, Elf64_Sym *ret)
{
    const uint32_t n_buckets = word_at(elf, dyn->gnu_hash);
    const uint32_t first = word_at(elf, dyn->gnu_hash + 4);
    const uint64_t n_bloom = word_at(elf, dyn->gnu_hash + 8);
    const uint64_t buckets = dyn->gnu_hash + 16 + n_bloom * 8;
    const uint64_t chain = buckets + (uint64_t)n_buckets * 4;
    uint32_t hash = 5381;
    for (const char *c = ENTRY_SYMBOL; *c != '\0'; c++) {
        hash = hash * 33 + (unsigned char)*c;
    }
    if (n_buckets == 0) {
        return false;
    }
    uint64_t index = word_at(elf, buckets + (uint64_t)(hash % n_buckets) * 4);
    if (index < first) {
        return false;
    }
    /* The chain ends at a set low bit, or where the image does. */
    for (;; index++) {
        const uint64_t at = chain + (index - first) * 4;
        const uint32_t here = word_at(elf, at);
        if ((here | 1) == (hash | 1) && is_entry(elf, dyn, index, ret)) {
            return true;
        }
        if ((here & 1) != 0 || fw_elf_at(elf, at, 4) == NULL) {
            return false;
        }
    }
}

static bool find_sysv(const struct fw_elf *elf, const struct dynamic *dyn, Elf64_Sym *ret)
{
    /* All symbols are looked at: a plugin exports next to none. */
    const uint32_t n = word_at(elf, dyn->tags[DT_HASH] + 4);
    for (uint32_t i = 1; i < n && symbol_at(elf, dyn, i, ret); i++) {
        if (is_entry(elf, dyn, i, ret)) {
            return true;
        }
    }
    return false;
}

static int find_plugin(struct fw_elf *elf, const struct dynamic *dyn, struct fw_error *err)
{
    Elf64_Sym symbol;
    if (!(dyn->gnu_hash != 0 && find_gnu(elf, dyn, &symbol)) &&
        !(dyn->tags[DT_HASH] != 0 && find_sysv(elf, dyn, &symbol))) {
        return 0;
    }
    const void *plugin = fw_elf_at(elf, symbol.st_value, FW_ELF_HEAD);
    if (plugin == NULL || !fw_elf_holds(elf, plugin, FW_ELF_HEAD, _Alignof(struct fw_plugin))) {
        return fw_error_set(err, FW_EXIT_PLUGIN,
                            "its symbol " ENTRY_SYMBOL " points outside of what is loaded");
    }
    elf->plugin = plugin;
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

/* Of the relocations only those matter that make a pointer in constant data. */
static int apply_rela(struct fw_elf *elf, const struct dynamic *dyn, struct fw_error *err)
{
    const uint64_t n = dyn->tags[DT_RELASZ] / sizeof(Elf64_Rela);
    const unsigned char *table = fw_elf_at(elf, dyn->tags[DT_RELA], n * sizeof(Elf64_Rela));
    if (dyn->tags[DT_RELASZ] > elf->size || (n > 0 && table == NULL)) {
        return damaged(err);
    }
    for (uint64_t i = 0; i < n; i++) {
        Elf64_Rela rela;
        Elf64_Sym symbol = {0};
        memcpy(&rela, table + i * sizeof rela, sizeof rela);
        uint64_t value = pointer_to(elf, (uint64_t)rela.r_addend);
        if (ELF64_R_TYPE(rela.r_info) == RELOC_SYMBOL) {
            if (!symbol_at(elf, dyn, ELF64_R_SYM(rela.r_info), &symbol)) {
                return damaged(err);
            }
            value = symbol.st_shndx == SHN_UNDEF
                        ? FW_ELF_ELSEWHERE
                        : pointer_to(elf, symbol.st_value + (uint64_t)rela.r_addend);
        } else if (ELF64_R_TYPE(rela.r_info) != RELOC_RELATIVE) {
            continue;
        }
        void *slot = fw_elf_at(elf, rela.r_offset, sizeof value);
        if (slot == NULL) {
            return damaged(err);
        }
        memcpy(slot, &value, sizeof value);
    }
    return 0;
}

static bool rebase(const struct fw_elf *elf, uint64_t address)
{
    uint64_t value;
    void *slot = fw_elf_at(elf, address, sizeof value);
    if (slot != NULL) {
        memcpy(&value, slot, sizeof value);
        value = pointer_to(elf, value);
        memcpy(slot, &value, sizeof value);
    }
    return slot != NULL;
}

/* The compact form: an even word is an address to rebase; an odd one says, bit by bit, which of
 * the 63 words after it are. */
static int apply_relr(struct fw_elf *elf, const struct dynamic *dyn, struct fw_error *err)
{
    const uint64_t n = dyn->tags[TAG_RELR_SIZE] / 8;
    const unsigned char *table = fw_elf_at(elf, dyn->tags[TAG_RELR], n * 8);
    if (dyn->tags[TAG_RELR_SIZE] > elf->size || (n > 0 && table == NULL)) {
        return damaged(err);
    }
    uint64_t next = 0;
    for (uint64_t i = 0; i < n; i++) {
        uint64_t word;
        memcpy(&word, table + i * 8, sizeof word);
        if ((word & 1) == 0) {
            if (!rebase(elf, word)) {
                return damaged(err);
            }
            next = word + 8;
            continue;
        }
        for (uint64_t bit = 0; bit < 63; bit++) {
            if ((word >> (bit + 1) & 1) != 0 && !rebase(elf, next + bit * 8)) {
                return damaged(err);
            }
        }
        next += 63 * 8;
    }
    return 0;
}

/* Calls `each` for every entry until the end mark. */
static int walk(struct fw_elf *elf, uint64_t address, uint64_t size, struct dynamic *dyn,
                int (*each)(struct fw_elf *, const Elf64_Dyn *, struct dynamic *))
{
    for (uint64_t i = 0; i < size / sizeof(Elf64_Dyn); i++) {
        Elf64_Dyn entry;
        const void *at = fw_elf_at(elf, address + i * sizeof entry, sizeof entry);
        if (at == NULL) {
            return -1;
        }
        memcpy(&entry, at, sizeof entry);
        if (entry.d_tag == DT_NULL) {
            return 0;
        }
        if (each(elf, &entry, dyn) != 0) {
            return -1;
        }
    }
    return 0;
}

static int take_value(struct fw_elf *elf, const Elf64_Dyn *entry, struct dynamic *dyn)
{
    (void)elf;
    if (entry->d_tag == DT_GNU_HASH) {
        dyn->gnu_hash = entry->d_un.d_ptr;
    } else if (entry->d_tag > 0 && entry->d_tag <= TAG_RELR) {
        dyn->tags[entry->d_tag] = entry->d_un.d_val;
    }
    return 0;
}

/* After all values are known, since names are offsets into DT_STRTAB. */
static int take_name(struct fw_elf *elf, const Elf64_Dyn *entry, struct dynamic *dyn)
{
    const bool path =
        entry->d_tag == DT_RUNPATH || (entry->d_tag == DT_RPATH && dyn->tags[DT_RUNPATH] == 0);
    if (!path && entry->d_tag != DT_NEEDED) {
        return 0;
    }
    const char *text = text_at(elf, dyn, entry->d_un.d_val);
    if (text == NULL) {
        return -1;
    }
    if (!path) {
        return fw_strings_add(&elf->needed, text);
    }
    free(elf->runpath);
    elf->runpath = strdup(text);
    return elf->runpath == NULL ? -1 : 0;
}

int fw_elf_link(struct fw_elf *elf, uint64_t address, uint64_t size, struct fw_error *err)
{
    struct dynamic dyn = {0};
    if (walk(elf, address, size, &dyn, take_value) != 0 ||
        walk(elf, address, size, &dyn, take_name) != 0) {
        return fw_error_set(err, FW_EXIT_PLUGIN, "its dynamic section is malformed");
    }
    if (apply_rela(elf, &dyn, err) != 0 || apply_relr(elf, &dyn, err) != 0) {
        return -1;
    }
    return find_plugin(elf, &dyn, err);
}

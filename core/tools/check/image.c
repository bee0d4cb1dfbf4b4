/* SPDX-License-Identifier: MIT */
#include "image.h"

#include <elf.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"
#include "base/str.h"
#include "plugin/descriptor.h"

enum { MAX_SYMBOLS = 1 << 16, MAX_SEGMENTS = 64 };

/* The dynamic section, as far as it matters here. */
struct dynamic {
    uint64_t symbols, names, flags, flags_1, init_bytes, fini_bytes;
    bool text_relocations, bind_now, preinit;
};

static void take(struct dynamic *dyn, const Elf64_Dyn *entry)
{
    const uint64_t value = entry->d_un.d_val;
    switch (entry->d_tag) {
    case DT_SYMTAB:
        dyn->symbols = value;
        break;
    case DT_STRTAB:
        dyn->names = value;
        break;
    case DT_FLAGS:
        dyn->flags = value;
        break;
    case DT_FLAGS_1:
        dyn->flags_1 = value;
        break;
    case DT_INIT_ARRAYSZ:
        dyn->init_bytes = value;
        break;
    case DT_FINI_ARRAYSZ:
        dyn->fini_bytes = value;
        break;
    case DT_TEXTREL:
        dyn->text_relocations = true;
        break;
    case DT_BIND_NOW:
        dyn->bind_now = true;
        break;
    case DT_PREINIT_ARRAY:
        dyn->preinit = true;
        break;
    default:
        break;
    }
}

/* The file's own program headers: they need not be among what is mapped. */
static size_t read_segments(const char *path, Elf64_Phdr segments[MAX_SEGMENTS])
{
    Elf64_Ehdr header;
    fw_auto(close) int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || pread(fd, &header, sizeof header, 0) != (ssize_t)sizeof header ||
        header.e_phnum > MAX_SEGMENTS) {
        return 0;
    }
    const size_t bytes = header.e_phnum * sizeof *segments;
    return pread(fd, segments, bytes, (off_t)header.e_phoff) == (ssize_t)bytes ? header.e_phnum : 0;
}

static void check_link(const struct dynamic *dyn, struct fw_report *report)
{
    if (!dyn->bind_now && !(dyn->flags & DF_BIND_NOW) && !(dyn->flags_1 & DF_1_NOW)) {
        fw_report_finding(report, FW_FINDING_BINDS_LAZILY,
                          "its dynamic section has neither DF_BIND_NOW nor DF_1_NOW: a symbol that "
                          "is missing would end a run in its middle");
    }
    if (dyn->text_relocations || (dyn->flags & DF_TEXTREL)) {
        fw_report_finding(report, FW_FINDING_TEXT_RELOCATIONS,
                          "its dynamic section has DT_TEXTREL, expected none");
    }
    /* The toolchain puts one function of its own into each of the two. */
    if (dyn->init_bytes > sizeof(void *) || dyn->fini_bytes > sizeof(void *) || dyn->preinit) {
        fw_report_finding(report, FW_FINDING_CONSTRUCTORS,
                          "it has %llu constructors and %llu destructors, expected at most the "
                          "compiler's own one of each",
                          (unsigned long long)(dyn->init_bytes / sizeof(void *)),
                          (unsigned long long)(dyn->fini_bytes / sizeof(void *)));
    }
}

static void add_name(struct fw_str *list, unsigned n, const char *name)
{
    if (n <= 5) {
        fw_str_printf(list, "%s%s", n == 1 ? "" : ", ", n == 5 ? "..." : name);
    }
}

/* Names are laid after the symbols, as core/plugin/elf_link.c says of them. */
static void check_symbols(const struct fw_elf *elf, const struct dynamic *dyn,
                          struct fw_report *report)
{
    fw_auto(str) struct fw_str more = {0};
    fw_auto(str) struct fw_str unique = {0};
    unsigned n_more = 0, n_unique = 0;
    const uint64_t n =
        dyn->names > dyn->symbols ? (dyn->names - dyn->symbols) / sizeof(Elf64_Sym) : MAX_SYMBOLS;
    const Elf64_Sym *symbol;
    for (uint64_t i = 1;
         i < n && (symbol = fw_elf_at(elf, dyn->symbols + i * sizeof *symbol, sizeof *symbol));
         i++) {
        const char *name = fw_elf_at(elf, dyn->names + symbol->st_name, 1);
        const unsigned bind = ELF64_ST_BIND(symbol->st_info);
        if (symbol->st_shndx == SHN_UNDEF || bind == STB_LOCAL || !name ||
            !fw_elf_holds_text(elf, name)) {
            continue;
        }
        if (bind == STB_GNU_UNIQUE) {
            add_name(&unique, ++n_unique, name);
        } else if (strcmp(name, "fw_plugin_v1") != 0) {
            add_name(&more, ++n_more, name);
        }
    }
    if (n_more > 0) {
        fw_report_finding(report, FW_FINDING_EXPORTS, "it exports %u more symbol%s: %s", n_more,
                          n_more == 1 ? "" : "s", more.text ? more.text : "");
    }
    if (n_unique > 0) {
        fw_report_finding(report, FW_FINDING_UNIQUE_SYMBOLS, "it has %u of them: %s", n_unique,
                          unique.text ? unique.text : "");
    }
}

static const char *path_fault(const char *folder)
{
    struct stat st;
    if (*folder == '\0') {
        return "is empty, which means the current directory";
    }
    if (strncmp(folder, "$ORIGIN", 7) == 0 || strncmp(folder, "${ORIGIN}", 9) == 0) {
        return NULL;
    }
    if (*folder != '/') {
        return "is relative to wherever fwrun is started";
    }
    return stat(folder, &st) == 0 && (st.st_mode & S_IWOTH)
               ? "can be written by everybody, who could put a library there"
               : NULL;
}

static void check_run_path(const char *runpath, struct fw_report *report)
{
    fw_auto(free) char *copy = runpath ? strdup(runpath) : NULL;
    char *rest = copy;
    for (const char *item; rest && (item = strsep(&rest, ":;"));) {
        const char *fault = path_fault(item);
        if (fault) {
            fw_report_finding(report, FW_FINDING_RUN_PATH, "the entry \"%s\" of \"%s\" %s", item,
                              runpath, fault);
        }
    }
}

static void check_elf(const struct fw_registry_entry *entry, struct fw_report *report)
{
    Elf64_Phdr segments[MAX_SEGMENTS];
    const size_t n = read_segments(entry->path, segments);
    struct dynamic dyn = {0};
    for (size_t i = 0; i < n; i++) {
        const Elf64_Phdr *s = &segments[i];
        if (s->p_type == PT_GNU_STACK && (s->p_flags & PF_X)) {
            fw_report_finding(report, FW_FINDING_EXECUTABLE_STACK,
                              "its PT_GNU_STACK has flags 0x%x, expected 0x%x (read and write)",
                              s->p_flags, PF_R | PF_W);
        }
        const Elf64_Dyn *list =
            s->p_type == PT_DYNAMIC ? fw_elf_at(&entry->elf, s->p_vaddr, s->p_memsz) : NULL;
        for (size_t k = 0; list && k < s->p_memsz / sizeof *list && list[k].d_tag != DT_NULL; k++) {
            take(&dyn, &list[k]);
        }
    }
    check_link(&dyn, report);
    check_symbols(&entry->elf, &dyn, report);
    check_run_path(entry->elf.runpath, report);
}

/* What the registry said about a file that it will not have, sorted by what is wrong. */
static enum fw_finding kind_of(const struct fw_registry_entry *entry)
{
    const struct fw_elf *elf = &entry->elf;
    return !elf->memory                                     ? FW_FINDING_UNREADABLE
           : !elf->plugin                                   ? FW_FINDING_NO_SYMBOL
           : !elf->note                                     ? FW_FINDING_NO_NOTE
           : strstr(entry->reason, "disagree")              ? FW_FINDING_NOTE_DIFFERS
           : strstr(entry->reason, "another plugin interf") ? FW_FINDING_OTHER_ABI
                                                            : FW_FINDING_DESCRIPTOR;
}

bool fw_image_check(const struct fw_registry_entry *entry, struct fw_report *report)
{
    struct fw_error err;
    fw_report_done(report, "how it is linked, what it exports and says about itself");
    if (entry->reason) {
        fw_report_finding(report, kind_of(entry), "%s", entry->reason);
        return false;
    }
    check_elf(entry, report);
    if (fw_registry_check_libraries(entry, &err) < 0) {
        fw_report_finding(report, FW_FINDING_MISSING_LIBRARY, "%s", err.text);
        return false;
    }
    return true;
}

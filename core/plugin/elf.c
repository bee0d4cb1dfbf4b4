/* SPDX-License-Identifier: MIT */
#include "plugin/elf.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"

#if defined(__x86_64__)
#    define THIS_MACHINE EM_X86_64
#elif defined(__aarch64__)
#    define THIS_MACHINE EM_AARCH64
#else
#    error "plugins are read on x86_64 and aarch64 only"
#endif

enum { MAX_SEGMENTS = 64, PAGE = 4096 };

struct reader {
    int fd;
    struct fw_elf *elf;
    Elf64_Ehdr header;
    Elf64_Phdr segments[MAX_SEGMENTS];
};

bool fw_elf_holds(const struct fw_elf *elf, const void *at, uint64_t size, uint64_t align)
{
    uintptr_t start = (uintptr_t)elf->memory;
    uintptr_t from = (uintptr_t)at;
    return from >= start && from - start <= elf->size && size <= elf->size - (from - start) &&
           from % align == 0;
}

bool fw_elf_holds_text(const struct fw_elf *elf, const char *text)
{
    return fw_elf_holds(elf, text, 1, 1) &&
           memchr(text, '\0', elf->size - ((uintptr_t)text - (uintptr_t)elf->memory)) != NULL;
}

void *fw_elf_at(const struct fw_elf *elf, uint64_t address, uint64_t size)
{
    uint64_t offset = address - elf->base;
    return address >= elf->base && offset <= elf->size && size <= elf->size - offset
               ? elf->memory + offset
               : NULL;
}

static int read_exactly(int fd, void *into, uint64_t size, uint64_t offset, struct fw_error *err)
{
    for (uint64_t done = 0; done < size;) {
        ssize_t n = pread(fd, (char *)into + done, size - done, (off_t)(offset + done));
        if (n == 0) {
            return fw_error_set(err, FW_EXIT_PLUGIN,
                                "the file is truncated: it should have %llu bytes at offset %llu",
                                (unsigned long long)size, (unsigned long long)offset);
        }
        if (n < 0 && errno != EINTR) {
            return fw_error_errno(err, FW_EXIT_PLUGIN, "cannot be read");
        }
        done += n < 0 ? 0 : (uint64_t)n;
    }
    return 0;
}

static int read_header(struct reader *r, struct fw_error *err)
{
    Elf64_Ehdr *h = &r->header;
    char magic[SELFMAG];
    struct stat st;
    if (fstat(r->fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        return fw_error_set(err, FW_EXIT_PLUGIN, "is not a regular file");
    }
    if (st.st_size < SELFMAG || read_exactly(r->fd, magic, SELFMAG, 0, err) != 0 ||
        memcmp(magic, ELFMAG, SELFMAG) != 0) {
        return fw_error_set(err, FW_EXIT_PLUGIN,
                            "is not a shared object: it does not begin with the ELF magic");
    }
    if (read_exactly(r->fd, h, sizeof *h, 0, err) != 0) {
        return -1;
    }
    if (h->e_ident[EI_CLASS] != ELFCLASS64 || h->e_ident[EI_DATA] != ELFDATA2LSB ||
        h->e_machine != THIS_MACHINE) {
        return fw_error_set(err, FW_EXIT_PLUGIN,
                            "is built for another machine: ELF class %d, data %d, machine %d, "
                            "expected %d, %d, %d",
                            h->e_ident[EI_CLASS], h->e_ident[EI_DATA], h->e_machine, ELFCLASS64,
                            ELFDATA2LSB, THIS_MACHINE);
    }
    if (h->e_type != ET_DYN || h->e_phentsize != sizeof *r->segments || h->e_phnum == 0 ||
        h->e_phnum > MAX_SEGMENTS) {
        return fw_error_set(err, FW_EXIT_PLUGIN,
                            "is not a shared object: ELF type %d with %d segments of %d bytes",
                            h->e_type, h->e_phnum, h->e_phentsize);
    }
    return read_exactly(r->fd, r->segments, h->e_phnum * sizeof *r->segments, h->e_phoff, err);
}

/* Finds the span of all loaded segments and makes the empty buffer for it. */
static int reserve(struct reader *r, struct fw_error *err)
{
    uint64_t low = UINT64_MAX;
    uint64_t high = 0;
    for (unsigned i = 0; i < r->header.e_phnum; i++) {
        const Elf64_Phdr *s = &r->segments[i];
        if (s->p_type != PT_LOAD) {
            continue;
        }
        if (s->p_filesz > s->p_memsz || s->p_vaddr > UINT64_MAX - s->p_memsz) {
            return fw_error_set(err, FW_EXIT_PLUGIN, "segment %u is malformed", i);
        }
        low = s->p_vaddr < low ? s->p_vaddr : low;
        high = s->p_vaddr + s->p_memsz > high ? s->p_vaddr + s->p_memsz : high;
    }
    low -= low % PAGE;
    if (high <= low || high - low > FW_ELF_MAX_IMAGE) {
        return fw_error_set(err, FW_EXIT_PLUGIN,
                            "nothing, or more than %llu bytes, would be mapped",
                            (unsigned long long)FW_ELF_MAX_IMAGE);
    }
    void *memory = mmap(NULL, high - low, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) {
        return fw_error_oom(err);
    }
    *r->elf = (struct fw_elf){.memory = memory, .base = low, .size = high - low};
    return 0;
}

static int read_segments(struct reader *r, struct fw_error *err)
{
    for (unsigned i = 0; i < r->header.e_phnum; i++) {
        const Elf64_Phdr *s = &r->segments[i];
        void *into = s->p_type == PT_LOAD ? fw_elf_at(r->elf, s->p_vaddr, s->p_filesz) : NULL;
        if (into != NULL && read_exactly(r->fd, into, s->p_filesz, s->p_offset, err) != 0) {
            return -1;
        }
    }
    return 0;
}

static int take_note(struct fw_elf *elf, const Elf64_Nhdr *head, unsigned char *name,
                     unsigned char *desc, struct fw_error *err)
{
    if (head->n_namesz == 4 && memcmp(name, "GNU", 4) == 0 && head->n_type == NT_GNU_BUILD_ID) {
        memset(desc, 0, head->n_descsz);
    }
    if (head->n_namesz != sizeof FW_NOTE_NAME || elf->note != NULL ||
        memcmp(name, FW_NOTE_NAME, sizeof FW_NOTE_NAME) != 0 || head->n_type != FW_NOTE_TYPE) {
        return 0;
    }
    const unsigned char *note = name - offsetof(struct fw_note, name);
    if (desc - note != offsetof(struct fw_note, magic) ||
        head->n_descsz < sizeof(struct fw_note) - offsetof(struct fw_note, magic) ||
        !fw_elf_holds(elf, note, sizeof(struct fw_note), _Alignof(struct fw_note))) {
        return fw_error_set(err, FW_EXIT_PLUGIN, "its note .note.fwrun has %u bytes, expected %zu",
                            head->n_descsz,
                            sizeof(struct fw_note) - offsetof(struct fw_note, magic));
    }
    elf->note = (const struct fw_note *)(const void *)note;
    return 0;
}

/* Walks one segment of notes: finds ours, and blanks the build id, which says how a file came to
 * be and not what it does. */
static int read_notes(struct fw_elf *elf, const Elf64_Phdr *s, struct fw_error *err)
{
    const uint64_t align = s->p_align == 8 ? 8 : 4;
    uint64_t at = 0;
    while (at < s->p_memsz && s->p_memsz - at >= sizeof(Elf64_Nhdr)) {
        Elf64_Nhdr head;
        const void *from = fw_elf_at(elf, s->p_vaddr + at, sizeof head);
        if (from == NULL) {
            return fw_error_set(err, FW_EXIT_PLUGIN, "its notes lie outside of what is loaded");
        }
        memcpy(&head, from, sizeof head);
        uint64_t desc = (sizeof head + head.n_namesz + align - 1) / align * align;
        uint64_t size = (desc + head.n_descsz + align - 1) / align * align;
        unsigned char *whole = fw_elf_at(elf, s->p_vaddr + at, desc + head.n_descsz);
        if (whole == NULL || size > s->p_memsz - at + align) {
            return fw_error_set(err, FW_EXIT_PLUGIN, "a note is longer than its segment");
        }
        if (take_note(elf, &head, whole + sizeof head, whole + desc, err) != 0) {
            return -1;
        }
        at += size;
    }
    return 0;
}

/* Section headers are not loaded but the file header says where they are, which stripping and
 * debug information change. */
static void blank_section_headers(struct reader *r)
{
    for (unsigned i = 0; i < r->header.e_phnum; i++) {
        const Elf64_Phdr *s = &r->segments[i];
        if (s->p_type == PT_LOAD && s->p_offset == 0 && s->p_filesz >= sizeof(Elf64_Ehdr)) {
            Elf64_Ehdr header = r->header;
            header.e_shoff = 0;
            header.e_shnum = header.e_shstrndx = 0;
            memcpy(fw_elf_at(r->elf, s->p_vaddr, sizeof header), &header, sizeof header);
        }
    }
}

static void digest(struct reader *r)
{
    struct fw_sha256 sha;
    fw_sha256_init(&sha);
    for (unsigned i = 0; i < r->header.e_phnum; i++) {
        const Elf64_Phdr *s = &r->segments[i];
        if (s->p_type == PT_LOAD) {
            const uint64_t head[] = {s->p_vaddr, s->p_filesz, s->p_memsz, s->p_flags};
            fw_sha256_update(&sha, head, sizeof head);
            fw_sha256_update(&sha, fw_elf_at(r->elf, s->p_vaddr, s->p_filesz), s->p_filesz);
        }
    }
    fw_sha256_final(&sha, r->elf->digest);
}

static int read_image(struct reader *r, struct fw_error *err)
{
    if (read_segments(r, err) != 0) {
        return -1;
    }
    const Elf64_Phdr *dynamic = NULL;
    for (unsigned i = 0; i < r->header.e_phnum; i++) {
        const Elf64_Phdr *s = &r->segments[i];
        if (s->p_type == PT_DYNAMIC) {
            dynamic = s;
        } else if (s->p_type == PT_NOTE && read_notes(r->elf, s, err) != 0) {
            return -1;
        }
    }
    blank_section_headers(r);
    digest(r);
    if (dynamic == NULL) {
        return fw_error_set(err, FW_EXIT_PLUGIN, "is not a shared object: no dynamic section");
    }
    /* Only now, since linking writes addresses of this process into the image. */
    return fw_elf_link(r->elf, dynamic->p_vaddr, dynamic->p_memsz, err);
}

int fw_elf_read(const char *path, struct fw_elf *ret_elf, struct fw_error *err)
{
    fw_auto(close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        return fw_error_errno(err, FW_EXIT_PLUGIN, "cannot be opened");
    }
    struct fw_elf elf = {0};
    struct reader r = {.fd = fd, .elf = &elf};
    if (read_header(&r, err) != 0 || reserve(&r, err) != 0 || read_image(&r, err) != 0) {
        fw_elf_finish(&elf);
        return -1;
    }
    *ret_elf = elf;
    return 0;
}

void fw_elf_finish(struct fw_elf *elf)
{
    if (elf->memory != NULL) {
        munmap(elf->memory, elf->size);
    }
    fw_strings_finish(&elf->needed);
    free(elf->runpath);
    *elf = (struct fw_elf){0};
}

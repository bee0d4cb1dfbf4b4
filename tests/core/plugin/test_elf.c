/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/proc.h"
#include "plugin/descriptor.h"
#include "plugin/elf.h"
#include "plugin/fixture_path.h"
#include "test_files.h"

/* Bytes of a plugin that can be damaged and read again, without a file on disk. */
struct bench {
    char *bytes;
    size_t size;
    int fd;
    char path[64];
};

static void bench_open(struct bench *bench, const char *name)
{
    assert_int_equal(fw_fs_read(fixture_path(name), &bench->bytes, &bench->size, NULL), 0);
    bench->fd = memfd_create("plugin", MFD_CLOEXEC);
    assert_true(bench->fd >= 0);
    snprintf(bench->path, sizeof bench->path, "/proc/self/fd/%d", bench->fd);
}

static void bench_close(struct bench *bench)
{
    close(bench->fd);
    free(bench->bytes);
}

/* Reads the first `size` bytes as a file; 0 when they are accepted. */
static int bench_read(const struct bench *bench, size_t size, struct fw_elf *elf,
                      struct fw_error *err)
{
    assert_int_equal(ftruncate(bench->fd, 0), 0);
    assert_int_equal(pwrite(bench->fd, bench->bytes, size, 0), (ssize_t)size);
    return fw_elf_read(bench->path, elf, err);
}

/* Reads every byte that the description leads to. */
static size_t visit_text(const char *text)
{
    return text == NULL ? 0 : strlen(text);
}

static size_t visit_stage(const struct fw_stage *stage)
{
    size_t n = visit_text(stage->name) + visit_text(stage->doc);
    for (uint32_t i = 0; i < stage->n_outputs; i++) {
        n += visit_text(fw_port_at(stage->outputs, i)->file);
    }
    for (uint32_t i = 0; i < stage->n_inputs; i++) {
        n += visit_text(fw_port_at(stage->inputs, i)->doc);
    }
    for (uint32_t i = 0; i < stage->n_params; i++) {
        n += visit_text(fw_param_at(stage->params, i)->default_value);
    }
    for (uint32_t i = 0; i < stage->n_services_required; i++) {
        n += visit_text(stage->services_required[i]);
    }
    return n;
}

static size_t visit(const struct fw_elf *elf)
{
    size_t n = visit_text(elf->plugin->doc);
    for (uint64_t i = 0; i < elf->plugin->n_stages; i++) {
        n += visit_stage(elf->plugin->stages[i]);
    }
    for (uint64_t i = 0; i < elf->plugin->n_services; i++) {
        n += visit_text(elf->plugin->services[i]->doc);
    }
    return n;
}

static void reads_a_plugin_as_data(void **state)
{
    (void)state;
    struct fw_elf elf;
    struct fw_error err = {0};
    assert_int_equal(fw_elf_read(fixture_path("good/t_copy"), &elf, &err), 0);
    assert_non_null(elf.note);
    assert_string_equal(elf.note->id, "org.fwrun.test.copy");
    assert_non_null(elf.plugin);
    assert_string_equal(elf.plugin->id, "org.fwrun.test.copy");
    assert_int_equal(elf.plugin->n_stages, 1);
    const struct fw_stage *stage = elf.plugin->stages[0];
    assert_string_equal(stage->name, "t_copy");
    assert_string_equal(stage->outputs[0].file, "copy.bin");
    assert_string_equal(stage->params[0].default_value, "64KiB");
    const void *create;
    memcpy(&create, &stage->create, sizeof create);
    assert_true(fw_elf_holds(&elf, create, 1, 1));
    assert_string_equal(elf.needed.items[elf.needed.len - 1], "libc.so.6");
    fw_elf_finish(&elf);
}

static void a_function_of_another_library_is_elsewhere(void **state)
{
    (void)state;
    struct fw_elf elf;
    assert_int_equal(fw_elf_read(fixture_path("good/t_noop"), &elf, NULL), 0);
    /* Its destroy is free(). */
    assert_true((uintptr_t)elf.plugin->stages[0]->destroy == FW_ELF_ELSEWHERE);
    fw_elf_finish(&elf);
}

static void reads_other_ways_of_linking(void **state)
{
    (void)state;
    static const char *const names[] = {"variants/v_sysv_hash", "variants/v_no_build_id",
                                        "variants/v_relr", "variants/v_cpp"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct fw_elf elf;
        struct fw_error err = {0};
        if (access(fixture_path(names[i]), F_OK) != 0) {
            print_message("SKIPPED: %s was not built, the tools here cannot do it\n", names[i]);
            continue;
        }
        assert_int_equal(fw_elf_read(fixture_path(names[i]), &elf, &err), 0);
        assert_int_equal(fw_descriptor_check(&elf, &err), 0);
        const struct fw_stage *stage = elf.plugin->stages[0];
        assert_string_equal(stage->params[0].name, i < 3 ? "text" : "number");
        assert_string_equal(stage->outputs[0].file, "out.txt");
        fw_elf_finish(&elf);
    }
}

static void digest_stays_when_the_file_is_stripped(void **state)
{
    (void)state;
    char *folder = test_folder_create();
    char *stripped = test_path(folder, "stripped.so");
    char *plugin = strdup(fixture_path("good/t_count"));
    char *argv[] = {(char[]){"strip"}, (char[]){"-o"}, stripped, plugin, NULL};
    const struct fw_proc_spec strip = {.path = "strip", .argv = argv};
    struct fw_proc_result result;
    pid_t pid;
    assert_int_equal(fw_proc_spawn(&strip, &pid, NULL), 0);
    assert_int_equal(fw_proc_reap(pid, true, &result, NULL), 1);
    assert_int_equal(result.exit_code, 0);
    struct fw_elf whole;
    struct fw_elf less;
    assert_int_equal(fw_elf_read(plugin, &whole, NULL), 0);
    assert_int_equal(fw_elf_read(stripped, &less, NULL), 0);
    assert_string_equal(whole.digest, less.digest);
    fw_elf_finish(&whole);
    fw_elf_finish(&less);
    free(stripped);
    free(plugin);
    test_folder_remove(folder);
}

static char *find(const struct bench *bench, const char *bytes, size_t len)
{
    char *at = memmem(bench->bytes, bench->size, bytes, len);
    assert_non_null(at);
    return at;
}

static void digest_ignores_the_build_id_and_nothing_else(void **state)
{
    (void)state;
    struct bench bench;
    struct fw_elf elf;
    char before[FW_SHA256_TEXT];
    bench_open(&bench, "good/t_count");
    assert_int_equal(bench_read(&bench, bench.size, &elf, NULL), 0);
    memcpy(before, elf.digest, sizeof before);
    fw_elf_finish(&elf);

    find(&bench, "GNU\0", 4)[4] ^= 1;
    assert_int_equal(bench_read(&bench, bench.size, &elf, NULL), 0);
    assert_string_equal(elf.digest, before);
    fw_elf_finish(&elf);

    find(&bench, "numbers.txt", 11)[0] = 'N';
    assert_int_equal(bench_read(&bench, bench.size, &elf, NULL), 0);
    assert_string_not_equal(elf.digest, before);
    fw_elf_finish(&elf);
    bench_close(&bench);
}

static void assert_refused(const struct bench *bench, const char *expected)
{
    struct fw_elf elf;
    struct fw_error err = {0};
    assert_int_equal(bench_read(bench, bench->size, &elf, &err), -1);
    assert_int_equal(err.code, FW_EXIT_PLUGIN);
    if (strstr(err.text, expected) == NULL) {
        fail_msg("'%s' does not say '%s'", err.text, expected);
    }
}

static void refuses_what_is_no_shared_object(void **state)
{
    (void)state;
    struct bench bench;
    struct fw_elf elf;
    struct fw_error err = {0};
    assert_int_equal(fw_elf_read(fixture_path("bad/bad_text_file"), &elf, &err), -1);
    assert_non_null(strstr(err.text, "does not begin with the ELF magic"));
    assert_int_equal(fw_elf_read(fixture_path("bad/bad_truncated"), &elf, &err), -1);
    assert_non_null(strstr(err.text, "truncated"));
    assert_int_equal(fw_elf_read("/dev/null", &elf, &err), -1);
    assert_string_equal(err.text, "is not a regular file");
    assert_int_equal(fw_elf_read("/nowhere/at/all.so", &elf, &err), -1);
    assert_non_null(strstr(err.text, "No such file"));

    bench_open(&bench, "good/t_noop");
    Elf64_Ehdr *header = (Elf64_Ehdr *)(void *)bench.bytes;
    header->e_machine = EM_S390;
    assert_refused(&bench, "built for another machine");
    header->e_machine = EM_X86_64;
    header->e_ident[EI_CLASS] = ELFCLASS32;
    assert_refused(&bench, "built for another machine");
    header->e_ident[EI_CLASS] = ELFCLASS64;
    header->e_type = ET_EXEC;
    assert_refused(&bench, "is not a shared object");
    bench_close(&bench);
}

/* An accepted file must be readable to its last text. */
static void try_reading(const struct bench *bench, size_t size, size_t *accepted)
{
    struct fw_elf elf;
    struct fw_error err = {0};
    if (bench_read(bench, size, &elf, &err) != 0) {
        assert_int_not_equal(err.text[0], '\0');
        return;
    }
    if (fw_descriptor_check(&elf, &err) == 0) {
        *accepted += visit(&elf) > 0;
    }
    fw_elf_finish(&elf);
}

static void survives_every_truncation(void **state)
{
    (void)state;
    struct bench bench;
    size_t accepted = 0;
    bench_open(&bench, "good/t_copy");
    for (size_t size = 0; size < bench.size; size += size < 1024 ? 1 : 61) {
        try_reading(&bench, size, &accepted);
    }
    /* Only the tail, which is debug information and is not loaded, can be missing. */
    assert_true(accepted > 0 && accepted < bench.size / 61);
    bench_close(&bench);
}

static void survives_flipped_bytes(void **state)
{
    (void)state;
    static const char *const names[] = {"good/t_copy", "good/t_ask", "variants/v_sysv_hash"};
    size_t accepted = 0;
    unsigned seed = 20240531;
    for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
        struct bench bench;
        bench_open(&bench, names[k]);
        char *whole = malloc(bench.size);
        assert_non_null(whole);
        memcpy(whole, bench.bytes, bench.size);
        for (int round = 0; round < 2000; round++) {
            /* Most of what is read lies at the beginning; pointers lie before 0x4000. */
            const size_t span = round % 3 == 0 ? 0x400 : round % 3 == 1 ? 0x1000 : 0x4000;
            for (int n = rand_r(&seed) % 4; n >= 0; n--) {
                bench.bytes[(size_t)rand_r(&seed) % span] = (char)rand_r(&seed);
            }
            try_reading(&bench, bench.size, &accepted);
            memcpy(bench.bytes, whole, bench.size);
        }
        free(whole);
        bench_close(&bench);
    }
    assert_true(accepted > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_a_plugin_as_data),
        cmocka_unit_test(a_function_of_another_library_is_elsewhere),
        cmocka_unit_test(reads_other_ways_of_linking),
        cmocka_unit_test(digest_stays_when_the_file_is_stripped),
        cmocka_unit_test(digest_ignores_the_build_id_and_nothing_else),
        cmocka_unit_test(refuses_what_is_no_shared_object),
        cmocka_unit_test(survives_every_truncation),
        cmocka_unit_test(survives_flipped_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

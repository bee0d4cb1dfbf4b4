/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "plugin/descriptor.h"
#include "plugin/fixture_path.h"

/* Each claim spoils one fact in the image of a good plugin; images are ours to write to. */

static struct fw_elf elf;

static int read_copy(void **state)
{
    (void)state;
    return fw_elf_read(fixture_path("good/t_copy"), &elf, NULL);
}

static int forget(void **state)
{
    (void)state;
    fw_elf_finish(&elf);
    return 0;
}

/* What the image says as something to change. */
static void *changeable(const void *constant)
{
    return elf.memory + ((const unsigned char *)constant - elf.memory);
}

static struct fw_plugin *plugin(void)
{
    return changeable(elf.plugin);
}

static struct fw_note *note(void)
{
    return changeable(elf.note);
}

static struct fw_stage *stage(void)
{
    return changeable(elf.plugin->stages[0]);
}

static struct fw_port *input(void)
{
    return changeable(stage()->inputs);
}

static struct fw_port *output(void)
{
    return changeable(stage()->outputs);
}

static struct fw_param *param(void)
{
    return changeable(stage()->params);
}

/* Texts have to lie in the image: the end of the licence field of the note has room. */
static const char *inside(const char *text)
{
    static size_t used;
    char *room = note()->licence + 8;
    if (used + strlen(text) + 1 > sizeof note()->licence - 8) {
        used = 0;
    }
    char *at = memcpy(room + used, text, strlen(text) + 1);
    used += strlen(text) + 1;
    return at;
}

static void assert_refused(const char *expected)
{
    struct fw_error err = {0};
    assert_int_equal(fw_descriptor_check(&elf, &err), -1);
    assert_int_equal(err.code, FW_EXIT_PLUGIN);
    if (strstr(err.text, expected) == NULL) {
        fail_msg("'%s' does not say '%s'", err.text, expected);
    }
}

static void assert_accepted(void)
{
    struct fw_error err = {0};
    if (fw_descriptor_check(&elf, &err) != 0) {
        fail_msg("%s", err.text);
    }
}

static void accepts_a_good_plugin(void **state)
{
    (void)state;
    assert_accepted();
}

static void refuses_another_major(void **state)
{
    (void)state;
    plugin()->abi_major = note()->abi_major = 2;
    assert_refused("is built for another plugin interface; abi_major: plugin 2, fwrun 1;");
}

static void refuses_a_newer_minor(void **state)
{
    (void)state;
    plugin()->abi_minor = note()->abi_minor = FW_ABI_MINOR + 1;
    assert_refused("abi_minor: plugin 1, fwrun 0");
}

static void prints_every_differing_field(void **state)
{
    (void)state;
    plugin()->abi_draft = note()->abi_draft = 999;
    plugin()->stage_size = note()->stage_size = 8;
    plugin()->param_size = note()->param_size = 16;
    assert_refused("abi_draft: plugin 999, fwrun ");
    char text[256];
    snprintf(text, sizeof text,
             "size of fw_stage: plugin 8, fwrun %zu; size of fw_param: plugin 16",
             sizeof(struct fw_stage));
    assert_refused(text);
}

static void refuses_another_note(void **state)
{
    (void)state;
    note()->port_size = 1;
    assert_refused("its symbol fw_plugin_v1 and its note .note.fwrun disagree; size of fw_port: "
                   "symbol 40, note 1");
    note()->port_size = sizeof(struct fw_port);
    memcpy(note()->id, "org.fwrun.other", sizeof "org.fwrun.other");
    assert_refused("note: org.fwrun.other 1.0.0");
}

static void refuses_a_missing_symbol_or_note(void **state)
{
    (void)state;
    const struct fw_note *kept = elf.note;
    elf.note = NULL;
    assert_refused("is no plugin: it has no note .note.fwrun");
    elf.note = kept;
    elf.plugin = NULL;
    assert_refused("is no plugin: it has no symbol fw_plugin_v1");
}

static void refuses_pointers_out_of_the_file(void **state)
{
    (void)state;
    const char *doc = stage()->doc;
    stage()->doc = (const char *)(elf.memory + elf.size);
    assert_refused("stage 't_copy': its doc points outside of the file");
    stage()->doc = "in the test program, not in the file";
    assert_refused("stage 't_copy': its doc points outside of the file");
    stage()->doc = doc;
    param()->unit = (const char *)(elf.memory - 1);
    assert_refused("parameter 'chunk': its unit points outside of the file");
    param()->unit = NULL;
    stage()->n_outputs = 1000;
    assert_refused("stage 't_copy': outputs: its list points outside of the file");
    stage()->n_outputs = UINT32_MAX;
    assert_refused("outputs: has 4294967295 entries, the limit is 1024");
    stage()->n_outputs = 1;
    plugin()->stages = (const struct fw_stage *const *)(const void *)(elf.memory + elf.size - 4);
    assert_refused("stages: its list points outside of the file");
}

static void refuses_texts_that_do_not_end(void **state)
{
    (void)state;
    memset(elf.memory + elf.size - 16, 'x', 16);
    plugin()->doc = (const char *)(elf.memory + elf.size - 16);
    assert_refused("its doc points outside of the file");
}

static void refuses_names_that_are_not_lower_snake(void **state)
{
    (void)state;
    static const char *const bad[] = {"Copy", "9copy", "co-py", "", "a b"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        stage()->name = inside(bad[i]);
        assert_refused("its name is");
    }
    stage()->name = inside("t_copy");
    param()->name = inside("Chunk");
    assert_refused("stage 't_copy': parameter 'Chunk': its name is 'Chunk', expected a small");
    param()->name = NULL;
    assert_refused("stage 't_copy': parameter 0: has no name");
}

static void refuses_the_same_name_twice(void **state)
{
    (void)state;
    const struct fw_stage *twice[] = {stage(), stage()};
    struct fw_stage **room = (struct fw_stage **)(void *)(elf.memory + elf.size / 16 * 16 - 64);
    memcpy(room, twice, sizeof twice);
    plugin()->stages = (const struct fw_stage *const *)room;
    plugin()->n_stages = 2;
    assert_refused("stage 't_copy' is declared twice");
}

static void refuses_ports_that_contradict_themselves(void **state)
{
    (void)state;
    output()->file = inside("sub/copy.bin");
    assert_refused("output 'out': has the file name 'sub/copy.bin'");
    output()->file = NULL;
    assert_refused("output 'out': has the file name ''");
    output()->file = inside("copy.bin");
    input()->file = inside("copy.bin");
    assert_refused("input 'in': is an input with a file");
    input()->file = NULL;
    input()->kind = FW_KIND_ANY;
    assert_refused("input 'in': has kind 6");
    input()->kind = FW_KIND_FILE;
    input()->flags = FW_PORT_MAY_BE_EMPTY;
    assert_refused("input 'in': has flags 0x8");
    input()->flags = FW_PORT_WILDCARD;
    assert_refused("input 'in': has kind 3");
    input()->name = inside("*");
    assert_accepted();
}

static void refuses_defaults_and_limits_of_another_type(void **state)
{
    (void)state;
    param()->default_value = inside("much");
    assert_refused("parameter 'chunk': default: 'much' cannot be read as its type");
    param()->default_value = inside("50%");
    assert_refused("default: '50%' cannot be read as its type");
    param()->default_value = inside("0");
    assert_refused("default: '0' is outside of its limits");
    param()->default_value = inside("8KiB");
    param()->max = inside("4KiB");
    assert_refused("default: '8KiB' is outside of its limits");
    param()->max = inside("x");
    assert_refused("limit: 'x' cannot be read as its type");
    param()->max = NULL;
    param()->flags = FW_PARAM_REQUIRED;
    assert_refused("is required and has a default");
    param()->flags = 0;
    param()->min = NULL;
    param()->type = FW_PARAM_BOOL;
    assert_refused("'8KiB' is neither true nor false");
    param()->type = 11;
    assert_refused("has the unknown type 11");
}

static void refuses_enums_without_their_default(void **state)
{
    (void)state;
    param()->min = NULL;
    param()->type = FW_PARAM_ENUM;
    assert_refused("choices");
    param()->choices = inside("small|large");
    param()->default_value = inside("arg");
    assert_refused("default: 'arg' is none of small|large");
    param()->default_value = inside("large");
    assert_accepted();
}

static void refuses_missing_callbacks(void **state)
{
    (void)state;
    stage()->save = NULL;
    assert_refused("save and restore have to be there with FW_CAP_CHECKPOINT");
    stage()->restore = NULL;
    stage()->caps = 0;
    assert_accepted();
    stage()->caps = 1u << 7;
    assert_refused("has unknown caps 0x80");
    stage()->caps = 0;
    stage()->step = NULL;
    assert_refused("lacks create, step or destroy");
}

static void refuses_a_plugin_of_nothing(void **state)
{
    (void)state;
    plugin()->n_stages = 0;
    assert_refused("declares neither a stage nor a service");
}

static void refuses_a_struct_of_another_size(void **state)
{
    (void)state;
    param()->struct_size = 0;
    assert_refused("stage 't_copy': parameter 0 is outside of the file, or its struct_size is 0, "
                   "not 72");
}

static void finds_ports(void **state)
{
    (void)state;
    assert_ptr_equal(fw_port_find(stage()->inputs, 1, "in"), input());
    assert_null(fw_port_find(stage()->inputs, 1, "other"));
    input()->flags = FW_PORT_WILDCARD;
    assert_ptr_equal(fw_port_find(stage()->inputs, 1, "other"), input());
}

int main(void)
{
#define CLAIM(f) cmocka_unit_test_setup_teardown(f, read_copy, forget)
    const struct CMUnitTest tests[] = {
        CLAIM(accepts_a_good_plugin),
        CLAIM(refuses_another_major),
        CLAIM(refuses_a_newer_minor),
        CLAIM(prints_every_differing_field),
        CLAIM(refuses_another_note),
        CLAIM(refuses_a_missing_symbol_or_note),
        CLAIM(refuses_pointers_out_of_the_file),
        CLAIM(refuses_texts_that_do_not_end),
        CLAIM(refuses_names_that_are_not_lower_snake),
        CLAIM(refuses_the_same_name_twice),
        CLAIM(refuses_ports_that_contradict_themselves),
        CLAIM(refuses_defaults_and_limits_of_another_type),
        CLAIM(refuses_enums_without_their_default),
        CLAIM(refuses_missing_callbacks),
        CLAIM(refuses_a_plugin_of_nothing),
        CLAIM(refuses_a_struct_of_another_size),
        CLAIM(finds_ports),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

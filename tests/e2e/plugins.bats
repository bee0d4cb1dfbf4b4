#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# list and inspect: plugins described without being executed.
load lib.bash

@test "list shows good plugins with what they have" {
    fw 0 list
    grep -Eq "^ok +org.fwrun.test.copy +1.0.0 +$good/t_copy.so +t_copy; -$" out || failed "no t_copy"
    grep -Eq "^ok +org.fwrun.test.number +1.0.0 .* -; org.fwrun.test.number/1$" out || failed "no service"
    fw 0 list --json
    jq -e --arg path "$good/t_copy.so" '.plugins[] | select(.path == $path)
        | .state == "ok" and .id == "org.fwrun.test.copy" and .stages[0].name == "t_copy"' out
    jq -e --arg folder "$good" '.folders[0] == $folder' out
}

@test "list shows bad plugins with their reason, and is no failure" {
    unset LD_LIBRARY_PATH # the test runner names every folder with a library, ours of fixtures too
    fw 0 list --plugin-dir "$bad"
    says out 'abi_major: plugin 2, fwrun 1' 'does not begin with the ELF magic' \
        'the shared library libfwrun_test_gone.so is nowhere'
    fw 0 list --json --plugin-dir "$bad"
    jq -e '[.plugins[] | select(.state == "bad") | .reason | length > 0] | length > 9 and all' out
}

@test "list names the plugin that shadows another" {
    mkdir first
    cp "$good/t_copy.so" first/
    fw 0 list --plugin-dir first
    grep -Eq "^shadowed +org.fwrun.test.copy .*$good/t_copy.so" out || failed "not shadowed"
    says out "the same plugin comes first in $PWD/first/t_copy.so"
}

@test "inspect describes a stage, its ports and its parameters" {
    fw 0 inspect t_copy
    says out 'stage t_copy: Copies a file' "$good/t_copy.so" 'written as copy.bin' 'checkpoint' \
        '= 64KiB, from 1, no_effect' 'Bytes in one step' 'bitwise'
    fw 0 inspect t_ask
    says out 'org.fwrun.test.number/1'
    fw 0 inspect t_copy --json
    jq -e '.stages | length == 1' out
    jq -e '.stages[0].params[0] == {name: "chunk", type: "bytes", min: "1", default: "64KiB",
        doc: "Bytes in one step", flags: ["no_effect"]}' out
    jq -e '.digest | length == 64' out
}

@test "inspect takes a plugin's id or a file" {
    fw 0 inspect org.fwrun.test.number
    says out 'service org.fwrun.test.number/1' 'libc.so.6'
    FWRUN_PLUGIN_PATH='' fw 0 inspect "$good/t_noop.so"
    says out 'stage t_noop'
}

@test "the callbacks of a plugin are shown with their options" {
    local folder=$FWRUN_BUILD_ROOT/tests/fixtures
    fw 0 list --plugin-dir "$folder/callbacks"
    says out '-; fw.callback/1 (c_watch, c_wrong, c_slow)'
    fw 0 inspect org.fwrun.test.watch --plugin-dir "$folder/callbacks"
    says out 'callback c_watch: Asks all that can be asked' 'saved and restored' \
        'callback c_wrong: Breaks the contract' '= unsaid, one of unsaid|mute|status|name|range|takes'
    fw 0 inspect "$folder/callbacks/c_watch.so" --json
    jq -e '[.services[0].kinds[] | [.name, .state, (.params | length)]] ==
        [["c_watch", true, 0], ["c_wrong", false, 1], ["c_slow", false, 1]]' out
    fw 0 inspect "$folder/improper/improper_callbacks.so"
    says out "callback 0: 'half_saved': has one of save and restore without the other"
    fw 0 check-plugin "$folder/callbacks/c_watch.so"
    says out 'the names, options and functions of its callbacks' 'c_wrong: hooks are called by a trainer'
}

@test "inspect executes nothing of the plugin" {
    # A constructor would run as soon as the file is loaded.
    cat >trap.c <<'C'
#include <stdio.h>
#include "fw/sdk.h"
__attribute__((constructor)) static void trap(void) { fclose(fopen("executed", "w")); }
static fw_status step(void *self, struct fw_step *ret) { (void)self; (void)ret; return FW_E_INTERNAL; }
static fw_status create(const struct fw_host *h, const struct fw_task *t, void **r) { (void)h; (void)t; (void)r; return FW_E_INTERNAL; }
static void destroy(void *self) { (void)self; }
static const struct fw_stage stage = {.struct_size = sizeof stage, .name = "trapped", .doc = "A trap",
    .create = create, .step = step, .destroy = destroy};
static const struct fw_stage *const stages[] = {&stage};
FW_PLUGIN("org.fwrun.test.trap", "1", "MIT", .doc = "A trap", .stages = stages, .n_stages = 1);
C
    mkdir trap
    cc -I"$FWRUN_SOURCE_ROOT/sdk/include" -fvisibility=hidden -shared -fPIC -o trap/trap.so trap.c
    fw 0 inspect trapped --plugin-dir trap
    says out 'stage trapped: A trap'
    fw 0 list --plugin-dir trap
    pipeline p 's: { use = "trapped"; };'
    fw 0 plan p.cfg --plugin-dir trap
    [ ! -e executed ] || failed "the plugin was executed"
}

@test "inspect refuses what it cannot describe" {
    fw 4 inspect "$bad/bad_other_draft.so"
    says err 'abi_draft: plugin 9999'
    fw 4 inspect bad_truncated --plugin-dir "$bad"
    says err 'truncated' "$bad/bad_truncated.so"
    fw 3 inspect t_cpoy
    says err "no plugin has the stage 't_cpoy'; did you mean 't_copy'"
    fw 2 inspect
}

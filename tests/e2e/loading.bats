#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Plugins that cannot be loaded: exit 4, nothing ran, file and cause.
load lib.bash

refused() { # NAME CAUSE...: the pipeline has a good stage before it
    export FWRUN_PLUGIN_PATH=$good:$bad
    pipeline odd "first: { use = \"t_noop\"; }; second: { use = \"bad_$1\"; };"
    fw 4 odd.cfg
    says err "$bad/bad_$1.so" "${@:2}"
    [ ! -e runs/odd/stages/first ]
}

@test "a plugin with an undefined symbol" {
    refused undefined_symbol 'undefined symbol: fwrun_test_nowhere' 'stage "second"' '; nothing ran (exit 4)'
}

@test "a plugin whose library is gone" {
    unset LD_LIBRARY_PATH # meson names the folder of every library that it built
    refused missing_library 'libfwrun_test_gone.so' 'odd.cfg:5: stages.second.use'
}

@test "a plugin of another ABI major" {
    refused other_major 'abi_major: plugin 2, fwrun 1' 'rebuild it' 'odd.cfg:5: stages.second.use'
    [ ! -e runs ]
}

@test "a plugin of a newer ABI minor" {
    refused newer_minor 'abi_minor: plugin 99'
}

@test "a plugin built against another draft of the ABI" {
    refused other_draft 'abi_draft: plugin 9999'
}

@test "a text file that is named like a plugin" {
    refused text_file 'is not a shared object'
}

@test "a plugin that was cut off" {
    refused truncated 'the file is truncated'
}

@test "a shared object that is no plugin" {
    refused no_symbol 'it has no symbol fw_plugin_v1'
    refused no_note 'it has no note .note.fwrun'
}

@test "a plugin whose note says something else than itself" {
    refused other_note 'disagree'
}

@test "two plugins with the stage that is asked for" {
    export FWRUN_PLUGIN_PATH=$bad
    pipeline twice 's: { use = "bad_duplicate"; };'
    fw 4 twice.cfg
    says err "$bad/bad_duplicate_a.so" "$bad/bad_duplicate_b.so" 'take one of them out'
}

@test "a plugin that crashes, or ends the program, while it is loaded" {
    refused load_crashes 'crashed with signal 11 (Segmentation fault) while it was loaded'
    refused load_exits 'ended the process with code 0 while it was loaded'
}

@test "bad plugins in the path do not matter to a pipeline that does not name them" {
    export FWRUN_PLUGIN_PATH=$good:$bad
    pipeline fine 's: { use = "t_noop"; };'
    fw 0 fine.cfg
}

@test "a folder of plugins that is not there" {
    pipeline fine 's: { use = "t_noop"; };'
    fw 4 fine.cfg --plugin-dir nowhere
    says err "--plugin-dir: plugin folder $PWD/nowhere: No such file or directory"
    FWRUN_PLUGIN_PATH=nowhere fw 4 fine.cfg
    says err "FWRUN_PLUGIN_PATH: plugin folder $PWD/nowhere"
}

@test "a plugin that was rebuilt with another meaning makes its stage run again" {
    mkdir plugins
    cp "$good/t_noop.so" plugins/t_noop.so
    export FWRUN_PLUGIN_PATH=$PWD/plugins
    pipeline fine 's: { use = "t_noop"; };'
    fw 0 fine.cfg
    # Another string in a loaded section: another plugin.
    sed -i 's/Writes one line/Writes two line/' plugins/t_noop.so
    fw 0 fine.cfg
    says err 's: start'
    summary '1 executed, 0 reused, 0 failed, 0 skipped (exit 0)'
    fw 0 why fine.cfg s
    says out 'up to date'
}

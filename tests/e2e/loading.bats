#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Plugins that cannot be loaded, beside bad.bats: exit 4, nothing ran, file and cause.
load lib.bash

refused() { # NAME CAUSE...: the pipeline has a good stage before it
    export FWRUN_PLUGIN_PATH=$good:$bad
    pipeline odd "first: { use = \"t_noop\"; }; second: { use = \"bad_$1\"; };"
    fw 4 odd.cfg
    says err "$bad/bad_$1.so" "${@:2}"
    [ ! -e runs/odd/stages/first ]
}

@test "a plugin of another ABI major is told with the line that names it" {
    refused other_major 'abi_major: plugin 2, fwrun 1' 'rebuild it' 'odd.cfg:5: stages.second.use'
    [ ! -e runs ]
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

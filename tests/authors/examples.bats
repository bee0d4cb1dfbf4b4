#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# examples/: built, tested and run from an installed tree, somewhere else.
load lib.bash

setup_file() {
    install_moved
}

example() { # NAME PIPELINE
    use_installed
    cp -r "$prefix/share/doc/fwrun/examples/$1" .
    cd "$1"
    build_project
    fw 0 "$2" --plugin-dir b
}

@test "first_stage" {
    example first_stage pipeline.cfg
    [ "$(cat runs/fruit/stages/no_oranges/first_stage.txt)" = $'banana\nmango' ]
}

@test "cpp_stage, which shows one symbol" {
    example cpp_stage sample.cfg
    jq -e '. == {a: 5, stage: 4, reads: 2}' runs/cpp_stage/stages/top/words.json
    [ "$(nm -D --defined-only b/top_words.so | awk '{ print $NF }')" = fw_plugin_v1 ]
}

@test "two_stages, which lose no line" {
    example two_stages sample.cfg
    cmp runs/two_stages/stages/{before,after}/fingerprint.json
    jq -e '.lines == 8' runs/two_stages/stages/after/fingerprint.json
    [ -s runs/two_stages/stages/split/train.txt ]
    [ -s runs/two_stages/stages/split/holdout.txt ]
    fw 0 inspect split_lines --plugin-dir b
    says out 'org.example.line_hash/1'
}

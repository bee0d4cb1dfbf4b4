#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# `fwrun check-plugin`: each plugin that breaks the contract trips what the comment on top of it
# says (Finding:) and nothing else, and those that keep it pass.
load lib.bash

eval "common_$(declare -f setup)"
setup() {
    common_setup
    if nm -D "$FWRUN_BUILD_ROOT/tests/fixtures/good/t_noop.so" | grep -q __asan_; then
        skip "a sanitizer's runtime adds symbols and constructors of its own, and keeps memory itself"
    fi
}

check() { # CODE PLUGIN [ARGUMENT...]: sets `found` to the names of the findings
    fw "$1" check-plugin --json "${@:2}"
    found=$(jq -r '[.findings[].name] | sort | join(" ")' out)
}

declared() { # SOURCE: the findings that its comment names, sorted
    sed -n 's/^\( \*\|#\)\? \?Finding: //p' "$1" | tr ' ' '\n' | sort | xargs
}

# Each file of a folder of fixtures, as far as it matches.
trips() { # FOLDER PATTERN: the sources that grep -E finds by it
    local source name want code folder=$FWRUN_SOURCE_ROOT/tests/fixtures/$1 n=0
    for source in $(ls "$folder" | grep -v meson.build | grep -E "$2"); do
        name=${source%.*}
        want=$(declared "$folder/$source")
        [ -n "$want" ] || failed "$source does not say which Finding: it is"
        case $want in none) code=0 want='' ;; unreadable) code=4 ;; *) code=7 ;; esac
        check "$code" --timeout 3s "$FWRUN_BUILD_ROOT/tests/fixtures/$1/$1_$name.so"
        [ "$found" = "$want" ] || failed "$name: found \"$found\", expected \"$want\""
        n=$((n + 1))
    done
    [ "$n" -gt 0 ]
}

@test "bad plugins, from a to k" {
    export FWRUN_PLUGIN_PATH=$good:$bad
    trips bad '^[a-k]'
}

@test "bad plugins, l" {
    trips bad '^l'
}

@test "bad plugins, from m to r" {
    trips bad '^[m-r]'
}

@test "bad plugins, from s to z" {
    trips bad '^[s-z]'
}

@test "improper plugins" {
    trips improper '.'
}

@test "every finding has a fixture that trips it" {
    local name
    fw 0 check-plugin --findings
    for name in $(sed -n 's/^| `\([a-z-]*\)`.*/\1/p' out); do
        # Only a dynamic linker that changes its mind between two looks gives this one.
        [ "$name" = not-loadable ] ||
            grep -qrE "Finding: .*\b$name\b" "$FWRUN_SOURCE_ROOT"/tests/fixtures/{bad,improper} || failed "no fixture for $name"
    done
}

@test "the list of the documentation is what the program has" {
    fw 0 check-plugin --findings
    sed -n '/^| finding /,$p' "$FWRUN_SOURCE_ROOT/docs/how-to/check-a-plugin.md" | diff - out ||
        failed 'write it anew: fwrun check-plugin --findings'
}

@test "good plugins pass, and say what was done with them" {
    local plugin
    for plugin in noop count copy ask sleep number gate; do
        check 0 "$good/t_$plugin.so"
        [ "$found" = '' ]
    done
    check 0 "$good/t_mem.so" --set stages.t_mem.params.amount=40MiB --set stages.t_hoard.params.amount=40MiB
    jq -e '[.exercised[] | select(.stage == "t_hoard")] | length >= 6' out
    for plugin in "$FWRUN_BUILD_ROOT"/tests/fixtures/variants/*.so; do
        check 0 "$plugin"
    done
    check 0 "$good/t_copy.so" --set stages.t_copy.params.chunk=20000
    jq -e '.exercised[] | select(.what | startswith("saved, and restored"))' out
    jq -e '.not_exercised == []' out
}

@test "what cannot be made up is said, with the way to give it" {
    local plugin
    for plugin in sql exec snapshot daily duckdb; do
        check 0 "$FWRUN_BUILD_ROOT/plugins/$plugin/$plugin.so"
        jq -e '.ok and (.not_exercised | length > 0)' out
    done
    fw 0 check-plugin "$FWRUN_BUILD_ROOT/plugins/sql/sql.so"
    says out 'NOT EXERCISED' 'there is no query' '--set stages.sql.params.NAME=VALUE'
}

@test "the house's stages pass as a pipeline gives them their work" {
    local pair plugin
    pipeline house 'crawl: { use = "synth_offers"; params: { rows = 300; }; };
        snapshot: { use = "snapshot"; in: { raw = "@crawl.raw"; }; params: { part_rows = 60; chunk_rows = 100; }; };
        daily: { use = "daily"; in: { core = "@snapshot.core"; extras = "@snapshot.extras"; }; params: { part_rows = 60; }; };
        counted: { use = "sql"; in: { core = "@daily.core"; }; params: { query = "SELECT count(*) AS n FROM core"; }; };
        lines: { use = "exec"; in: { core = "@counted.table"; }; out: { text = "lines.txt"; };
            params: { argv = ["sh", "-c", "echo hello >\"$1\"", "sh", "$${out.text}"]; }; };'
    fw 0 house.cfg
    for pair in synth:crawl snapshot:snapshot daily:daily sql:counted exec:lines; do
        plugin=${pair%:*}
        check 0 "$FWRUN_BUILD_ROOT/plugins/$plugin/$plugin.so" house.cfg "${pair#*:}"
        [ "$found" = '' ]
        jq -e '[.exercised[].what] | index("run as the pipeline says")' out
        jq -e '[.exercised[].what] | any(startswith("many instances"))' out
    done
    # It works in folders of its own: the run is what it was.
    fw 0 verify house.cfg
    fw 0 house.cfg
    summary '0 executed, 5 reused, 0 failed, 0 skipped'
}

@test "a finding says what was found, what was expected and how to mend it" {
    fw 7 check-plugin "$bad/bad_changes_folder.so"
    says out 'FINDING        bad_changes_folder: changes-folder: it was ' ' and is /' 'to mend it: use the absolute paths of the task'
    says err '1 finding (exit 7)'
}

@test "mistakes of the command line" {
    fw 2 check-plugin
    fw 2 check-plugin nowhere.so
    says err 'nowhere.so cannot be read: No such file or directory'
    fw 2 check-plugin "$good/t_noop.so" some.cfg
    says err 'name the stages of some.cfg'
    pipeline one 'a: { use = "t_count"; };'
    fw 2 check-plugin "$good/t_noop.so" one.cfg a
    says err 'stage "a" uses "t_count", which is no stage of'
    fw 2 check-plugin "$good/t_noop.so" one.cfg b
    says err 'one.cfg has no stage "b"'
    pipeline two 'a: { use = "t_count"; }; b: { use = "t_copy"; in: { in = "@a.out"; }; };'
    fw 3 check-plugin "$good/t_copy.so" two.cfg b
    says err 'input "in" is not there yet' 'run the pipeline first'
}

@test "nothing of it is left behind" {
    mkdir tmp
    TMPDIR=$PWD/tmp fw 7 check-plugin "$bad/bad_step_crashes.so"
    TMPDIR=$PWD/tmp fw 0 check-plugin "$good/t_count.so"
    [ "$(ls tmp)" = '' ]
}

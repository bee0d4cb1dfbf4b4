#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The line that `make test` ends with.

setup() {
    counter=$BATS_TEST_DIRNAME/../../scripts/count-tests.py
    log=$BATS_TEST_TMPDIR/testlog.json
}

tested() { # NAME RESULT STDOUT: one more test program in the log
    jq -nc --arg name "$1" --arg result "$2" --arg out "$3" '{name: $name, result: $result, stdout: $out}' >>"$log"
}

ends_with() { # STATUS LAST-LINE, given meson's status
    run "${FWRUN_PYTHON:-python3}" "$counter" "${meson_status:-0}" "$log"
    [ "$status" -eq "$1" ] && [ "${lines[-1]}" = "$2" ] || { echo "$status: $output" && return 1; }
}

@test "counts each claim of a program that speaks TAP, and any other program as one" {
    tested plain OK ''
    tested tap OK $'1..3\nok 1 - a\nok 2 - b\nok 3 - c # of them'
    ends_with 0 '4 passed, 0 failed'
}

@test "names failed programs and fails" {
    tested tap FAIL $'1..2\nok 1 - a\nnot ok 2 - b\n# a.c:3: error'
    tested plain FAIL 'ok then'
    ends_with 1 '1 passed, 2 failed'
    [[ $output == *"FAILED  tap: 1"*"FAILED  plain: 1"* ]]
}

@test "repeats what a failed test said, for whoever sees the end of a log only" {
    tested tap FAIL $'1..3\nok 1 - a\n# said of a\nnot ok 2 - b\n# b.c:3: error\nok 3 - c\n# said of c'
    tested plain FAIL $'first\nlast words'
    ends_with 1 '2 passed, 2 failed'
    [[ $output == *"not ok 2 - b"*"b.c:3: error"*"last words"* ]]
    [[ $output != *"said of"* ]]
}

@test "counts a program that died or hung after its last claim as failed" {
    tested died FAIL $'1..2\nok 1 - a'
    tested hung TIMEOUT $'1..2\nok 1 - a'
    ends_with 1 '2 passed, 2 failed'
}

@test "shows why something was skipped, in the words of bats, cmocka and a script" {
    tested bats OK $'1..2\nok 1 - a\nok 2 - b # skip no shared data'
    tested cmocka OK $'1..2\nok 1 - a\nno mount here\nnot ok 2 # SKIP full_disk'
    tested first OK $'1..2\nnot ok 1 # SKIP raw\nok 2 - b'
    tested script SKIP $'looking\nnot checked: no ctags'
    ends_with 0 '3 passed, 0 failed, 4 skipped'
    [[ $output == *"bats: no shared data"*"cmocka: full_disk: no mount here"*"first: raw: no reason given"*"script: not checked: no ctags"* ]]
}

@test "fails when no test ran" {
    ends_with 1 '0 passed, 1 failed'
    [[ $output == *"no test ran"* ]]
}

@test "fails when everything was skipped" {
    tested bats OK $'1..1\nok 1 - b # skip no data'
    ends_with 1 '0 passed, 1 failed, 1 skipped'
}

@test "fails when meson failed before the tests" {
    tested plain OK ''
    meson_status=1 ends_with 1 '1 passed, 1 failed'
}

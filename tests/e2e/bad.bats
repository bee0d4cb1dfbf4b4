#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Every plugin of tests/fixtures/bad/: its message, its exit code, and nothing lost around it. Those that
# must be waited for stand in stall.bats.
load lib.bash
load bad.bash

@test "broken_json" {
    misbehaves broken_json
}

@test "broken_parquet" {
    misbehaves broken_parquet
}

@test "changes_folder" {
    misbehaves changes_folder
}

@test "changes_signals" {
    misbehaves changes_signals
}

@test "closes_descriptors" {
    misbehaves closes_descriptors
}

@test "create_crashes" {
    misbehaves create_crashes
}

@test "create_fails" {
    misbehaves create_fails
}

@test "destroy_crashes" {
    misbehaves destroy_crashes
}

@test "duplicate_a" {
    misbehaves duplicate_a
}

@test "duplicate_b" {
    misbehaves duplicate_b
}

@test "empty_output" {
    misbehaves empty_output
}

@test "leaks_array" {
    misbehaves leaks_array
}

@test "leaves_and_crashes" {
    misbehaves leaves_and_crashes
    gone "$(sed -n 's/^stray //p' runs/bad/logs/s.log)"
}

@test "leaves_child" {
    misbehaves leaves_child
}

@test "leaves_session" {
    misbehaves leaves_session
}

@test "load_crashes" {
    misbehaves load_crashes
}

@test "load_exits" {
    misbehaves load_exits
}

@test "load_hangs" {
    misbehaves load_hangs
}

@test "missing_library" {
    unset LD_LIBRARY_PATH # meson names the folder of every library that it built
    misbehaves missing_library
}

@test "never_done" {
    misbehaves never_done
}

@test "newer_minor" {
    misbehaves newer_minor
}

@test "no_note" {
    misbehaves no_note
}

@test "no_output" {
    misbehaves no_output
}

@test "no_symbol" {
    misbehaves no_symbol
}

@test "orphans" {
    misbehaves orphans
}

@test "other_draft" {
    misbehaves other_draft
}

@test "other_major" {
    misbehaves other_major
}

@test "other_note" {
    misbehaves other_note
}

@test "other_note_minor" {
    misbehaves other_note_minor
}

@test "padded_struct" {
    misbehaves padded_struct
}

@test "prints_to_stdout" {
    misbehaves prints_to_stdout
}

@test "restore_refuses" {
    misbehaves restore_refuses
}

@test "short_entry" {
    misbehaves short_entry
}

@test "short_struct" {
    misbehaves short_struct
}

@test "silent_failure" {
    misbehaves silent_failure
}

@test "status_out_of_range" {
    misbehaves status_out_of_range
}

@test "step_aborts" {
    misbehaves step_aborts
}

@test "step_crashes" {
    misbehaves step_crashes
}

@test "step_exits" {
    misbehaves step_exits
}

@test "step_fails" {
    misbehaves step_fails
}

@test "talks_and_fails" {
    misbehaves talks_and_fails
}

@test "text_file" {
    misbehaves text_file
}

@test "truncated" {
    misbehaves truncated
}

@test "twice" {
    misbehaves twice
}

@test "undefined_symbol" {
    misbehaves undefined_symbol
}

@test "writes_and_fails" {
    misbehaves writes_and_fails
}

@test "writes_to_input" {
    misbehaves writes_to_input
}

@test "wrong_architecture" {
    misbehaves wrong_architecture
}

@test "zero_items" {
    misbehaves zero_items
}

# It is the reader of the neighbour's output that finds out.
@test "writes_to_neighbour" {
    bad_pipeline writes_to_neighbour
    fw "$(fact writes_to_neighbour Exit)" bad.cfg
    says err "$(fact writes_to_neighbour Says)" "runs/bad/stages/first/out.txt has 9 bytes, 3 are recorded"
    undone reader
    fw 7 verify bad.cfg first
    fw 0 bad.cfg
    says err 'first: executed in' 'reader: executed in'
    whole first ok
    whole reader ok
}

@test "every plugin of the folder has its test" {
    local file name
    for file in "$fixtures"/*; do
        name=$(basename "${file%.*}")
        [ "$name" = meson ] || grep -qxF "@test \"$name\" {" "$BATS_TEST_DIRNAME"/{bad,stall}.bats ||
            failed "$file has no test"
    done
}

@test "the table of the documentation is what the folder says" {
    "$FWRUN_PYTHON" "$FWRUN_SOURCE_ROOT/scripts/bad-plugins" |
        diff "$FWRUN_SOURCE_ROOT/docs/reference/bad-plugins.md" - || failed 'write it anew: scripts/bad-plugins > docs/reference/bad-plugins.md'
}

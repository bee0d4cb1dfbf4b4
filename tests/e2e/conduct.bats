#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Plugins that load and then misbehave, beside bad.bats: what more there is to say about some.
load lib.bash

one() { # NAME [SETTING-OF-THE-STAGE...]
    export FWRUN_PLUGIN_PATH=$bad:$good
    pipeline one "s: { use = \"bad_$1\"; ${*:2} }; after: { use = \"t_noop\"; in: { in = \"@s.out\"; }; };"
}

undone() { # nothing of the stage is believed
    [ ! -e runs/one/stages/s/MANIFEST.json ] && [ ! -e runs/one/stages/s/out.txt ]
    fw 7 verify one.cfg s
    says out 'stage "s" has not been completed'
}

@test "a crash is told with stage, signal and step" {
    one step_crashes
    fw 5 one.cfg
    says err 's: failed: crashed with signal 11 (Segmentation fault) after step 1' \
        'fwrun: stage "s": crashed with signal 11 (Segmentation fault)' 'after: skipped: needs "s"'
    [ "$(state .stages.s.attempts[0].outcome)" = crashed ]
    undone
}

@test "a failure is told with all five parts of its fault" {
    one step_fails
    fw 1 one.cfg
    says err 'stage "s": the step fails as asked (row 3, column 2): value "7", expected 8; use another stage'
    undone
    one create_fails
    fw 1 one.cfg
    says err 'stage "s": create fails as asked'
}

@test "zero items fail unless they are allowed" {
    one zero_items
    fw 1 one.cfg
    says err 'processed zero items; if that is right, set allow_empty = true on the stage'
    undone
    one zero_items 'allow_empty = true;'
    fw 0 one.cfg
    pipeline none 's: { use = "t_count"; params: { n = 0; }; };'
    fw 1 none.cfg
    says err 'processed zero items; if that is right, set allow_empty = true on the stage'
    fw 0 none.cfg --set stages.s.allow_empty=true
    [ -e runs/none/stages/s/numbers.txt ] && [ ! -s runs/none/stages/s/numbers.txt ]
    fw 0 verify none.cfg
}

@test "a failure in this process is told the same way" {
    one step_fails 'isolate = "none";'
    fw 1 one.cfg
    says err 'stage "s": the step fails as asked (row 3, column 2): value "7", expected 8; use another stage'
    undone
}

@test "a crash in this process is said before the program dies of it, and the same command goes on" {
    one step_crashes 'isolate = "none";'
    fw 139 one.cfg
    says err 'crashed with signal 11' 'isolate = "none"'
    [ "$(state .state)" = running ]
    fw 5 one.cfg --set stages.s.isolate=process
    says err "took over"
}

@test "a checkpoint that its stage refuses costs the work, not the run" {
    one restore_refuses
    fw 75 one.cfg --stop-after-steps 2
    [ -e runs/one/checkpoints/s ]
    fw 0 one.cfg
    says err 's: begins anew:' 'restore refuses as asked'
}

@test "what a failing stage wrote to its log is pointed at" {
    one talks_and_fails
    fw 1 one.cfg
    says err "; its log is $PWD/runs/one/logs/s.log"
    says runs/one/logs/s.log 'the last words'
}

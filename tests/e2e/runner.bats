#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Never silent: T14 of spec/market.md with the exit codes of the design.
load lib.bash

three() { # USE-OF-THE-SECOND [TOP-LEVEL...]
    pipeline three "one: { use = \"t_noop\"; }; two: { use = \"$1\"; }; three: { use = \"t_noop\"; };" "${@:2}"
}

@test "(a) no stages is an error" {
    echo 'name = "none"; stages: { };' >none.cfg
    fw 3 none.cfg
    says err 'none.cfg:1: ' 'there are no stages, so nothing would run'
    echo 'name = "none";' >none.cfg
    fw 3 none.cfg
    says err 'there are no stages, so nothing would run'
    [ ! -e runs ]
}

@test "(b) a plugin that is not there is named, with what is near and where was searched" {
    three t_nop
    fw 4 three.cfg
    says err 'three.cfg:5: stages.two.use = "t_nop"' "did you mean 't_noop'" "searched: $good"
    [ ! -e runs ]
}

@test "(b) a plugin that the linker refuses is named with the linker's words, before any stage" {
    export FWRUN_PLUGIN_PATH=$good:$bad
    three bad_undefined_symbol
    fw 4 three.cfg
    says err "$bad/bad_undefined_symbol.so" 'undefined symbol: fwrun_test_nowhere'
    [ ! -e runs/three/stages/one ]
}

@test "(c) a folder for outputs that is not there is made" {
    pipeline out 's: { use = "t_noop"; out: { out = "not/yet/there/s.txt"; }; };' 'run_root = "also/not/there";'
    fw 0 out.cfg
    [ -s not/yet/there/s.txt ] && [ -s also/not/there/out/run.json ]
}

@test "(c) a folder for outputs that cannot be written is refused before any stage" {
    disk 1m
    mount -o remount,ro disk
    pipeline out 'one: { use = "t_noop"; }; two: { use = "t_noop"; out: { out = "disk/sub/two.txt"; }; };'
    fw 6 out.cfg
    says err 'stage "two", output "out"' "$PWD/disk" 'Read-only file system'
    [ ! -e runs/out/stages/one ]
}

@test "(d) a stage that is done without its output has failed" {
    export FWRUN_PLUGIN_PATH=$good:$bad
    three bad_no_output
    fw 1 three.cfg
    says err 'two: failed: it said it was done, but output "out" is not there'
    [ ! -e runs/three/stages/two/MANIFEST.json ]
}

@test "(e) on_error = continue runs the others and still fails" {
    export FWRUN_PLUGIN_PATH=$good:$bad
    three bad_step_fails 'on_error = "continue";'
    fw 1 three.cfg
    summary '2 executed, 0 reused, 1 failed, 0 skipped (exit 1)'
    [ "$(state '[.stages[].state] | join(" ")')" = 'executed failed executed' ]
    [ "$(state .state)" = failed ]
}

@test "(e) on_error = stop leaves the others, and says why" {
    export FWRUN_PLUGIN_PATH=$good:$bad
    pipeline chain 'one: { use = "bad_step_fails"; }; two: { use = "t_noop"; in: { in = "@one.out"; }; };
        three: { use = "t_noop"; after = "two"; };'
    fw 1 chain.cfg
    summary '0 executed, 0 reused, 1 failed, 2 skipped (exit 1)'
    says err 'two: skipped: needs "one"' 'three: skipped: needs "two"'
    [ "$(tail -n 1 err | cut -c 1-18)" = 'fwrun: stage "one"' ]
}

@test "(f) SIGTERM stops at the next step, says so, and the same command goes on" {
    pipeline nap 's: { use = "t_sleep"; params: { steps = 80; ms = 20; }; }; t: { use = "t_noop"; in: { in = "@s.out"; }; };'
    start nap.cfg
    until_says runs/nap/events.jsonl '"type":"step"'
    kill -TERM "$pid"
    ends 143
    says err 'stopping at the next step: signal 15 (Terminated)' 's: stopped' 't: skipped'
    summary '0 executed, 0 reused, 0 failed, 1 skipped, 1 stopped (exit 143)'
    [ "$(state '[.state, .exit_code] | join(" ")')" = 'interrupted 143' ]
    [ -e runs/nap/checkpoints/s ]
    fw 0 nap.cfg
    summary '2 executed, 0 reused, 0 failed, 0 skipped (exit 0)'
    jq -e '.steps == 80' runs/nap/stages/s/MANIFEST.json
    [ ! -e runs/nap/checkpoints/s ]
}

@test "(f) SIGTERM ends with the code that a scheduler wants" {
    pipeline nap 's: { use = "t_sleep"; params: { steps = 100; ms = 20; }; };'
    start nap.cfg --sigterm-exit 75
    until_says runs/nap/events.jsonl '"stage_start"'
    kill -TERM "$pid"
    ends 75
    [ "$(state '[.state, .exit_code] | join(" ")')" = 'interrupted 75' ]
}

@test "(g) events that cannot be written to stdout are said at the end; the log is whole" {
    count_and_copy
    got=0
    "$FWRUN" chain.cfg --json >/dev/full 2>err || got=$?
    [ "$got" = 1 ]
    says err 'cannot write the events to stdout' "$PWD/runs/chain/events.jsonl has them: No space left"
    summary '2 executed, 0 reused, 0 failed, 0 skipped (exit 0)'
    jq -es 'last | .type == "run_end" and .exit_code == 0' runs/chain/events.jsonl
    fw 0 verify chain.cfg
}

@test "(g) a reader that goes away does not end the run" {
    count_and_copy
    { "$FWRUN" chain.cfg --json 2>err || echo "$?" >code; } | head -n 1 >first
    [ "$(cat code)" = 1 ]
    says err 'cannot write events to stdout: Broken pipe'
    summary '2 executed, 0 reused, 0 failed, 0 skipped (exit 0)'
    fw 0 verify chain.cfg
}

@test "(g) without stdin, stdout and stderr the records are as they should be" {
    count_and_copy
    got=0
    "$FWRUN" chain.cfg --json <&- >&- 2>&- || got=$?
    [ "$got" = 1 ]
    jq -es 'length > 4 and (last | .type == "run_end" and .exit_code == 0)' runs/chain/events.jsonl
    [ ! -s runs/chain/logs/count.log ] && [ ! -s runs/chain/logs/copy.log ]
    fw 0 chain.cfg
    summary '0 executed, 2 reused, 0 failed, 0 skipped (exit 0)'
    fw 0 verify chain.cfg
}

@test "a signal while inputs are read ends the program with a word, and nothing is believed" {
    pipeline big 'copy: { use = "t_copy"; in: { in = "big.bin"; }; };'
    truncate -s 3G big.bin
    start big.cfg
    until_says err 'fwrun '
    sleep 0.3
    kill -INT "$pid"
    ends 130
    says err 'fwrun: ended by signal 2 before any stage ran (exit 130)'
    [ ! -e runs/big/stages/copy/MANIFEST.json ]
    truncate -s 10 big.bin
    fw 0 big.cfg
    says err "took over $PWD/runs/big/lease, whose holder, process $pid on"
}

@test "the event log says where each run begins, and with what" {
    count_and_copy
    fw 0 chain.cfg
    fw 0 chain.cfg
    [ "$(jq -c 'select(.type == "run_start") | [.name, .threads > 0, .memory_bytes > 0, .pid > 1]' runs/chain/events.jsonl | uniq -c | xargs)" = '2 [chain,true,true,true]' ]
    jq -es 'first | .type == "run_start"' runs/chain/events.jsonl
}

#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Time, steps, memory and silence: what stops a stage, and how it goes on.
load lib.bash

nap() { # STEPS MS [TOP-LEVEL...]
    pipeline nap "s: { use = \"t_sleep\"; params: { steps = $1; ms = $2; }; };" "${@:3}"
}

hold() { # AMOUNT MEMORY [PARAMS...]
    pipeline hold "s: { use = \"t_mem\"; params: { amount = \"$1\"; ${*:3} }; resources: { memory = \"$2\"; threads = 1; }; };"
}

outcomes() { # of the last run's attempts
    state '[.stages.s.attempts[].outcome] | join(" ")'
}

@test "a time budget ends with 75, and the same command goes on until it is done" {
    nap 30 20
    fw 75 nap.cfg --time-budget 200ms
    says err 'stopping at the next step: the time budget is used up' 's: stopped' \
        'the same command goes on from here (exit 75)'
    [ "$(state '[.state, .exit_code] | join(" ")')" = 'interrupted 75' ]
    fw 75 nap.cfg --time-budget 200ms
    fw 0 nap.cfg
    jq -e '.steps == 30' runs/nap/stages/s/MANIFEST.json
    fw 0 nap.cfg --time-budget 200ms
    summary '0 executed, 1 reused, 0 failed, 0 skipped (exit 0)'
}

@test "a time budget that suffices is none" {
    nap 2 10
    fw 0 nap.cfg --time-budget 20s
}

@test "a time budget of nothing is refused" {
    nap 2 10
    fw 2 nap.cfg --time-budget 0
    says err '--time-budget 0: expected more than no time; leave it out to run without a limit (exit 2)'
    [ ! -e runs ]
}

@test "a stage that cannot save says that its work is lost" {
    pipeline hold 's: { use = "t_mem"; params: { amount = "64GiB"; }; resources: { memory = "60%"; }; };'
    fw 75 hold.cfg --time-budget 100ms
    says err 's: stopped: between two steps; it cannot save its state and starts over next time'
}

@test "so many steps for each command, and the result is that of one" {
    count_and_copy
    fw 0 chain.cfg --set run_root=whole
    for code in 75 75 75 75 0; do
        fw "$code" chain.cfg --stop-after-steps 3 --set stages.copy.params.chunk=1kB
    done
    cmp {whole,runs}/chain/stages/count/numbers.txt
    cmp {whole,runs}/chain/stages/copy/copy.bin
    jq -e '.steps == 10' runs/chain/stages/count/MANIFEST.json
}

@test "a stage in this process stops, saves and goes on the same way" {
    nap 20 20
    fw 75 nap.cfg --set stages.s.isolate=none --time-budget 100ms
    fw 0 nap.cfg --set stages.s.isolate=none
    jq -e '.steps == 20' runs/nap/stages/s/MANIFEST.json
}

@test "the second interrupt ends a stage that does not answer the first" {
    export FWRUN_PLUGIN_PATH=$bad
    pipeline stuck 's: { use = "bad_hangs"; };'
    start stuck.cfg
    until_says runs/stuck/events.jsonl '"type":"step"' # the second one never ends
    kill -INT "$pid"
    until_says err 'stopping at the next step: signal 2 (Interrupt)'
    kill -INT "$pid"
    ends 130
    says err 'stopping at once: signal 2 (Interrupt)'
    [ "$(state '[.state, .exit_code] | join(" ")')" = 'interrupted 130' ]
}

@test "the third interrupt ends the program when a stage in it does not answer" {
    export FWRUN_PLUGIN_PATH=$bad
    pipeline stuck 's: { use = "bad_hangs"; isolate = "none"; };'
    start stuck.cfg
    until_says runs/stuck/events.jsonl '"type":"step"'
    kill -INT "$pid"
    until_says err 'stopping at the next step'
    kill -INT "$pid"
    until_says err 'stopping at once'
    kill -INT "$pid"
    ends 130
    says err 'does not answer'
    [ "$(state '[.state, .exit_code] | join(" ")')" = 'interrupted 130' ]
}

@test "a stage over its memory is killed and goes down the ladder until it fits" {
    hold 512MiB 220MB
    fw 0 hold.cfg
    says err 'attempt 1: was killed at' 'above its memory budget of 210 MiB' 'attempt 2 on a lower rung' 'attempt 3 on a lower rung'
    [ "$(outcomes)" = 'over_memory over_memory done' ]
    [ "$(state '[.stages.s.attempts[].small_row_groups] | @csv')" = '0,1,1' ]
    [ "$(state '[.stages.s.attempts[].partition_factor] | @csv')" = '1,1,4' ]
    [ "$(state '.stages.s.attempts | all(.peak_rss_bytes < 450000000)')" = true ]
    jq -e '.attempts | length == 3' runs/hold/stages/s/MANIFEST.json
    [ "$(jq -r 'select(.type == "attempt_end") | .outcome' runs/hold/events.jsonl | paste -sd ' ')" = 'over_memory over_memory done' ]
}

@test "memory that no rung saves ends with 10 and says what was tried" {
    hold 512MiB 100MB
    fw 10 hold.cfg
    [ "$(outcomes)" = 'over_memory over_memory over_memory' ]
    says err 'stage "s": was killed at' 'on every rung of the ladder (3 attempts); raise resources.memory of the stage' '(exit 10)'
    [ ! -e runs/hold/stages/s/MANIFEST.json ]
}

@test "an engine that runs out of memory by itself goes down the ladder without a kill" {
    hold 512MiB 300MB 'report = true;'
    fw 0 hold.cfg
    [ "$(outcomes)" = 'out_of_memory out_of_memory done' ]
    [ "$(state '[.stages.s.attempts[].engine_bytes] | unique | length')" = 1 ]
    hold 4GiB 300MB 'report = true;'
    fw 10 hold.cfg
    says err "stage \"s\": the engine's limit is used up" 'on every rung'
}

@test "a stage lower on the ladder makes the same bytes and is not run again" {
    hold 512MiB 220MB
    fw 0 hold.cfg
    fw 0 hold.cfg --set stages.s.resources.memory=2GB
    summary '0 executed, 1 reused, 0 failed, 0 skipped (exit 0)'
}

@test "a heartbeat says how far a silent stage is" {
    nap 5 150 'heartbeat_s = 0.2;'
    fw 0 nap.cfg
    grep -qE 's: running for [0-9.]+ s, [1-5] of 5 steps \([0-9]+ %\), about [0-9.]+ s left, peak ' err
    [ "$(grep -c '"heartbeat"' runs/nap/events.jsonl)" -ge 2 ]
    fw 0 nap.cfg --force s --quiet
    says err 's: running for'
}

@test "a stage without progress is said to be stalled, and stopped" {
    nap 1 9000 'stall_s = 1;'
    SECONDS=0
    fw 1 nap.cfg
    [ "$SECONDS" -lt 8 ]
    says err 's: no sign of progress for 1' 'stage "s": made no progress for 1 s (stall_s)'
    grep -q '"stalled"' runs/nap/events.jsonl
    [ "$(state .state)" = failed ]
}

@test "the limits and the threads reach the worker" {
    # `pass` hands on what the worker itself has.
    pipeline env 's: { use = "exec"; resources: { threads = 2; }; out: { o = "env.txt"; };
        params: { argv = ["sh", "-c", "env >\"$1\"", "sh", "$${out.o}"];
                  pass = ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "ORT_DISABLE_TELEMETRY"]; }; };' \
        'resources: { threads = 2; };'
    OMP_NUM_THREADS=7 OPENBLAS_NUM_THREADS=7 fw 0 env.cfg
    says env.txt OMP_NUM_THREADS=2 OPENBLAS_NUM_THREADS=2 ORT_DISABLE_TELEMETRY=1
}

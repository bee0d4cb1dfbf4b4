#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The freeze on generated tables, all steps and gates: repeatable to the byte, whatever happens on
# the way. FWRUN_TEST_SEED repeats the moments of an earlier run.
load lib.bash

demo() { # CODE ARGUMENT...: the demo with few rows, runs in ./runs
    fw "$1" "$FWRUN_SOURCE_ROOT/configs/demo_freeze.cfg" --set stages.crawl.params.rows=4000 \
        --set "run_root=$PWD/runs" "${@:2}"
}

same() { # FOLDER FOLDER: all outputs of two runs have the same bytes; the pointer names manifests
    [ "$(find "$1"/demo_freeze/stages -name '*.parquet' | wc -l)" -gt 15 ]
    diff -r -x MANIFEST.json -x freeze "$1/demo_freeze/stages" "$2/demo_freeze/stages"
}

@test "runs, is reused as a whole the second time, and verifies" {
    local n
    demo 0
    n=$(state '.stages | length')
    summary "$n executed, 0 reused, 0 failed, 0 skipped, 3 warnings (exit 0)"
    says err '1 without a readable day' 'filings have no date'
    demo 0
    summary "0 executed, $n reused, 0 failed, 0 skipped (exit 0)"
    fw 0 verify runs/demo_freeze
    says out "PASS $n stages"
}

@test "gives the same bytes for one thread and two, in workers and in this process" {
    demo 0 --set resources.threads=1 --set "run_root=$PWD/one"
    demo 0 --set resources.threads=2 --set "run_root=$PWD/two"
    same one two
    local stage here=()
    for stage in $(jq -r '.stages | keys[]' one/demo_freeze/run.json); do
        here+=(--set "stages.$stage.isolate=none")
    done
    demo 0 --set "run_root=$PWD/here" "${here[@]}"
    same one here
}

strike() { # MICROSECONDS: after that time one of the run's processes is killed
    local victim got=0
    start "$FWRUN_SOURCE_ROOT/configs/demo_freeze.cfg" --set stages.crawl.params.rows=4000 \
        --set "run_root=$PWD/runs"
    sleep "$(($1 / 1000000)).$(printf %06d $(($1 % 1000000)))"
    victim=$pid
    if ((RANDOM % 2)); then
        read -r victim _ <"/proc/$pid/task/$pid/children" || true
    fi
    kill -KILL "${victim:-$pid}" || true
    wait "$pid" || got=$?
    # 0: it was done. 4: the worker that tries the plugins was struck. 5: one that runs a stage.
    [[ $got =~ ^(0|4|5|137)$ ]] || failed "a killed run ended with $got"
}

@test "survives being killed at three moments" {
    local seed=${FWRUN_TEST_SEED:-$SRANDOM} round begin took finished stage
    echo "# FWRUN_TEST_SEED=$seed" >&3
    RANDOM=$seed
    begin=${EPOCHREALTIME/./}
    demo 0 --set "run_root=$PWD/whole"
    took=$((${EPOCHREALTIME/./} - begin))
    for ((round = 0; round < 3; round++)); do
        rm -rf runs
        strike $((took * RANDOM / 32768))
        finished=$(find runs -name MANIFEST.json -printf '%h\n' 2>/dev/null | xargs -r -n 1 basename)
        demo 0 --json
        for stage in $finished; do
            never_says out "{\"type\":\"stage_start\",\"stage\":\"$stage\""
        done
        same whole runs
    done
}

@test "why names the parameter of daily and both its values" {
    demo 0
    fw 0 why "$FWRUN_SOURCE_ROOT/configs/demo_freeze.cfg" daily --set "run_root=$PWD/runs" \
        --set stages.crawl.params.rows=4000 --set stages.daily.params.row_policy=latest_row
    says out 'daily would run' 'params.row_policy: last_non_null -> latest_row (cli:'
}

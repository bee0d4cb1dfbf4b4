#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Run directories that are moved, copied, and reached by more than one way.
load lib.bash

project() { # STEPS: here/nap.cfg
    mkdir here
    cd here || return
    pipeline nap "s: { use = \"t_sleep\"; params: { steps = $1; ms = 20; }; };
        t: { use = \"t_copy\"; in: { in = \"@s.out\"; }; };"
    cd ..
}

starts() { # FOLDER: a run that is in the middle of its first stage, and stays there until `go_on`
    start "$1/nap.cfg" --checkpoint-every 50ms
    until_says "$1/runs/nap/events.jsonl" '"type":"checkpoint"'
    worker=$(jq -r 'select(.type == "stage_start") | .pid' "$1/runs/nap/events.jsonl")
    kill -STOP "$pid" "$worker"
}

go_on() { kill -CONT "$pid" "$worker"; }

@test "a project that was moved is as done as before" {
    project 1
    fw 0 here/nap.cfg
    mv here there
    fw 0 there/nap.cfg
    summary '0 executed, 2 reused'
    cp -r there copy
    fw 0 copy/nap.cfg
    summary '0 executed, 2 reused'
    fw 0 verify copy/nap.cfg
}

@test "a project that was moved half-way goes on from its checkpoint" {
    project 20
    fw 75 here/nap.cfg --stop-after-steps 8
    mv here there
    fw 0 there/nap.cfg
    never_says err 'begins anew'
    jq -e '.steps == 20' there/runs/nap/stages/s/MANIFEST.json
}

@test "the demo goes on from its checkpoints in another place" {
    unset FWRUN_PLUGIN_PATH
    local run=("$FWRUN_SOURCE_ROOT/configs/demo_freeze.cfg" daily --set stages.crawl.params.rows=600)
    fw 0 "${run[@]}" --set "run_root=\"$PWD/whole\""
    fw 75 "${run[@]}" --set "run_root=\"$PWD/here\"" --stop-after-steps 1
    mv here there
    fw 0 "${run[@]}" --set "run_root=\"$PWD/there\""
    diff -r -x MANIFEST.json whole/*/stages there/*/stages
}

@test "a run directory that is moved under a run ends that run, and goes on where it is" {
    project 150
    starts here
    mv here there
    go_on
    ends 12
    says err "$PWD/here/runs/nap"
    fw 0 there/nap.cfg
    says err 'took over'
    jq -e '.steps == 150' there/runs/nap/stages/s/MANIFEST.json
}

@test "of a run directory that is copied under a run both copies are done, one after the other" {
    project 100
    starts here
    cp -r here copy
    mv err err.first
    fw 6 copy/nap.cfg
    says err "held by process $pid on"
    go_on
    ends 0
    fw 0 copy/nap.cfg
    says err 'took over'
    diff -r -x MANIFEST.json here/runs/nap/stages copy/runs/nap/stages
    fw 0 verify here/nap.cfg
    fw 0 verify copy/nap.cfg
}

@test "by another path a run directory is as held as by its own" {
    project 100
    ln -s here there
    starts here
    mv err err.first
    fw 6 there/nap.cfg
    says err "held by process $pid on"
    go_on
    ends 0
}

@test "of runs that start at once one runs, and the others say which" {
    project 10
    local round i pids code codes
    for round in 1 2 3 4 5; do
        rm -rf here/runs
        pids=()
        codes=
        for i in 1 2 3 4 5; do
            "$FWRUN" here/nap.cfg >/dev/null 2>"err.$i" 3>&- 4>&- &
            pids+=($!)
        done
        for i in 0 1 2 3 4; do
            code=0
            wait "${pids[i]}" || code=$?
            codes+=" $code"
        done
        [[ $codes =~ ^(\ [06]){5}$ && $codes == *0* ]] || failed "round $round: $codes"
        [ "$(jq -s '[.[] | select(.type == "stage_start" and .stage == "s")] | length' here/runs/nap/events.jsonl)" = 1 ]
        fw 0 verify here/nap.cfg
        [ "$(find here/runs/nap -maxdepth 1 -name 'lease*')" = '' ]
    done
}

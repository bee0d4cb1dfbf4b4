#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# One run at a time in a run directory, and what is left of one that was killed.
load lib.bash

nap() { # [STEPS]
    pipeline nap "s: { use = \"t_sleep\"; params: { steps = ${1:-200}; ms = 20; }; };"
}

worker() { # the process of the stage that was started last
    jq -r 'select(.type == "stage_start") | .pid' runs/nap/events.jsonl | tail -n 1
}

@test "a second run is refused, with the process that holds the directory" {
    nap
    start nap.cfg
    until_says runs/nap/events.jsonl '"stage_start"'
    mv err err.first
    fw 6 nap.cfg
    says err "run directory $PWD/runs/nap" "process $pid on $(uname -n), which" 'wait for it or stop it'
    [ "$(started s)" = 1 ]
    kill -TERM "$pid"
    ends 143
}

@test "looking is allowed while a run goes on" {
    nap
    start nap.cfg
    until_says runs/nap/events.jsonl '"stage_start"'
    mv err err.first
    fw 0 plan nap.cfg
    fw 0 why nap.cfg s
    fw 7 verify nap.cfg
    [ "$(state '[.state, .pid] | join(" ")')" = "running $pid" ]
    kill -TERM "$pid"
    ends 143
}

@test "with its parent killed a worker dies, and the next run takes over and says so" {
    nap 60
    start nap.cfg --checkpoint-every 50ms
    until_says runs/nap/events.jsonl '"checkpoint"'
    worker=$(worker)
    kill -KILL "$pid"
    ends 137
    gone "$worker"
    [ "$(state '[.state, .pid] | join(" ")')" = "running $pid" ]
    [ -e runs/nap/lease ]
    fw 0 nap.cfg
    says err "took over $PWD/runs/nap/lease, whose holder, process $pid on $(uname -n), is gone"
    jq -e '.steps == 60' runs/nap/stages/s/MANIFEST.json
    [ "$(find runs/nap -maxdepth 1 -name 'lease*')" = '' ]
}

@test "a run waits for what a killed one left running before it touches the outputs" {
    export FWRUN_PLUGIN_PATH=$good:$bad
    pipeline nap 's: { use = "bad_orphans"; };'
    BAD_ORPHAN=1 start nap.cfg
    until_says runs/nap/logs/s.log 'orphan '
    orphan=$(sed -n 's/^orphan //p' runs/nap/logs/s.log)
    kill -KILL "$pid"
    ends 137
    kill -0 "$orphan"
    fw 6 nap.cfg
    says err "a process of the run that was killed is still there and holds $PWD/runs/nap/logs/s.log; end it"
    start nap.cfg
    sleep 0.3
    kill -KILL "$orphan"
    ends 0
    summary '1 executed, 0 reused, 0 failed, 0 skipped (exit 0)'
}

@test "a damaged lease is taken over" {
    nap 1
    mkdir -p runs/nap
    printf 'token=abc host=' >runs/nap/lease
    fw 0 nap.cfg
    says err 'runs/nap/lease, which is damaged (by a loss of power?) and held by nobody'
    never_says err 'process 0'
}

@test "a lease of an earlier boot is taken over" {
    nap 1
    mkdir -p runs/nap
    start nap.cfg
    ends 0
    echo "token=0123 host=$(uname -n) boot=another space=1 pid=1 start=1" >runs/nap/lease
    fw 0 nap.cfg
    says err 'took over'
}

@test "a lease of another host that is alive is respected" {
    nap 1
    mkdir -p runs/nap
    echo 'token=0123 host=elsewhere boot=b space=1 pid=77 start=1' >runs/nap/lease
    fw 6 nap.cfg
    says err 'held by process 77 on elsewhere'
}

@test "a lease of another host with a heartbeat of the future is taken over: a clock was set back" {
    nap 1
    mkdir -p runs/nap
    echo 'token=0123 host=elsewhere boot=b space=1 pid=77 start=1' >runs/nap/lease
    touch -d '+1 hour' runs/nap/lease
    fw 0 nap.cfg
    says err 'process 77 on elsewhere, is gone'
}

@test "a lease of another host whose heartbeat has stopped is taken over" {
    nap 1
    mkdir -p runs/nap
    echo 'token=0123 host=elsewhere boot=b space=1 pid=77 start=1' >runs/nap/lease
    touch -d '-4 minutes' runs/nap/lease
    fw 6 nap.cfg
    touch -d '-6 minutes' runs/nap/lease
    fw 0 nap.cfg
    says err 'process 77 on elsewhere, is gone'
}

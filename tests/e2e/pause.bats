#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# A run that does not get to run for a while: a laptop asleep, a container frozen, Ctrl-Z.
load lib.bash

nap() { # STEPS [TOP-LEVEL...]
    pipeline nap "s: { use = \"t_sleep\"; params: { steps = $1; ms = 20; }; };" "${@:2}"
}

begins() {
    start nap.cfg
    until_says runs/nap/events.jsonl '"stage_start"'
    worker=$(jq -r 'select(.type == "stage_start") | .pid' runs/nap/events.jsonl)
}

@test "a run that was stopped for longer than stall_s does not blame its stages" {
    nap 200 'stall_s = 5;'
    begins
    kill -STOP "$pid" "$worker"
    sleep 6
    kill -CONT "$pid"
    sleep 0.3
    kill -CONT "$worker"
    ends 0
    never_says err 'no sign of progress'
}

@test "a run that slept through its lease's life publishes nothing, and leaves the directory to its new holder" {
    nap 50
    begins
    kill -STOP "$pid"
    gone_or_zombie "$worker"
    sleep 10.2
    echo 'token=0123 host=elsewhere boot=b space=1 pid=77 start=1' >runs/nap/lease
    echo '{"state": "theirs"}' >runs/nap/run.json
    cp runs/nap/events.jsonl before
    kill -CONT "$pid"
    ends 6
    says err "the lease $PWD/runs/nap/lease was lost to process 77 on elsewhere"
    [ ! -e runs/nap/stages/s/MANIFEST.json ] && [ ! -e runs/nap/stages/s/slept.txt ]
    [ "$(cat runs/nap/run.json)" = '{"state": "theirs"}' ]
    cmp before runs/nap/events.jsonl
    grep -q host=elsewhere runs/nap/lease
}

gone_or_zombie() { # PID: within a minute
    local tries
    for ((tries = 0; tries < 3000; tries++)); do
        case $(sed 's/.*) //' "/proc/$1/stat" 2>/dev/null) in Z* | '') return 0 ;; esac
        sleep 0.02
    done
    failed "process $1 still runs"
}
